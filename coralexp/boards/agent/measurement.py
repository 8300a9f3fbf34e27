"""An order carried out."""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused, explained
from coralexp.boards.agent.facts import SYS, find_edge_tpus, heat, host
from coralexp.boards.agent.runtimes import (
    find_runtime,
    library_facts,
    load_library,
    make_interpreter,
    version_of,
)

if TYPE_CHECKING:
    from coralexp.boards.agent.facts import Facts

SCHEMA = 1
CPU = "cpu"
_COMPILED = "the model is compiled for the Edge TPU; a CPU runs the .tflite from before that"
_UNSEEN = "no bus tells of an Edge TPU: that one ran the model is the library's word alone"
_CUSTOM_OP = b"edgetpu-custom-op"


def check_numpy() -> None:
    """Refuse a Python without numpy in words.

    Raises:
        Refused: If there is none.
    """
    try:
        importlib.import_module("numpy")
    except ImportError as error:
        text = f"no numpy in {sys.executable} ({error}); {sys.executable} -m pip install numpy"
        raise Refused("numpy", text) from error


def measure(order: dict[str, object]) -> dict[str, object]:
    """Carry out an order.

    Returns:
        `schema`; `protocol`; `model` (file, sha256, size_bytes, compiled); `runtime` (name,
        version, python, numpy); `processor`, `edgetpu` or `cpu`; `library` (path, version, clock),
        None on a CPU; `devices` that may have been used; `host`; `heat` before and after;
        `first_ms`, `invoke_ms`, `end_to_end_ms`, `inferences` and `raw` as `protocol.timed` gives
        them; `answers`, the top class of each image, None without images; `warnings`.

    Raises:
        Refused: If it cannot be done.
    """
    check_numpy()
    from coralexp.boards.agent import protocol  # needs numpy

    limits = {name: _number(order.get(name, value)) for name, value in protocol.DEFAULTS.items()}
    path, sys_root = _text(order, "model") or "", _text(order, "sys") or SYS
    device, images = _text(order, "device"), _text(order, "images")
    model = _model(Path(path))
    compiled = bool(model["compiled"])
    if compiled and device == CPU:
        raise Refused("model", _COMPILED)
    made, facts = make_interpreter(
        path,
        on_edge_tpu=compiled,
        path=_text(order, "delegate"),
        device=device,
        threads=int(limits["threads"]),
    )
    devices = [d for d in find_edge_tpus(sys_root) if compiled and _is_meant(d, device)]
    place = str(devices[0]["place"]) if len(devices) == 1 else "none"
    before = heat(place, sys_root)
    try:
        times = protocol.timed(made, limits)
        after = heat(place, sys_root)
        answers = protocol.top_classes(made, images) if images else None
    except (RuntimeError, ValueError) as error:
        raise explained(error, "invoke") from error
    return {
        "schema": SCHEMA,
        "protocol": limits,
        "model": model,
        "runtime": facts,
        "processor": "edgetpu" if compiled else CPU,
        "library": library_facts(_text(order, "delegate")) if compiled else None,
        "devices": devices,
        "host": host(sys_root),
        "heat": {"before": before, "after": after},
        "answers": answers,
        "warnings": [
            *_warnings(int(str(times["inferences"])), limits, devices),
            *[_UNSEEN] * (compiled and not devices),
        ],
        **times,
    }


def look(order: dict[str, object]) -> dict[str, object]:
    """Return what is here, without a model.

    Returns:
        `schema`, `runtime`, `devices`, `host`, and `refused`: why an Edge TPU cannot be used, or
        None; `kind` of the refusal.
    """
    sys_root, refused, name = _text(order, "sys") or SYS, None, ""
    try:
        check_numpy()
        name, module, _ = find_runtime()
        if _text(order, "device") != CPU:
            load_library(module, _text(order, "delegate"), _text(order, "device"))
    except Refused as error:
        refused = error
    return {
        "schema": SCHEMA,
        "runtime": f"{name} {version_of(name)}".strip(),
        "devices": find_edge_tpus(sys_root),
        "host": host(sys_root),
        "refused": None if refused is None else str(refused),
        "kind": None if refused is None else refused.kind,
    }


def _model(path: Path) -> Facts:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused("model", str(error)) from error
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "compiled": _CUSTOM_OP in content,
    }


def _warnings(count: int, limits: dict[str, float], devices: list[Facts]) -> list[str]:
    found = []
    if count < limits["at_least"]:
        found.append(f"only {count} inferences: the limit of {limits['at_most_s']:g} s was reached")
    if len(devices) > 1:
        names = ", ".join(str(device["name"]) for device in devices)
        found.append(f"{len(devices)} Edge TPUs are here ({names}); the library chose one")
    return found


def _is_meant(found: Facts, device: str | None) -> bool:
    """Return whether libedgetpu's word for a device may mean this one."""
    return device is None or str(found["name"]) == device or device in str(found["name"]).split(":")


def _text(order: dict[str, object], name: str) -> str | None:
    value = order.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Refused("order", f"{name}: expected text, got {value!r}")


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and value >= 0:
        return value
    raise Refused("order", f"expected a number of at least 0, got {value!r}")
