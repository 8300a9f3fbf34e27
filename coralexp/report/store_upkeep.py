"""What verifying and pruning a store found and did, in lines and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.report.store_quantities import count, span, weight
from coralexp.report.store_why import change_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.artifacts.pruning import Pruned, Removal
    from coralexp.artifacts.record import Json
    from coralexp.artifacts.verification import Checked
    from coralexp.pipeline.repair import Mended

_SHOWN = 5


def damage_line(one: Checked) -> str:
    """Return one line on an entry that is not whole."""
    if one.is_newer:
        return f"{one.entry.name}: a later version of coralexp made it; left alone"
    more = f" and {len(one.damage) - _SHOWN} more" if len(one.damage) > _SHOWN else ""
    return f"{one.entry.name}: damaged ({', '.join(one.damage[:_SHOWN])}{more})"


def stage_line(stage: str, its: Sequence[Checked]) -> str:
    """Return one line on the entries of a stage."""
    whole = [one for one in its if not one.damage and not one.is_newer]
    told = "whole" if len(whole) == len(its) else f"{len(whole)} of {len(its)} whole"
    size = weight(sum(one.entry.size_bytes for one in its))
    return f"{stage:<9}  {count(len(its), 'entry', 'entries'):>11}  {size:>9}  {told}"


def mended_lines(one: Mended) -> Iterator[str]:
    """Yield what became of a damaged entry, and why this version would make another."""
    yield f"{one.entry.name}: {one.outcome}: {one.why}"
    if one.outcome == "left as it is":
        for change in one.changes:
            yield f"  {change_in_words(one.entry.stage, change)}"
        yield f"  it is in {one.entry.folder}"


def checked_as_json(
    found: Sequence[Checked], mended: Sequence[Mended], unreadable: Sequence[str]
) -> dict[str, Json]:
    """Return the result of verifying for programs."""
    by_key = {one.entry.key: one for one in mended}
    return {
        "entries": len(found),
        "size_bytes": sum(one.entry.size_bytes for one in found),
        "damaged": [
            _damaged_as_json(one, by_key.get(one.entry.key)) for one in found if one.damage
        ],
        "of_a_later_version": [one.entry.name for one in found if one.is_newer],
        "unreadable_run_records": list(unreadable),
    }


def _damaged_as_json(one: Checked, mended: Mended | None) -> dict[str, Json]:
    return {
        "stage": one.entry.stage,
        "key": one.entry.key,
        "files": list(one.damage),
        "outcome": mended.outcome if mended else "damaged",
        "why": mended.why if mended else None,
    }


def pruned_lines(pruned: Pruned, age: str, *, dry_run: bool) -> Iterator[str]:
    """Yield what went, what did not and why, and what was freed.

    Args:
        pruned: What pruning did.
        age: As the user wrote it.
        dry_run: Whether it was only told.
    """
    verb = "would remove" if dry_run else "removed"
    for one in pruned.removed:
        yield f"{verb} {_thing(one)}"
    for one in pruned.skipped:
        yield f"kept {_thing(one)}: {one.trouble}"
    for run in pruned.working:
        yield f"at work: {run.kind} {run.id}, process {run.pid} on {run.host}; prune when it ended"
    if pruned.used:
        entries = count(pruned.used, "entry", "entries")
        yield (
            f"kept {entries} older than {age}, {weight(pruned.used_bytes)}: runs refer to them "
            f"(--no-keep-runs removes them, too)"
        )
    if not pruned.removed:
        yield f"nothing {'to remove' if dry_run else 'removed'}"
        return
    size = weight(sum(one.size_bytes for one in pruned.removed))
    things = count(len(pruned.removed), "thing")
    yield f"{'would free' if dry_run else 'freed'} {size}: {things}"


def pruned_as_json(pruned: Pruned, *, dry_run: bool) -> dict[str, Json]:
    """Return the same for programs."""
    return {
        "dry_run": dry_run,
        "freed_bytes": sum(one.size_bytes for one in pruned.removed),
        "removed": [_as_json(one) for one in pruned.removed],
        "skipped": [_as_json(one) | {"why": one.trouble} for one in pruned.skipped],
        "kept_for_runs": {"entries": pruned.used, "size_bytes": pruned.used_bytes},
        "runs_at_work": [run.id for run in pruned.working],
    }


def _thing(one: Removal) -> str:
    kind = "" if one.kind == "entry" else f"{one.kind} "
    return f"{kind}{one.name} ({weight(one.size_bytes)}, {span(one.age_s)} old)"


def _as_json(one: Removal) -> dict[str, Json]:
    return {
        "kind": one.kind,
        "name": one.name,
        "size_bytes": one.size_bytes,
        "age_s": one.age_s,
    }
