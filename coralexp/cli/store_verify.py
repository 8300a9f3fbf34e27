"""`coralexp store verify`: read everything, name what is damaged, and make it again if asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from coralexp.artifacts.entries import entries
from coralexp.artifacts.uses import read_uses
from coralexp.artifacts.verification import verify
from coralexp.cli.store_words import parser_of, read_words, warn_of_unreadable, write_json
from coralexp.report.store_quantities import count, weight
from coralexp.report.store_upkeep import checked_as_json, damage_line, mended_lines, stage_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.store import Store
    from coralexp.artifacts.uses import Uses
    from coralexp.artifacts.verification import Checked
    from coralexp.pipeline.repair import Mended

_DESCRIPTION = """\
Read every file of every entry and compare it with the digest that was taken when it was made.

Without --repair nothing is changed: damaged entries are named, and the next run that wants one
makes it again. With --repair each is made again now, by the newest run that refers to it, with its
threads; stages before it are made too if they are damaged or gone. A damaged entry that no run
refers to is taken away, for nothing says how to make it. One that would get another key today,
because a package, the processor or the code is another, is left as it is, and what differs is
told. What is whole is never touched."""
_EPILOG = """\
exit status: 0; 1 if damage remains; 2, a wrong request

Parts of your own packages and a compiler of its own are named as for a run:
machine.plugins=[mylab], machine.compiler=PATH.

examples:
  coralexp store verify
  coralexp store verify --repair
  coralexp store verify --json | jq '.damaged[].key'
"""


def main(args: Sequence[str]) -> int:
    """Verify the store.

    Args:
        args: Words behind `verify`.

    Returns:
        0; 1 if damage remains.

    Raises:
        ConfigError: If a word is not known.
        StoreError: If it is to be repaired and cannot be written.
        UnknownEntryError: If there is no store.
    """
    parser = parser_of("verify", _DESCRIPTION, _EPILOG)
    parser.add_argument("--repair", action="store_true", help="make damaged entries again")
    here = [word for word in args if word.startswith(("machine.", "--config-dir="))]
    asked, store = read_words(parser, [word for word in args if word not in here])
    if asked.repair:
        store.check_writable()
    uses = read_uses(store.runs)
    tell = sys.stderr if asked.json else sys.stdout
    found = []
    for stage, its in _by_stage(store):
        found += its
        if not asked.json:
            sys.stdout.write(f"{stage_line(stage, its)}\n")
    odd = [one for one in found if one.damage or one.is_newer]
    tell.writelines(f"{damage_line(one)}\n" for one in odd)
    tell.flush()
    damaged = [one for one in odd if one.damage]
    mended = []
    if damaged and asked.repair:
        for one in _repaired(store, uses, here, damaged):
            mended.append(one)
            tell.writelines(f"{line}\n" for line in mended_lines(one))
    left = len(damaged) - sum(one.outcome != "left as it is" for one in mended)
    if asked.json:
        unreadable = [str(path) for path in (*uses.unreadable, *uses.closed)]
        write_json(checked_as_json(found, mended, unreadable))
    else:
        warn_of_unreadable(uses)
        sys.stdout.write(f"{_summary(found, left, repair=asked.repair)}\n")
    return int(left > 0)


def _by_stage(store: Store) -> Iterator[tuple[str, list[Checked]]]:
    """Yield the entries of each stage, read; how far that is shows on a terminal meanwhile."""
    from rich.console import Console
    from rich.progress import Progress

    known = entries(store)
    console = Console(stderr=True)
    for stage in dict.fromkeys(entry.stage for entry in known):
        its: list[Entry] = [entry for entry in known if entry.stage == stage]
        read: list[Checked] = []
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task(f"reading {stage}", total=sum(e.size_bytes for e in its))
            for entry in its:
                read += verify(store, [entry])
                progress.update(bar, advance=entry.size_bytes)
        yield stage, read  # behind the bar, which takes standard output for itself


def _repaired(
    store: Store, uses: Uses, here: Sequence[str], damaged: Sequence[Checked]
) -> Iterator[Mended]:
    from coralexp.pipeline.repair import Repair
    from coralexp.spec.compose import parse

    def note(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    machine = parse(here).machine
    yield from Repair(store, uses, machine, note)(damaged)


def _summary(found: Sequence[Checked], left: int, *, repair: bool) -> str:
    size = weight(sum(one.entry.size_bytes for one in found))
    head = f"{count(len(found), 'entry', 'entries')} read, {size}: "
    if not left:
        return f"{head}no damage{' left' if any(one.damage for one in found) else ''}"
    way = "" if repair else "; `coralexp store verify --repair` makes them again"
    return f"{head}{left} damaged{way}"
