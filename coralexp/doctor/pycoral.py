"""Coral's pycoral, or the unrelated package of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.packages import PIP, distribution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import Distribution

_NAME = "pycoral"
_SIGN = "pycoral/utils/edgetpu.py"  # only Coral's has it


def check_pycoral(path: Sequence[str] | None = None) -> Finding:
    """Return which pycoral is here; it is looked at, not imported.

    Args:
        path: Folders of packages; None takes those of this interpreter.
    """
    found = distribution("pycoral", path)
    if found is None:
        text = "not installed; ai-edge-litert or tflite-runtime measures as well"
        return Finding(_NAME, "absent", text)
    if not is_corals(found):
        said = str(found.metadata.json.get("summary") or "").strip()
        about = f' ("{said[:80]}")' if said and said.isprintable() else ""
        text = (
            f"{PIP.removesuffix('install')}uninstall pycoral; Coral's own is on coral.ai/software"
        )
        wrong = f"{found.version}{about} is not Coral's: the public index has another of that name"
        return Finding(_NAME, "note", wrong, text)
    return Finding(_NAME, "ok", f"{found.version}, Coral's own")


def is_corals(found: Distribution | None) -> bool:
    """Return whether an installed package is Coral's own pycoral."""
    return found is not None and _SIGN in {file.as_posix() for file in found.files or ()}
