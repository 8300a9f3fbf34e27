"""A stand-in for the compiler: answers with recorded outputs and copies real compiled files."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.compiler.locate import Compiler, find_compiler

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """#!{python}
import json, os, shutil, signal, sys, time
plan = json.load(open({plan!r}))
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([sys.argv[1:], os.getcwd(), sorted(os.listdir("."))]) + "\\n")
if "--version" in sys.argv:
    sys.stdout.write(plan["version_answer"])
    sys.exit(plan["version_status"])
if plan["hang"]:
    child = os.fork()
    open({calls!r} + ".pids", "a").write(f"{{os.getpid()}}\\n")
    time.sleep(600)
sys.stdout.buffer.write(bytes.fromhex(plan["output"]))
for _ in range(plan["blocks"]):
    sys.stdout.buffer.write(b"x" * 2**20)
sys.stdout.flush()
out = sys.argv[sys.argv.index("--out_dir") + 1]
for name, source in plan["files"].items():
    shutil.copyfile(source, os.path.join(out, name))
if plan["signal"]:
    os.kill(os.getpid(), plan["signal"])
sys.exit(plan["status"])
"""


@dataclass
class StandIn:
    """The program and what it is to do."""

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "edgetpu_compiler"

    def plan(
        self,
        output: str | bytes = "",
        files: dict[str, Path] | None = None,
        *,
        status: int = 0,
        hang: bool = False,
        blocks: int = 0,
        signal: int = 0,
        version: str = "Edge TPU Compiler version 16.0.384591198\n",
        version_status: int = 0,
    ) -> Compiler:
        self.prepare(
            output,
            files,
            status=status,
            hang=hang,
            blocks=blocks,
            signal=signal,
            version=version,
            version_status=version_status,
        )
        compiler = find_compiler(str(self.program))
        assert isinstance(compiler, Compiler)
        return compiler

    def prepare(
        self,
        output: str | bytes = "",
        files: dict[str, Path] | None = None,
        *,
        status: int = 0,
        hang: bool = False,
        blocks: int = 0,
        signal: int = 0,
        version: str = "Edge TPU Compiler version 16.0.384591198\n",
        version_status: int = 0,
    ) -> None:
        raw = output.encode() if isinstance(output, str) else output
        plan = {
            "output": raw.hex(),
            "files": {name: str(path) for name, path in (files or {}).items()},
            "status": status,
            "hang": hang,
            "blocks": blocks,
            "signal": signal,
            "version_answer": version,
            "version_status": version_status,
        }
        (self.folder / "plan.json").write_text(json.dumps(plan))
        self.program.write_text(
            SCRIPT.format(
                python=sys.executable,
                plan=str(self.folder / "plan.json"),
                calls=str(self.folder / "calls"),
            )
        )
        self.program.chmod(0o755)

    def calls(self) -> list[tuple[list[str], str, list[str]]]:
        """Arguments, working folder and what lay in it, of each call."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    folder = tmp_path / "bin"
    folder.mkdir()
    return StandIn(folder)


@pytest.fixture(scope="session")
def logs(shared: Path) -> Path:
    return shared / "edgetpu" / "compiler_logs"


@pytest.fixture(scope="session")
def models(shared: Path) -> Path:
    return shared / "edgetpu" / "models"


@pytest.fixture(scope="session")
def compiled(models: Path) -> Path:
    return models / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"


@pytest.fixture(scope="session")
def source(models: Path) -> Path:
    return models / "mobilenet_v1_0.25_128_quant.tflite"
