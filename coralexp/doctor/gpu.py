"""A GPU, and whether TensorFlow could use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding, absent
from coralexp.doctor.packages import PIP, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "GPU"
_VERSION = re.compile(r"Kernel Module[^\n]*?\s(\d+\.\d+[\d.]*)")
_LIBRARIES = ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13")


def check_gpu(root: Path = Path("/"), path: Sequence[str] | None = None) -> Finding:
    """Return which GPU is here.

    Args:
        root: Where `dev` and `proc` are.
        path: Folders of packages; None takes those of this interpreter.
    """
    cards = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    nodes = sorted((root / "dev").glob("nvidia[0-9]*"))
    if not cards and not nodes:
        return absent(_NAME, "none of NVIDIA's; everything runs on the processor", needed=False)
    names = [_model(card) for card in cards] or [node.name for node in nodes]
    found = f"{', '.join(names)}, driver {_driver(root) or 'of unknown version'}"
    if cards and not nodes:
        text = "give the container its devices (docker run --gpus all), or run nvidia-smi once"
        return Finding(_NAME, "note", f"{found}; there is no /dev/nvidia0", text)
    if not any(version_of(package, path) for package in _LIBRARIES):
        tensorflow = version_of("tensorflow", path)
        release = f"=={tensorflow}" if tensorflow else ""
        text = f"{PIP} 'tensorflow[and-cuda]{release}', unless CUDA and cuDNN are installed apart"
        return Finding(_NAME, "note", f"{found}; no package of CUDA's libraries is here", text)
    return Finding(_NAME, "ok", found)


def _model(card: Path) -> str:
    for line in _read(card).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "Model":
            return value.strip()
    return card.parent.name


def _driver(root: Path) -> str | None:
    told = _VERSION.search(_read(root / "proc/driver/nvidia/version"))
    return None if told is None else told[1]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
