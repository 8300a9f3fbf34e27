"""A sweep is frozen, and made again from nothing: what is the same, and what differs."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from command import call, records, start, wait_for

from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord

SMALL = ("dataset=digits", "dataset.limit=100", "backbone=convnet", "training=smoke")
SWEEP = (*SMALL, "quant=none,dynamic,float16")

pytestmark = [pytest.mark.tf, pytest.mark.mlflow, pytest.mark.long]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which a sweep was given, and frozen to `frozen`."""
    folder = tmp_path_factory.mktemp("lab")
    call(folder, *SWEEP)
    call(folder, "freeze", sweep_of(folder).id, "frozen", "--question", "Which is smallest?")
    return folder


def sweep_of(folder: Path) -> RunRecord:
    return next(record for record in records(folder) if record.kind == "sweep")


def verdicts(printed: str) -> list[str]:
    """Return what was said after the table, a text a job."""
    words = [line for line in printed.splitlines() if line.strip()]
    return [line for line in words if "identical to the bit" in line or "different" in line]


def test_freeze_writes_what_others_need(lab: Path) -> None:
    names = {path.name for path in (lab / "frozen").iterdir()}
    assert {"config-1.yaml", "config-2.yaml", "config-3.yaml"} <= names
    assert {"expected.json", "README.md"} <= names
    assert any(name.endswith(".png") for name in names)
    expected = json.loads((lab / "frozen" / "expected.json").read_text())
    by_id = {record.id: record for record in records(lab)}
    for job in expected["jobs"]:
        record = by_id[job["run"]]
        assert job["metrics"]["accuracy"] == record.metrics["accuracy"]
        assert job["stages"]["train"]["key"] == record.stages["train"].key
        assert job["stages"]["convert"]["files"]["model.tflite"]
        assert "measure" not in job["stages"]
    page = (lab / "frozen" / "README.md").read_text()
    assert "Which is smallest?" in page
    assert f"python -m coralexp {' '.join(SWEEP)}" in page

    assert "--force" in call(lab, "freeze", sweep_of(lab).id, "frozen", status=2)
    call(lab, "freeze", sweep_of(lab).id, "frozen", "--force", "--question", "Which is smallest?")


def test_what_was_changed_is_named_and_the_rest_is_identical(lab: Path, tmp_path: Path) -> None:
    frozen = tmp_path / "frozen"
    shutil.copytree(lab / "frozen", frozen)
    expected = json.loads((frozen / "expected.json").read_text())
    places = {job["overrides"][-1]: job for job in expected["jobs"]}
    tampered, edited = places["quant=dynamic"], places["quant=float16"]
    tampered["metrics"]["accuracy"] += 0.5
    tampered["stages"]["convert"]["files"]["model.tflite"] = "0" * 64
    (frozen / "expected.json").write_text(json.dumps(expected))
    config = frozen / edited["config"]
    config.write_text(config.read_text().replace("seed: 42", "seed: 43"))

    printed = call(tmp_path, "reproduce", "frozen", status=1)  # into a store that was empty

    same, other, third = (
        printed.partition(f"{places[f'quant={name}']['run']}: ")[2].partition("\n202")[0]
        for name in ("none", "dynamic", "float16")
    )
    assert same.startswith("identical to the bit")
    assert other.startswith("different")
    assert "accuracy" in other
    assert "convert/model.tflite" in other
    assert not third.startswith("identical")
    assert "other bits: " in third
    assert "differs: seed: 42, now 43" in third
    tags = [r.tags["reproduction"] for r in records(tmp_path) if r.kind == "run"]
    assert tags[:2] == ["identical to the bit", "different"]
    assert not (tmp_path / ".coralexp" / "reproduced").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_a_killed_reproduction_leaves_its_record_alone_and_can_be_given_again(lab: Path) -> None:
    reproduced = lab / ".coralexp" / "reproduced"
    sweep = sweep_of(lab)
    known = {record.id for record in records(lab)}
    with start(lab, "reproduce", sweep.id) as process:
        wait_for(lambda: any(reproduced.glob(".made.*/train/.*")))
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    wait_for(lambda: not any(worker.is_running() for worker in workers))
    assert list(reproduced.iterdir())

    printed = call(lab, "reproduce", sweep.id)

    assert len(verdicts(printed)) == 3
    assert all("identical to the bit" in line for line in verdicts(printed))
    assert not reproduced.exists()
    new = [record for record in records(lab) if record.id not in known]
    assert [record.state for record in new if record.kind == "run"] == [
        "KILLED",
        "FINISHED",
        "FINISHED",
        "FINISHED",
    ]
    links = [record.tags.get("reproduces") for record in new if record.kind == "run"]
    assert links == [None, *sweep.jobs]
    assert not [record for record in records(lab) if record.state == "RUNNING"]
    assert all(Store(lab / ".coralexp").runs.find(job).state == "FINISHED" for job in sweep.jobs)
