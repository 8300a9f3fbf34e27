"""`coralexp doctor`: its lines, its JSON and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coralexp.cli.main import main
from coralexp.doctor import examination

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"tensorflow", "tf_keras", "mlflow", "ai_edge_litert", "matplotlib", "pandas", "paramiko"}


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def alone(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_the_default_job_lacks_nothing_here_and_nothing_is_made(tmp_path, capsys) -> None:
    status = main(["doctor"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].startswith("ok  Python")
    assert lines[-1] == "nothing that this configuration needs is missing"
    assert list(tmp_path.iterdir()) == []


def findings(capsys, *words: str) -> tuple[int, dict[str, dict[str, str]]]:
    status = main(["doctor", "--json", *words])
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert told["overrides"] == list(words)
    assert told["ready"] == (status == 0)
    return status, {finding["name"]: finding for finding in told["findings"]}


def test_a_required_device_that_is_not_here_is_missing(capsys) -> None:
    status, found = findings(capsys, "device=usb", "device.measure=required")

    assert status == 1
    assert found["Edge TPU"]["mark"] == found["libedgetpu"]["mark"] == "missing"
    assert "required for usb" in found["device=usb"]["found"]


def test_a_compiler_that_was_named_and_is_not_there_is_missing(capsys) -> None:
    status, found = findings(capsys, "machine.compiler=/nowhere/edgetpu_compiler")

    assert status == 1
    assert found["edgetpu_compiler"]["mark"] == "missing"
    assert "there is no such file" in found["edgetpu_compiler"]["found"]


def test_what_a_run_would_refuse_is_a_finding(capsys) -> None:
    status, found = findings(capsys, "dataset=npz", "dataset.path=nowhere.npz")

    assert status == 1
    assert found["configuration"]["mark"] == "missing"
    assert "nowhere.npz" in found["configuration"]["found"]


def test_a_wrong_override_is_a_wrong_request(capsys) -> None:
    assert main(["doctor", "backbone.widht=1"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_a_check_with_a_bug_leaves_the_others(capsys, monkeypatch) -> None:
    monkeypatch.setattr(examination, "check_gpu", lambda: 1 / 0)

    status, found = findings(capsys)

    assert status == 0
    assert "ZeroDivisionError" in found["GPU"]["found"]
    assert found["Edge TPU"]["name"] == "Edge TPU"


def test_nothing_heavy_is_imported(tmp_path) -> None:
    program = (
        "import sys; from coralexp.cli.main import main; main(['doctor']);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert HEAVY & set(done.stderr.split()) == set()
