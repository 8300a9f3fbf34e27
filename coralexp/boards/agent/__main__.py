"""The command of the agent: reads an order, writes a result.

With `--tied` it ends when its standard input does: whoever asked is gone then, killed or cut off,
and the device is to be free for others.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ContextManager

from coralexp.boards.agent.answer import Refused
from coralexp.boards.agent.ending import limited, released_by_signal
from coralexp.boards.agent.hold import hold, release
from coralexp.boards.agent.lock import alone
from coralexp.boards.agent.measurement import CPU, SCHEMA, look, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    Facts = dict[str, object]

_ASKS = ("--look", "--hold", "--release")


def main(arguments: list[str]) -> int:
    """Carry out an order; return the exit status.

    `--look`, `--hold` and `--release` (with the `owner` and `force` of the order) print one line of
    JSON; `coralexp.boards.agent.measurement.look` and `coralexp.boards.agent.hold` say what is in
    it. A measurement is written to a file: it appears whole or not at all; its SHA-256 is the last
    line of standard output.
    """
    words = [word for word in arguments if not word.startswith("--")]
    if "--tied" in arguments:
        threading.Thread(target=_end_with_asker, daemon=True).start()
    order: Facts = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    asked = next((word for word in _ASKS if word in arguments), None)
    if asked is not None:
        asks = {"--look": _look, "--hold": _hold, "--release": _release}
        result = _result(order, asks[asked])
        sys.stdout.write(json.dumps(result) + "\n")
        return int("error" in result)
    path = Path(words[1])

    def late(refused: Refused) -> None:
        _leave(_told(refused), path)

    def work(order: Facts) -> Facts:
        max_s = order.get("max_s")
        limit_s = None if max_s is None else float(str(max_s))
        with _alone(order, float(str(order.get("wait_s", 0)))), limited(limit_s, late):
            return measure(order)

    with released_by_signal():
        result = _result(order, work)
    _leave(result, path)
    return int("error" in result)


def _leave(result: Facts, path: Path) -> None:
    content = json.dumps(result).encode("utf-8")
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    sys.stdout.write(hashlib.sha256(content).hexdigest() + "\n")
    sys.stdout.flush()


def _alone(order: Facts, wait_s: float) -> ContextManager[None]:
    asker: Facts = {name: order[name] for name in ("owner", "asker") if name in order}
    return alone(_folder(order), wait_s, str(order.get("job") or "a look"), asker)


def _folder(order: Facts) -> str | None:
    folder = order.get("lock_folder")
    return str(folder) if folder else None


def _look(order: Facts) -> Facts:
    """Look; the library is tried only if nobody measures with it: a look waits for nobody."""
    try:
        with _alone(order, 0):
            return look(order)
    except Refused as error:
        if error.kind != "busy":
            raise
    return look({**order, "device": CPU})


def _hold(order: Facts) -> Facts:
    return {"schema": SCHEMA, **hold(_folder(order))}


def _release(order: Facts) -> Facts:
    found = release(_folder(order), str(order.get("owner")), order.get("force") is True)
    return {"schema": SCHEMA, **found}


def _end_with_asker() -> None:
    sys.stdin.read()
    os._exit(1)


def _result(order: Facts, carry_out: Callable[[Facts], Facts]) -> Facts:
    try:
        if order.get("schema") != SCHEMA:
            text = f"this agent knows orders of schema {SCHEMA}, got {order.get('schema')!r}"
            raise Refused("order", text)  # noqa: TRY301 - told like every other refusal
        return carry_out(order)
    except Refused as error:
        return _told(error)


def _told(error: Refused) -> Facts:
    return {"schema": SCHEMA, "error": {"kind": error.kind, "text": str(error)}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
