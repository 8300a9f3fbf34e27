"""Keys outside the groups: the seed, how a request is carried out, and what this machine allows.

Each of the two functions below is the schema of its keys, as for a part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from coralexp.errors import OptionError, Problem
from coralexp.spec.board_address import read_address
from coralexp.spec.experiment import How, Machine
from coralexp.spec.signature import fill, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SEED = 2**32 - 1


def how(
    *,
    seed: int,
    store: str = ".coralexp",
    again: bool = False,
    on_error: Literal["continue", "stop"] = "continue",
    verbose: bool = False,
    threads: int | None = None,
    jobs: int = 1,
) -> tuple[int, How]:
    """Return the seed, which is part of what is asked, and how to carry it out.

    Args:
        seed: Start of every random sequence, 0 to 4294967295.
        store: Folder of the stages' artifacts and the run records.
        again: Make every stage again instead of taking it from the store.
        on_error: Go on with the other jobs after one failed, or stop.
        verbose: Show tracebacks and what the libraries print.
        threads: Processor threads of each stage, at least 1; null takes every core.
        jobs: How many jobs work at a time, at least 1; trainings run alone anyway, and
            measurements where they are: on this machine, or one on each board.
    """
    return seed, How(Path(store).expanduser(), again, on_error, verbose, threads, jobs)


def machine(
    *,
    plugins: tuple[str, ...] = (),
    compiler: str | None = None,
    delegate: str | None = None,
    python: str | None = None,
    host: str | None = None,
    hosts: tuple[str, ...] = (),
) -> Machine:
    """Return what this machine allows and offers.

    Args:
        plugins: Importable packages whose functions a configuration may name, such as `[mylab]`.
        compiler: The Edge TPU compiler: a path, docker:<image>, or none; null looks on the PATH.
        delegate: File of libedgetpu where the device is; null takes the one that is installed.
        python: Interpreter that measures, such as /usr/bin/python3.9 for pycoral; null takes this
            one, on a board python3.
        host: Board that measures, user@host or user@host:port, over SSH; null is this machine.
        hosts: Several boards of one kind in its place, such as [pi@a,pi@b]: each job goes to one
            that is free.

    Raises:
        OptionError: If one is no name of a package, of a file or of a board.
    """
    for name in plugins:
        if not all(word.isidentifier() for word in name.split(".")):
            raise OptionError("plugins", f"{name!r} is no name of a package")
    for option, value in {"delegate": delegate, "python": python, "host": host}.items():
        if value is not None and (not value or value.startswith("-")):
            what = "expected a name, or null" if not value else "must not begin with '-'"
            raise OptionError(option, f"{what}; got {value!r}")
    if host is not None and hosts:
        raise OptionError("hosts", "names the boards in place of machine.host; give one of them")
    for name in (*hosts, *([] if host is None else [host])):
        try:
            read_address(name)
        except OptionError as error:
            raise OptionError("hosts" if hosts else "host", error.text) from error
    if len(set(hosts)) < len(hosts):
        raise OptionError("hosts", f"a board is named twice in [{','.join(hosts)}]")
    return Machine(plugins, compiler, delegate, python, host, hosts)


HOW_KEYS = tuple(schema(how))  # `seed` among them
TOP_LEVEL_KEYS = (*HOW_KEYS, "machine")


def read_how(
    tree: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[tuple[int, How] | None, list[Problem]]:
    """Read the top-level keys.

    Args:
        tree: Keys to values; those that are no top-level keys are passed over.
        texts: Keys to what was written on the command line.

    Returns:
        The seed and how, or None; and what is wrong.
    """
    given = {key: tree[key] for key in HOW_KEYS if key in tree}
    filled, problems = fill(schema(how), given, texts)
    values: dict[str, Any] = dict(filled)
    seed, threads = values.get("seed", 0), values.get("threads")
    if not 0 <= seed <= MAX_SEED:
        text = f"expected a whole number from 0 to {MAX_SEED}, got {seed}"
        problems.append(Problem("seed", text))
    if threads is not None and threads < 1:
        text = f"expected at least 1, or null for every core, got {threads}"
        problems.append(Problem("threads", text))
    if values.get("jobs", 1) < 1:
        problems.append(Problem("jobs", f"expected at least 1, got {values['jobs']}"))
    if values.get("store") == "":
        problems.append(Problem("store", "expected a folder, got empty text"))
    return None if problems else how(**values), problems


def read_machine(node: Any) -> tuple[Machine, list[Problem]]:
    """Read what stands under `machine`.

    Args:
        node: A mapping, or None.

    Returns:
        What it says, the defaults if something is wrong with it; and what is wrong.
    """
    if not isinstance(node, dict | None):
        text = "expected machine.plugins=[...], machine.compiler=... or another of its keys"
        return Machine(), [Problem("machine", text)]
    given = dict(node or {})
    for name in ("plugins", "hosts"):
        if isinstance(given.get(name), str):
            given[name] = [given[name]]
    values, problems = fill(schema(machine), given, {})
    if not problems:
        try:
            return machine(**cast("Any", values)), []
        except OptionError as error:
            problems = [Problem(error.option, error.text)]
    return Machine(), [Problem(f"machine.{problem.key}", problem.text) for problem in problems]
