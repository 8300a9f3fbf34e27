"""The runtime here: the best one that really is what it claims, and the Edge TPU's library."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused, explained
from coralexp.boards.agent.facts import Facts, read

if TYPE_CHECKING:
    from types import ModuleType

    from ai_edge_litert.interpreter import Interpreter

_LIBRARY = {"Darwin": "libedgetpu.1.dylib", "Windows": "edgetpu.dll"}
_LITERT = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)
_PACKAGES = Path("/var/lib/dpkg/info")


def version_of(package: str) -> str:
    """Return the version of an installed package; empty if it does not tell."""
    try:
        return str(importlib.import_module("importlib.metadata").version(package))
    except Exception:  # noqa: BLE001 - Python 3.7 has no such module
        try:
            found = importlib.import_module("pkg_resources").get_distribution(package)
            return str(found.version)
        except Exception:  # noqa: BLE001 - whatever is wrong with it
            return ""


def find_runtime() -> tuple[str, ModuleType, ModuleType | None]:
    """Return the best runtime here: its package, the module of its interpreter, and pycoral.

    The package `pycoral` of the public index is another one; Coral's own has `utils.edgetpu`, and
    makes interpreters of tflite-runtime.

    Raises:
        Refused: If there is none.
    """
    tried: list[str] = []
    found = {}
    for package, name in _LITERT:
        try:
            found[package] = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001, PERF203 - made for another numpy, say
            tried.append(f"{package}: {error}")
    try:
        coral = importlib.import_module("pycoral.utils.edgetpu")
        if "tflite-runtime" in found and hasattr(coral, "make_interpreter"):
            return "pycoral", found["tflite-runtime"], coral
    except Exception as error:  # noqa: BLE001 - as above
        tried.append(f"pycoral: {error}")
    if not found:
        install = f"{sys.executable} -m pip install ai-edge-litert (or tflite-runtime)"
        raise Refused("runtime", f"no TFLite runtime ({'; '.join(tried)}); {install}")
    package = next(iter(found))
    return package, found[package], None


def load_library(module: ModuleType, path: str | None, device: str | None) -> object:
    """Load libedgetpu and take a device.

    Args:
        module: Of the interpreter.
        path: Of the library; None takes the one that the system finds.
        device: Such as `usb:0`; None takes any.

    Raises:
        Refused: If the library or the device cannot be had.
    """
    file = path or _LIBRARY.get(platform.system(), "libedgetpu.so.1")
    try:
        return module.load_delegate(file, {"device": device} if device else {})
    except OSError as error:
        text = (
            f"libedgetpu cannot be loaded ({error}); install libedgetpu1-std, or name the file with"
            " machine.delegate or --delegate"
        )
        raise Refused("library", text) from error
    except ValueError as error:
        said = " ".join(str(error).split()).strip(" .")
        text = (
            f"{said}: no Edge TPU ({device or 'any'}) could be taken; is it plugged in, may this"
            " user open it (udev rule; group plugdev or apex), does another program hold it?"
        )
        raise Refused("device", text) from error


def library_facts(asked: str | None) -> Facts:
    """Return the libedgetpu of this process: `path`, `version`, `clock` (`std`, `max` or None)."""
    lines = read(Path("/proc/self/maps")).splitlines()
    loaded = [line[line.index("/") :] for line in lines if "/" in line]
    named = [path for path in loaded if Path(path).name.startswith("libedgetpu")]
    path = asked if asked and Path(asked).exists() else (named or [asked or ""])[0]
    version = None
    try:
        tell = ctypes.CDLL(path).edgetpu_version  # in edgetpu_c.h
        tell.restype = ctypes.c_char_p
        version = tell().decode("ascii", "replace")
    except (OSError, AttributeError):
        pass
    real = os.path.realpath(path)
    clocks = [
        clock
        for clock in ("max", "std")
        for files in _PACKAGES.glob(f"libedgetpu1-{clock}*.list")
        if real in read(files).splitlines()
    ]
    return {"path": path, "version": version, "clock": clocks[0] if clocks else None}


def make_interpreter(
    model: str, *, on_edge_tpu: bool, path: str | None, device: str | None, threads: int
) -> tuple[Interpreter, Facts]:
    """Return an interpreter whose tensors are allocated, and the runtime that it is of.

    Raises:
        Refused: If the model, the runtime, the library or the device does not allow it.
    """
    package, module, coral = find_runtime()
    facts: Facts = {
        "name": package,
        "version": version_of(package),
        "python": platform.python_version(),
        "numpy": version_of("numpy"),
    }
    delegate = load_library(module, path, device) if on_edge_tpu else None
    try:
        if delegate is None:
            made = module.Interpreter(model, num_threads=threads)
        elif coral is not None:
            made = coral.make_interpreter(model, delegate=delegate)
        else:
            made = module.Interpreter(model, experimental_delegates=[delegate])
        made.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise explained(error, "prepare" if on_edge_tpu else "model") from error
    return made, facts
