"""The table of speed says what was measured, and every row can be measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "benchmarks" / "speed" / "bench.py"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def row(ours: list[float], reference: list[float], **other: object) -> dict[str, object]:
    found = {"ours": ours, "reference": reference, "scale": "100 small things", **other}
    return {"found": found, "machine": "a processor, 2 cores", "load": 0.25}


def cells(table: str, name: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_tells_medians_and_spread_and_whether_the_promise_is_kept(tmp_path: Path) -> None:
    rows = {
        "reading": row([1.0, 2.0, 4.0], [8.0, 12.0, 10.0], conditions={"every image seen": True}),
        "orchestration": row([32.0], [20.0]),
        "memory": row([2.0**30], [2.0**30], unit="bytes"),
        "evaluation": row([1.0], [9.0], conditions={"identical predictions": False}),
    }
    (tmp_path / "results.json").write_text(json.dumps(rows))

    done = bench("--table", "--to", str(tmp_path))

    assert done.returncode == 0, done.stderr
    table = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert cells(table, "reading")[3:] == [
        "2.00 s (1.00-4.00)",
        "10.0 s (8.00-12.0)",
        "5.00 (2.00-12.0)",
        "at least 3 times as fast",
        "yes",
    ]
    assert cells(table, "orchestration")[5:] == [
        "1.60 (1.60-1.60)",
        "at most 1.5 times its time",
        "**no**",
    ]
    assert cells(table, "memory")[3:] == [
        "1,024 MiB",
        "1,024 MiB",
        "1.00 (1.00-1.00)",
        "at most 1.1 times its size",
        "yes",
    ]
    assert cells(table, "evaluation")[7] == "**no**; not identical predictions"
    assert "`sweep`" not in table
    assert "- a processor, 2 cores" in table


def test_rows_of_two_machines_say_which_is_whose(tmp_path: Path) -> None:
    rows = {"reading": row([1.0], [8.0]), "again": row([1.0], [80.0])}
    rows["again"]["machine"] = "another processor"
    (tmp_path / "results.json").write_text(json.dumps(rows))

    bench("--table", "--to", str(tmp_path))

    table = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert "- `again`: another processor" in table
    assert "- `reading`: a processor, 2 cores" in table


def test_tiny_sizes_do_not_enter_the_table_of_the_project() -> None:
    done = bench("--quick", "--only", "reading")

    assert done.returncode == 2
    assert "--quick needs --to FOLDER" in done.stderr


@pytest.mark.tf
def test_a_row_can_be_measured(tmp_path: Path) -> None:
    done = bench("--quick", "--only", "reading", "--to", str(tmp_path))

    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert list(measured) == ["reading"]
    found = measured["reading"]["found"]
    assert len(found["ours"]) == len(found["reference"]) == 1
    assert found["ours"][0] > 0
    assert found["conditions"]["every image seen"]
    assert cells((tmp_path / "RESULTS.md").read_text("utf-8"), "reading")[0] == "`reading`"
