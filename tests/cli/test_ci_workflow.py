"""The workflow that a teacher copies holds commands that exist, and does as it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from drawn_run import drawn_run

from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store
from coralexp.cli.verbs import VERBS
from coralexp.spec.compose import parse

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "experiments" / "ci-workflow.yml"


@pytest.fixture
def workflow() -> dict:
    return yaml.load(WORKFLOW.read_text("utf-8"), yaml.BaseLoader)  # keeps `on` a word


@pytest.fixture
def steps(workflow: dict) -> dict[str, str]:
    (job,) = workflow["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def sweep_of(workflow: dict) -> str:
    return workflow["on"]["workflow_dispatch"]["inputs"]["sweep"]["default"]


def test_a_push_and_a_button_start_it(workflow: dict) -> None:
    assert set(workflow["on"]) == {"push", "workflow_dispatch"}
    assert workflow["permissions"] == {"contents": "read"}


def test_a_push_asks_for_what_the_button_proposes(workflow: dict) -> None:
    inputs = workflow["on"]["workflow_dispatch"]["inputs"]

    assert f"|| '{sweep_of(workflow)}' " in workflow["env"]["SWEEP"]
    assert f"|| '{inputs['budget_ms']['default']}' " in workflow["env"]["BUDGET_MS"]


def test_the_sweep_is_one(workflow: dict) -> None:
    request = parse(shlex.split(sweep_of(workflow)))

    assert len(request.experiments) == 4


def test_every_command_is_a_verb_or_the_sweep(steps: dict[str, str]) -> None:
    words = re.findall(r"python -m coralexp (\S+)", "\n".join(steps.values()))

    assert len(words) >= 4
    assert set(words) - {"$SWEEP"} <= set(VERBS)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the steps are a shell's")
def test_the_steps_pick_the_best_within_the_budget_and_bundle_it(
    steps: dict[str, str], tmp_path: Path
) -> None:
    store, sweep = Store(tmp_path / ".coralexp"), new_record("sweep")
    runs = [
        drawn_run(
            store,
            sweep=sweep.id,
            metrics={
                "accuracy": accuracy,
                "edgetpu_latency_ms": high_ms - 1,
                "edgetpu_latency_high_ms": high_ms,
            },
        )
        for accuracy, high_ms in ((0.8, 2.0), (0.9, 4.0), (0.99, 6.0))
    ]
    sweep.state, sweep.jobs = "FINISHED", [run.id for run in runs]
    store.runs.save(sweep)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BUDGET_MS": "5",
        "GITHUB_ENV": str(tmp_path / "env"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }

    def run(step: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", steps[step]],
            cwd=tmp_path,
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    picked = run("Pick")
    assert picked.returncode == 0, picked.stderr
    assert (tmp_path / "env").read_text() == f"RUN={runs[1].id}\n"
    assert runs[0].id in (tmp_path / "summary").read_text()
    assert f"edgetpu_latency_high_ms of run {runs[1].id} is estimated" in picked.stderr

    bundled = run("Bundle", RUN=runs[1].id)
    assert bundled.returncode == 0, bundled.stderr
    assert "self-check passed" in bundled.stdout
    assert (tmp_path / "out/best-model.zip").is_file()

    refused = run("Pick", BUDGET_MS="1")
    assert refused.returncode == 2
    assert "None of 3 runs has edgetpu_latency_high_ms<1" in refused.stderr
