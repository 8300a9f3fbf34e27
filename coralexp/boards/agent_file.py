"""The agent as one file: what is sent to a board, and what this machine runs, byte for byte."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("agent")
_INSIDE = "coralexp/boards/agent"  # the modules name each other by it; nothing else is in there
_START = (
    "from coralexp.boards.agent.__main__ import main\nimport sys\nsys.exit(main(sys.argv[1:]))\n"
)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@cache
def agent_bytes() -> bytes:
    """Return the agent: a zip file that Python 3.7 and later start; the same bytes everywhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)

        add("__main__.py", _START.encode())
        for package in ("coralexp", "coralexp/boards"):
            add(f"{package}/__init__.py", b"")
        for path in sorted(_FOLDER.glob("*.py")):
            add(f"{_INSIDE}/{path.name}", path.read_bytes())
    return buffer.getvalue()


@cache
def agent_digest() -> str:
    """Return the SHA-256 of the agent."""
    return hashlib.sha256(agent_bytes()).hexdigest()
