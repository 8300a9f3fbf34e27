"""An environment that holds what a bundle needs, and nothing else."""

from __future__ import annotations

import os
import venv
from importlib import metadata
from pathlib import Path

# numpy, Pillow and a TFLite runtime, and what comes with it when it is installed.
PACKAGES = ("numpy", "pillow", "ai-edge-litert", "backports.strenum", "flatbuffers", "tqdm")
PACKAGES += ("typing-extensions", "protobuf", "ml-dtypes")


def bare(folder: Path) -> Path:
    """Make the environment of links to packages of this one; return its interpreter."""
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    (site,) = {*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")}
    for package in PACKAGES:
        for file in metadata.files(package) or []:
            top = file.parts[0]
            if top != ".." and not (site / top).exists():
                (site / top).symlink_to(Path(file.locate()).parents[len(file.parts) - 1] / top)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
