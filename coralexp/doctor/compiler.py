"""The Edge TPU compiler, or why this machine has none."""

from __future__ import annotations

from coralexp.doctor.finding import Finding, absent
from coralexp.edgetpu.compiler.locate import Absent, find_compiler
from coralexp.errors import MissingToolError, OptionError

_NAME = "edgetpu_compiler"
_REMEDY = "machine.compiler=PATH, machine.compiler=docker:IMAGE, or leave it out to predict"


def check_compiler(setting: str | None, *, needed: bool = False) -> Finding:
    """Return which compiler there is.

    Args:
        setting: `machine.compiler`.
        needed: Whether a job cannot do without.
    """
    try:
        found = find_compiler(setting)
    except (MissingToolError, OptionError) as error:
        return Finding(_NAME, "missing", str(error), _REMEDY)
    if isinstance(found, Absent):
        reason, _, remedy = found.reason.partition("; ")
        return absent(_NAME, reason, remedy, needed=needed)
    place = f"in docker:{found.image}" if found.image else found.program
    return Finding(_NAME, "ok", f"{found.version or 'of unknown version'}, {place}")
