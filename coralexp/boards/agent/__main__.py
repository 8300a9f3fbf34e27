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
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused
from coralexp.boards.agent.lock import alone
from coralexp.boards.agent.measurement import SCHEMA, look, measure

if TYPE_CHECKING:
    from collections.abc import Callable


def main(arguments: list[str]) -> int:
    """Carry out an order; return the exit status.

    The result appears whole or not at all; its SHA-256 is the last line of standard output.
    """
    words = [word for word in arguments if not word.startswith("--")]
    if "--tied" in arguments:
        threading.Thread(target=_end_with_asker, daemon=True).start()
    order: dict[str, object] = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    if "--look" in arguments:
        result = _result(order, look)
        sys.stdout.write(json.dumps(result) + "\n")
        return int("error" in result)
    result = _result(order, measure)
    content = json.dumps(result).encode("utf-8")
    path = Path(words[1])
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    sys.stdout.write(hashlib.sha256(content).hexdigest() + "\n")
    return int("error" in result)


def _end_with_asker() -> None:
    sys.stdin.read()
    os._exit(1)


def _result(
    order: dict[str, object], carry_out: Callable[[dict[str, object]], dict[str, object]]
) -> dict[str, object]:
    try:
        if order.get("schema") != SCHEMA:
            text = f"this agent knows orders of schema {SCHEMA}, got {order.get('schema')!r}"
            raise Refused("order", text)  # noqa: TRY301 - told like every other refusal
        folder, job = order.get("lock_folder"), str(order.get("job") or "a look")
        with alone(str(folder) if folder else None, float(str(order.get("wait_s", 0))), job):
            return carry_out(order)
    except Refused as error:
        return {"schema": SCHEMA, "error": {"kind": error.kind, "text": str(error)}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
