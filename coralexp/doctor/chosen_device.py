"""The device that a job requires: is it there, is it that one, can it be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.edgetpu.compiler.locate import Absent, find_compiler
from coralexp.errors import CoralexpError
from coralexp.pipeline.presence import NO_COMPILER, find_for, problem_of
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.devices.contract import Device
    from coralexp.spec.experiment import Request


def check_required(request: Request) -> Iterator[Finding]:
    """Yield a finding for each device that `device.measure=required` asks for.

    A board is asked over SSH, as it would be by the run.
    """
    machine = request.machine
    parts = {repr(e["device"]): e["device"] for e in request.experiments}
    for part in parts.values():
        device: Device = bind(part, machine.plugins)()
        if device.measure != "required":
            continue
        name = f"device={part.choice}"
        try:
            compiler = find_compiler(machine.compiler)
            found = find_for(device, machine, NO_COMPILER if isinstance(compiler, Absent) else "")
        except CoralexpError as error:
            yield Finding(name, "missing", str(error))
            continue
        problem = problem_of(device, part.choice, found)
        if problem is None:
            yield Finding(name, "ok", f"required, and there: {found.what}")
        else:
            text = "device.measure=auto measures if it can and estimates otherwise"
            yield Finding(name, "missing", problem.text, text)
