"""`coralexp plan`: what would be made, what is there already, and how long it would take."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from coralexp.artifacts.renaming import rename_old_entries
from coralexp.artifacts.store import Store
from coralexp.pipeline.check import problems
from coralexp.pipeline.earlier_run import with_earlier_runs
from coralexp.pipeline.environment import default_threads
from coralexp.pipeline.forecast import Expected, forecast
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTE_S = 60.0


def main(args: Sequence[str]) -> int:
    """Print the plan of a request; nothing is made.

    Args:
        args: As for a run.

    Returns:
        0.

    Raises:
        ConfigError: If the request is wrong.
    """
    request = parse(args, check=problems)
    store = Store(request.how.store)
    request = with_earlier_runs(request, store)
    rename_old_entries(store, lambda text: None)
    threads = request.how.threads or default_threads()
    jobs = forecast(request, store, threads)
    lines = [f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}, store {store.root}"]
    for number, (experiment, job) in enumerate(zip(request.experiments, jobs, strict=True)):
        name = " ".join(experiment.overrides) or "the defaults"
        lines.append(f"job {number + 1} of {len(jobs)}: {name}")
        lines += [f"  {stage.stage:10}{_fate(stage)}" for stage in job]
    lines.append(_total([stage for job in jobs for stage in job]))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _fate(stage: Expected) -> str:
    if stage.fate == "reuse":
        return "reused from the store"
    if stage.fate == "share":
        return "shared with an earlier job"
    if stage.seconds is None:
        return "made"
    return f"made in about {_duration(stage.seconds)}"


def _total(stages: list[Expected]) -> str:
    made = [stage for stage in stages if stage.fate == "make"]
    if not made:
        return "nothing to make"
    known = sum(stage.seconds for stage in made if stage.seconds is not None)
    unknown = sorted({stage.stage for stage in made if stage.seconds is None})
    if len(unknown) == len({stage.stage for stage in made}):
        return f"{len(made)} stages to make; no earlier run in this store to judge the time by"
    peaks = [stage.peak_memory_bytes for stage in made if stage.peak_memory_bytes is not None]
    memory = f", {max(peaks) / 1e9:.1f} GB of memory" if peaks else ""
    beside = f", besides {', '.join(unknown)}, not seen before" if unknown else ""
    return f"{len(made)} stages to make: about {_duration(known)}{memory}{beside}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} s" if seconds < _MINUTE_S else f"{seconds / _MINUTE_S:.1f} min"
