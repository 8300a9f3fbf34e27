"""The configuration itself: what would be refused before the first job starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.pipeline.check import problems

if TYPE_CHECKING:
    from coralexp.spec.experiment import Request

_NAME = "configuration"


def check_configuration(request: Request) -> Finding:
    """Return whether every job of a request could start.

    Args:
        request: What is asked, composed already.
    """
    jobs = request.experiments
    told = " ".join(dict.fromkeys(word for job in jobs for word in job.overrides))
    what = f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}: {told or 'the defaults'}"
    found = [str(p) for job in jobs for p in problems(job, request.machine.plugins)]
    wrong = list(dict.fromkeys(found))
    if not wrong:
        return Finding(_NAME, "ok", what)
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    text = " ".join(wrong[0].split())
    return Finding(
        _NAME, "missing", f"{what}; {text}{more}", "python -m coralexp plan ... tells all"
    )
