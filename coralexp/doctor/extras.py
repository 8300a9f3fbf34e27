"""Optional packages: which are here, and whether the configuration needs one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding, absent
from coralexp.doctor.packages import PIP, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "extra tfds"
_PACKAGE = "tensorflow-datasets"


def check_tfds(*, needed: bool, path: Sequence[str] | None = None) -> Finding:
    """Return whether TensorFlow Datasets is here.

    Args:
        needed: Whether a job reads it.
        path: Folders of packages; None takes those of this interpreter.
    """
    version = version_of(_PACKAGE, path)
    if version is None:
        text = f"{PIP} 'coralexp[tfds]'"
        return absent(_NAME, f"{_PACKAGE} is not installed", text, needed=needed)
    return Finding(_NAME, "ok", f"{_PACKAGE} {version}")
