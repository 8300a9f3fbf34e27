"""How large an archive of runs may be: what is beyond is taken for a bomb."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most that is unpacked.

    Attributes:
        members: Files in one archive; a run has about 40.
        directory_bytes: Of the archive's own list of its files, which is read at once.
        content_bytes: Of all files together, unpacked.
        ratio: Times that the content may be larger than the archive, from `ratio_from_bytes` on.
        ratio_from_bytes: Below, empty pictures may be packed as tightly as they can be.
        inner_bytes: Of what a packed file that is an archive itself, such as .npz, would unpack to.
        inner_members: Files in such a one.
    """

    members: int = 50_000
    directory_bytes: int = 16 << 20
    content_bytes: int = 16 << 30
    ratio: int = 200
    ratio_from_bytes: int = 64 << 20
    inner_bytes: int = 1 << 30
    inner_members: int = 1000


LIMITS = Limits()
