"""libedgetpu: where it is, what it says of itself, and whether the runtime here survives it."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding, Mark, absent
from coralexp.doctor.library_version import ask_library
from coralexp.doctor.runtime_pairs import judge
from coralexp.doctor.runtimes import runtimes_of
from coralexp.doctor.system_package import DPKG, package_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "libedgetpu"
_FILES = {"Darwin": "libedgetpu.1.dylib", "Windows": "edgetpu.dll"}
_INSTALL = (
    "package libedgetpu1-std of Coral's archive (coral.ai/software), or a rebuilt one that names"
    " your runtime's release; or machine.delegate=FILE"
)
_MATCH = (
    "take both from one release: tflite-runtime 2.5.0 with Coral's own 16.0, or a rebuilt"
    " libedgetpu whose version names the runtime's release"
)


def check_libedgetpu(
    delegate: str | None,
    *,
    needed: bool = False,
    runtimes: Mapping[str, str] | None = None,
    python: str | None = None,
    dpkg: Path = DPKG,
) -> Finding:
    """Return which libedgetpu is here and whether it fits.

    Args:
        delegate: `machine.delegate`; None takes the one that the system's loader finds.
        needed: Whether a job measures on an Edge TPU or fails.
        runtimes: Runtimes that would load it, names to versions; None looks.
        python: `machine.python`, whose runtimes are looked at.
        dpkg: Folder of Debian's lists.
    """
    file = delegate or _FILES.get(platform.system(), "libedgetpu.so.1")
    library = ask_library(str(Path(file).expanduser().absolute()) if delegate else file)
    if library.path is None:
        asked = needed or delegate is not None
        reason = library.error if delegate else "not installed"
        return absent(_NAME, reason, _INSTALL, needed=asked)
    if library.error:
        text = "install one that is made for this processor and system: " + _INSTALL
        mark: Mark = "missing" if needed or delegate else "note"
        return Finding(_NAME, mark, f"{library.path}: {library.error}", text)
    package = package_of(library.path, dpkg)
    found = f"{library.path}, {library.version or 'says no version'}"
    if package is not None:
        found += f", package {' '.join(package)}"
    if runtimes is None:
        try:
            runtimes = runtimes_of(python)
        except (OSError, ValueError, subprocess.SubprocessError):
            runtimes = {}  # told by the check of runtimes
    return _with_runtimes(found, package[1] if package else None, runtimes, needed=needed)


def _with_runtimes(
    found: str, version: str | None, runtimes: Mapping[str, str], *, needed: bool
) -> Finding:
    """Return the finding for the runtime that would be taken: the first."""
    if not runtimes:
        return Finding(_NAME, "note", f"{found}; no runtime loads it", "see TFLite runtimes")
    name, runtime = next(iter(runtimes.items()))
    pair = judge(version, name, runtime)
    if pair.verdict == "fits":
        return Finding(_NAME, "ok", f"{found}; fits {name} {runtime} ({pair.source})")
    if pair.verdict == "mismatch":
        told = f"{found}; does not fit {name} {runtime}: {pair.why} ({pair.source})"
        return Finding(_NAME, "missing" if needed else "note", told, _MATCH)
    why = f"{pair.why} ({pair.source})" if pair.source else pair.why
    told = (
        f"{found}; whether it fits {name} {runtime} is not known, and mismatched pairs crash: {why}"
    )
    return Finding(_NAME, "note", told, f"{_MATCH}; bench FILE_edgetpu.tflite tries it safely")
