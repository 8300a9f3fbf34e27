"""`coralexp ui`: the right store, shown until it is ended, with nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil
import pytest

from coralexp.artifacts.runs import Runs, new_record
from coralexp.cli.ui import main
from coralexp.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Generator


pytestmark = pytest.mark.usefixtures("_folder_of_its_own")


@pytest.fixture
def _folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_without_runs_it_says_how_to_get_some() -> None:
    with pytest.raises(TrackingError, match=r"there are no runs yet; `coralexp` makes one"):
        main(["--no-browser"])


def test_the_address_of_a_server_is_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ada:s3cret@lab.example/mlflow")

    assert main(["--no-browser"]) == 0

    assert capsys.readouterr().out.startswith("MLflow is at https://lab.example/mlflow ")


def test_a_port_that_is_taken_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").touch()
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(TrackingError, match=f"--port {port}: taken by another program"):
            main(["--no-browser", "--port", str(port)])


@pytest.fixture
def page(tmp_path: Path) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Start it on a store with a run that was never logged, and return the page it names."""
    runs = Runs(tmp_path / ".coralexp" / "runs")
    for quant in ("ptq", "qat"):
        run = new_record("run")
        run.state, run.metrics = "FINISHED", {"accuracy": 0.95}
        run.ended = time.time() - 3600
        run.config = {"quant": {"choice": quant, "target": "x", "options": {}}}
        runs.save(run)
    with subprocess.Popen(
        [sys.executable, "-m", "coralexp", "ui", "--no-browser"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "MLflow shows the runs until Ctrl-C, at\n"
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


@pytest.mark.mlflow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_it_logs_what_waits_shows_it_and_leaves_nothing_behind(
    page: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    url, process = page
    assert re.fullmatch(r"http://127\.0\.0\.1:50\d\d/#/experiments/\d+/runs\?.*", url)
    with urlopen(url.partition("#")[0]) as answer:  # noqa: S310 - the address was matched above
        assert answer.status == 200
    assert all(run.logged for run in Runs(tmp_path / ".coralexp" / "runs"))
    children = psutil.Process(process.pid).children(recursive=True)
    assert children

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=15) == 130
    assert not any(child.is_running() for child in children)


@pytest.mark.mlflow
@pytest.mark.browser
def test_a_browser_shows_two_runs_side_by_side(
    page: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs chromium: apt-get install chromium")
    url, _ = page
    first, second = Runs(tmp_path / ".coralexp" / "runs")
    experiment = re.findall(r"experiments/(\d+)/", url)[0]
    ids = f'["{first.mlflow_run_id}","{second.mlflow_run_id}"]'.replace('"', "%22")
    compared = f"{url.partition('#')[0]}#/compare-runs?runs={ids}&experiments=[%22{experiment}%22]"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000"]

    shown = subprocess.run(
        [browser, *flags, "--dump-dom", compared],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout

    assert "Comparing 2 Runs" in shown
    assert str(first.mlflow_run_id) in shown
    assert str(second.mlflow_run_id) in shown
