"""Keep tests/code_versions.json: the code of every stage and part, beside its VERSION.

A key of the store holds versions, not code. So a comment retrains nobody, and a change that gives
other results must raise VERSION. This file makes forgetting that impossible: the digest of the code
(without docstrings and comments) is recorded here, and a test compares.

    python tests/refresh_code_versions.py           record the code as it stands now
    python tests/refresh_code_versions.py --check   say what differs from the record; exit status 1

The code of a stage or part is its module and every module of coralexp that it imports, except those
that have a VERSION of their own and those that only say what was asked, stored or refused.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "code_versions.json"
WITHOUT_RESULTS = ("coralexp.errors", "coralexp.spec.", "coralexp.artifacts.")


@dataclass(frozen=True)
class Code:
    """What decides the results of one stage or part.

    Attributes:
        version: The `VERSION` of its module.
        digests: Names of the modules to the digests of their code.
    """

    version: int
    digests: dict[str, str]


def main(arguments: list[str]) -> int:
    """Record, or compare with the record; return the exit status."""
    now = {name: code_of(name) for name in versioned_modules()}
    recorded = read_record()
    differences = list(compare(recorded, now))
    if arguments == ["--check"]:
        print("\n".join(differences))
        return 1 if differences else 0
    if arguments:
        print(__doc__)
        return 2
    record = {name: {"version": code.version, "code": code.digests} for name, code in now.items()}
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{RECORD.relative_to(ROOT)}: {len(now)} stages and parts, {len(differences)} changed")
    return 0


def compare(recorded: dict[str, Code], now: dict[str, Code]) -> Iterator[str]:
    """Yield a line for each stage and part that is not as recorded."""
    for name in sorted(recorded.keys() | now.keys()):
        if name not in recorded:
            yield f"{name}: new; `make versions` records it"
        elif name not in now:
            yield f"{name}: gone, or without VERSION; `make versions` forgets it"
        elif recorded[name].version != now[name].version:
            yield f"{name}: VERSION is now {now[name].version}; `make versions` records it"
        elif recorded[name] != now[name]:
            before, after = recorded[name].digests, now[name].digests
            changed = [m for m in sorted(before | after) if before.get(m) != after.get(m)]
            yield (
                f"{name}: {', '.join(changed)} changed, but VERSION is still {now[name].version}; "
                f"raise it if results change, then `make versions`"
            )


def read_record() -> dict[str, Code]:
    """Return what is recorded; nothing if there is no record yet."""
    if not RECORD.exists():
        return {}
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    return {name: Code(entry["version"], entry["code"]) for name, entry in record.items()}


def versioned_modules() -> Iterator[str]:
    """Yield the names of the modules that have a VERSION."""
    for path in sorted((ROOT / "coralexp").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if version_of(name) is not None:
            yield name


def code_of(name: str) -> Code:
    """Return the code of a stage or part."""
    version = version_of(name)
    if version is None:
        raise ValueError(f"{name} has no VERSION")
    digests = {name: digest(name)}
    waiting = [name]
    while waiting:
        for other in imports_of(waiting.pop()):
            unseen = other not in digests and not other.startswith(WITHOUT_RESULTS)
            if unseen and version_of(other) is None:
                digests[other] = digest(other)
                waiting.append(other)
    return Code(version, digests)


@cache
def tree_of(name: str) -> ast.Module:
    """Return the syntax of a module."""
    return ast.parse(path_of(name).read_text(encoding="utf-8"))


def path_of(name: str) -> Path:
    """Return where the source of a module is; the file may be absent."""
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def version_of(name: str) -> int | None:
    """Return the number that a module assigns to VERSION."""
    for node in tree_of(name).body:
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "VERSION"
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int)
        ):
            return node.value.value
    return None


def imports_of(name: str) -> Iterator[str]:
    """Yield the modules of coralexp that a module imports when it runs, also inside functions."""
    waiting: list[ast.AST] = [tree_of(name)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coralexp"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if path_of(inner).exists() else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("coralexp."))
        else:
            waiting += ast.iter_child_nodes(node)


@cache
def digest(name: str) -> str:
    """Return the digest of a module's code: the same for every layout and every Python."""
    return hashlib.sha256(spell(tree_of(name)).encode()).hexdigest()[:16]


def spell(node: object) -> str:
    """Return a syntax tree as text, without docstrings and whatever is empty."""
    if isinstance(node, list):
        return f"[{','.join(spell(item) for item in node)}]"
    if not isinstance(node, ast.AST) or isinstance(node, ast.Constant):
        return repr(node.value if isinstance(node, ast.Constant) else node)
    parts = []
    for field, value in ast.iter_fields(node):
        kept = value[1:] if field == "body" and has_docstring(node) else value
        # Python 3.12 gave definitions one more field, empty in code for 3.11.
        if kept is not None and kept != []:
            parts.append(f"{field}={spell(kept)}")
    return f"{type(node).__name__}({','.join(parts)})"


def has_docstring(node: ast.AST) -> bool:
    """Return whether the first statement of a definition or module is its docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
