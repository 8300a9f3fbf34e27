"""The files of a bundle as they lie in this package, with the words of one run filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coralexp.tflite import standardize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.artifacts.record import Json

Board = Literal["dev_board", "raspberry_pi", "pc"]

BOARDS: tuple[Board, ...] = ("dev_board", "raspberry_pi", "pc")
FILES = Path(__file__).with_name("files")
_HERE, _THERE = "coralexp.bundle.files.bundled", "bundled"  # the folder is the top one there
_STANDARDIZE = "coralexp.tflite.standardize"  # NumPy alone: it travels as it is
_SCRIPTS = ("classify.py", "camera.py", "benchmark.py")
_Devices = dict[str, list["Json"]]

_PCIE: _Devices = {"Devices": [{"PathOnHost": "/dev/apex_0", "PathInContainer": "/dev/apex_0"}]}
_USB: _Devices = {
    "Binds": ["/dev/bus/usb:/dev/bus/usb"],
    "DeviceCgroupRules": ["c 189:* rmw"],  # 189 is the number of USB devices in Linux
}
_CAMERA = {"PathOnHost": "/dev/video0", "PathInContainer": "/dev/video0"}


def scripts() -> dict[str, bytes]:
    """Return the scripts and what they share, by their names in a bundle."""
    paths = [FILES / name for name in _SCRIPTS]
    paths += [path for path in sorted((FILES / "bundled").iterdir()) if path.is_file()]
    texts = {path.relative_to(FILES).as_posix(): path.read_text("utf-8") for path in paths}
    texts[f"{_THERE}/standardize.py"] = Path(standardize.__file__).read_text("utf-8")
    moved = {_HERE: _THERE, _STANDARDIZE: f"{_THERE}.standardize"}
    for old, new in moved.items():
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    return {name: text.encode() for name, text in texts.items()}


def pages(board: Board, words: Mapping[str, str]) -> dict[str, bytes]:
    """Return the pages and settings for a board.

    Args:
        board: Which.
        words: What stands for `@title@`, `@classes@`, `@version@`, `@run@`, `@overrides@`,
            `@figures@`, `@compiled@`, `@zip@`, `@folder@` and `@runtime@`.
    """
    steps = (FILES / "boards" / f"{board}.md").read_text("utf-8").strip()
    pcie = board == "dev_board"
    more = {
        "steps": steps,
        "source": "raspberry" if board == "raspberry_pi" else "/dev/video0",
        "mapping": "--device /dev/apex_0"
        if pcie
        else "-v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule 'c 189:* rmw'",
    }
    found = {
        name: filled((FILES / name).read_text("utf-8"), {**more, **words}).encode()
        for name in ("README.md", "Dockerfile", "coralexp-camera.service")
    }
    found["iotedge.json"] = _iotedge(_PCIE if pcie else _USB)
    return found


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with `@name@` replaced by its word; steps may hold words of their own."""
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text


def _iotedge(devices: _Devices) -> bytes:
    """Return the deployment manifest; `createOptions` is JSON in a text there, as IoT Edge has it.

    A container sees a V4L2 camera; the Raspberry Pi's own needs programs that are outside of it.
    """
    manifest = json.loads((FILES / "iotedge.json").read_text("utf-8"))
    agent = manifest["modulesContent"]["$edgeAgent"]["properties.desired"]
    options = agent["modules"]["classifier"]["settings"]["createOptions"]
    options["Cmd"] = [filled(word, {"source": "/dev/video0"}) for word in options["Cmd"]]
    options["HostConfig"] = {**devices, "Devices": [*devices.get("Devices", []), _CAMERA]}
    for module in (*agent["systemModules"].values(), *agent["modules"].values()):
        settings = module["settings"]
        if not isinstance(settings["createOptions"], str):
            settings["createOptions"] = json.dumps(settings["createOptions"], sort_keys=True)
    return (json.dumps(manifest, indent=2) + "\n").encode()
