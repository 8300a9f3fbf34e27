"""`coralexp compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.runs import Runs, new_record
from coralexp.cli.compare import main
from coralexp.errors import StoreError, UnknownRunError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    record = new_record("run")
    record.state, record.metrics = "FINISHED", {"accuracy": 0.9}
    Runs(tmp_path / "runs").save(record)
    return record


def test_a_run_is_found_by_the_beginning_of_its_id(
    run: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([run.id[:-2], f"store={tmp_path}"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", run.id]
    assert lines[1].split() == ["accuracy", "0.9"]


def test_csv_goes_to_the_terminal_or_a_file(
    run: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--csv", "-", "--store", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert main(["--csv", str(tmp_path / "runs.csv"), "--store", str(tmp_path)]) == 0

    assert shown.startswith("id,state,")
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8") == shown
    assert capsys.readouterr().out.endswith("runs.csv: 1 run\n")


def test_a_file_that_cannot_be_written_is_named(run: RunRecord, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"--csv .*cannot be written"):
        main(["--csv", str(tmp_path / "absent" / "runs.csv"), "--store", str(tmp_path)])


def test_an_empty_store_says_how_to_get_runs(tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="there are no runs yet"):
        main([f"store={tmp_path}"])


def test_the_id_of_the_best_run_is_for_scripts(
    run: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--where", "accuracy>0.5", "--best", "accuracy", "--print", "id"]

    assert main([*words, "--store", str(tmp_path)]) == 0

    told = capsys.readouterr()
    assert told.out == f"{run.id}\n"
    assert told.err == ""
