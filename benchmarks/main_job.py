"""What the defaults promise, measured: `python benchmarks/main_job.py [FOLDER]`, about 5 minutes.

Each command runs as a user gives it, from an empty store; the table says what was promised and what
was found. Exit status 1 if a promise is broken.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from coralexp.artifacts.store import Store
from coralexp.pipeline.environment import default_threads

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One promise.

    Attributes:
        what: What was measured.
        promised: In words.
        found: In words.
        kept: Whether it holds.
    """

    what: str
    promised: str
    found: str
    kept: bool


def give(folder: Path, *overrides: str) -> tuple[float, list[dict[str, float]]]:
    """Give the command in a folder; return its seconds and the metrics of its jobs."""
    folder.mkdir(exist_ok=True)
    runs = Store(folder / ".coralexp").runs
    known = {record.id for record in runs}
    start = time.monotonic()
    command = [sys.executable, "-m", "coralexp", *overrides]
    subprocess.run(command, cwd=folder, check=True, env={**_environment(), "PYTHONPATH": str(ROOT)})
    seconds = time.monotonic() - start
    new = [record for record in runs if record.id not in known and record.kind == "run"]
    return seconds, [record.metrics for record in new]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}


def measure(folder: Path) -> list[Row]:
    """Run everything; return the promises with what was found."""
    rows: list[Row] = []

    def promise(what: str, promised: str, found: str, *, kept: bool) -> None:
        rows.append(Row(what, promised, found, kept))

    seconds, [default] = give(folder / "default")
    promise("default job", "under 180 s", f"{seconds:.0f} s", kept=seconds < 180)
    found = default["accuracy"]
    promise("default accuracy", "at least 0.90", f"{found:.4f}", kept=found >= 0.90)

    seconds, [ptq, qat] = give(folder / "sweep", "backbone=mobilenetv2", "quant=ptq,qat")
    promise("sweep quant=ptq,qat", "under 360 s", f"{seconds:.0f} s", kept=seconds < 360)
    found = qat["accuracy"] - ptq["accuracy"]
    promise("qat against ptq", "at least -0.02", f"{found:+.4f}", kept=found >= -0.02)

    seconds, [digits] = give(folder / "digits", "dataset=digits", "backbone=convnet")
    promise("digits, convnet", "under 60 s", f"{seconds:.0f} s", kept=seconds < 60)
    found = digits["accuracy"]
    promise("digits accuracy", "at least 0.97", f"{found:.4f}", kept=found >= 0.97)

    for width, share in ((0.35, 0.40), (1.0, 0.30)):
        small = ("dataset.limit=200", "training=smoke", f"backbone.width={width}")
        _, [whole, integer] = give(folder / f"size{width}", *small, "quant=none,ptq")
        found = integer["model_size_bytes"] / whole["model_size_bytes"]
        what = f"int8 file against float, MobileNetV2 {width}"
        promise(what, f"at most {share:.2f}", f"{found:.4f}", kept=found <= share)
    return rows


def main() -> int:
    """Print the table; return the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch))
    lines = [
        f"{platform.machine()}, {default_threads()} cores, Python {platform.python_version()}",
        "",
        "| what | promised | found | kept |",
        "|---|---|---|---|",
        *(f"| {r.what} | {r.promised} | {r.found} | {'yes' if r.kept else 'NO'} |" for r in rows),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(not all(row.kept for row in rows))


if __name__ == "__main__":
    sys.exit(main())
