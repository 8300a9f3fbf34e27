"""Help, plans and wrong requests do not wait for libraries that take seconds to import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = [
    "ai_edge_litert",
    "keras",
    "matplotlib",
    "mlflow",
    "pandas",
    "sklearn",
    "tensorflow",
    "tensorflow_model_optimization",
    "tf_keras",
]
# Of the doors and of what is started as a program, importing is the whole effect.
STARTED = {"coralexp.__main__", "coralexp.tf_runtime"}
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "coralexp").rglob("*.py"))
]

IMPORT_ALL = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
"""
RUN = """
import json, runpy, sys
sys.argv = ["coralexp", *json.loads(sys.argv[1])]
status = 0
try:
    runpy.run_module("coralexp", run_name="__main__", alter_sys=True)
except SystemExit as exit:
    status = exit.code or 0
sys.stderr.write(f"exit status {status}\\n")
"""
TELL = """
import json, pathlib, sys
pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
"""


def heavy_modules(program: str, argument: list[str], folder: Path) -> tuple[list[str], str]:
    """Return which heavy libraries a fresh process imported, and what it said on stderr."""
    command = [sys.executable, "-c", program + TELL, json.dumps(argument)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    return [name for name in HEAVY if name in modules], done.stderr


def test_no_module_imports_a_heavy_library_when_it_is_imported(tmp_path: Path) -> None:
    names = [name for name in MODULES if name not in STARTED]

    found, _ = heavy_modules(IMPORT_ALL, names, tmp_path)

    assert found == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("--help", 0),
        ("--version", 0),
        ("plan quant=ptq,qat", 0),
        ("backbone.widht=0.5", 2),
    ],
)
def test_what_needs_no_heavy_library_imports_none(
    arguments: str, status: int, tmp_path: Path
) -> None:
    found, said = heavy_modules(RUN, arguments.split(), tmp_path)

    assert said.splitlines()[-1] == f"exit status {status}"
    assert found == []
