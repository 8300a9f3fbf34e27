"""A measurement to be carried to a board by hand: one zip file that the board runs by itself."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.boards.agent_file import agent_bytes
from coralexp.boards.package_pages import README, RUN

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import Json
    from coralexp.boards.order import MeasureOrder

SCHEMA = 1
AGENT, ORDER, IMAGES, PACKAGE = "agent.pyz", "order.json", "images.npy", "package.json"
RESULT, DIGEST = "result.json", "result.sha256"
_SUMS = "SHA256SUMS"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_PROGRAM, _FILE = 0o100755 << 16, 0o100644 << 16


@dataclass(frozen=True)
class Package:
    """What a package is for; it comes back with the result.

    Attributes:
        run: Id of the run whose model it measures.
        model: SHA-256 of the model.
        images: How many images are answered; 0 for none.
        images_digest: SHA-256 of their file; empty if there are none.
    """

    run: str
    model: str
    images: int = 0
    images_digest: str = ""

    def fields(self) -> dict[str, Json]:
        """Return what `package.json` holds."""
        return {"schema": SCHEMA, **vars(self)}


def write_package(order: MeasureOrder, package: Package, out: Path) -> None:
    """Write the zip file: the same bytes for the same order.

    Args:
        order: What is to be measured.
        package: What for.
        out: The file, which is written beside its place first.

    Raises:
        OSError: If it cannot be written.
    """
    images = None if order.images is None else IMAGES
    text = order.to_json(order.model.name, images, by_hand=True)
    files = {
        AGENT: agent_bytes(),
        ORDER: text.encode(),
        order.model.name: order.model.read_bytes(),
        PACKAGE: json.dumps(package.fields(), indent=1).encode(),
    }
    if order.images is not None:
        files[IMAGES] = order.images.read_bytes()
    sums = "".join(f"{hashlib.sha256(c).hexdigest()}  {name}\n" for name, c in files.items())
    words = {"RUN_ID": package.run, "MODEL": order.model.name}
    files |= {_SUMS: sums.encode(), "run.sh": _with(RUN, words), "README.md": _with(README, words)}
    folder = folder_name(package.run)
    draft = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                info = zipfile.ZipInfo(f"{folder}/{name}", _LONG_AGO)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = _PROGRAM if name == "run.sh" else _FILE
                archive.writestr(info, content)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def folder_name(run: str) -> str:
    """Return the folder that a package unpacks to."""
    return f"measure-{run}"


def _with(text: str, words: dict[str, str]) -> bytes:
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text.encode()
