"""The command: verbs, flags, exit statuses, and how errors are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coralexp.cli.main import main, read_command_line
from coralexp.cli.verbs import VERBS
from coralexp.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "tests" / "plugin"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the flag for the YAML files of a small laboratory."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.chdir(tmp_path)
    return f"--config-dir={PLUGIN / 'conf'}"


def test_run_is_the_verb_if_none_is_written() -> None:
    line = read_command_line(["backbone=convnet", "-m", "~x", "+y=1"])

    assert (line.verb, line.args) == ("run", ["backbone=convnet", "~x", "+y=1"])


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_may_stand_before_or_behind_overrides(verb: str) -> None:
    assert read_command_line([verb, "a=1"]).verb == verb
    assert read_command_line(["a=1", verb]).args == ["a=1"]


def test_words_behind_the_verb_are_its_own() -> None:
    line = read_command_line(["predict", "run", "plan.jpg", "--top", "3", "--info"])

    assert (line.verb, line.args) == ("predict", ["run", "plan.jpg", "--top", "3", "--info"])


def test_config_folders_come_as_one_word_each() -> None:
    line = read_command_line(["-cd", "a", "plan", "--config-dir=b", "--config-dir", "c"])

    assert line.args == ["--config-dir=a", "--config-dir=b", "--config-dir=c"]


def test_flags_of_the_command_are_read() -> None:
    assert read_command_line(["--cfg", "job"]).cfg == "job"
    assert read_command_line(["plan", "-c=all"]).cfg == "all"
    assert read_command_line(["--info"]).info == "all"
    assert read_command_line(["--info", "defaults", "seed=1"]).info == "defaults"
    assert read_command_line(["quant=ptq", "--help"]).help


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["pln"], "'pln': unknown verb, did you mean 'plan'? A setting is written key=value"),
        (["seed=1", "xyzzy"], "unknown verb, expected one of: run, plan,"),
        (["--cfg"], "--cfg: a value is needed"),
        (["--cfg", "jbo"], "'jbo': unknown topic, did you mean 'job'?"),
        (["--config-dir"], "--config-dir: a value is needed"),
    ],
    ids=" ".join,
)
def test_a_slip_is_told_with_the_right_word(args: list[str], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_command_line(args)

    assert text in str(caught.value)


def test_a_wrong_request_is_told_without_a_traceback(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([lab, "backbone.widht=1", "quant=qta"])

    told = capsys.readouterr()
    assert status == 2
    assert told.out == ""
    assert told.err.startswith("coralexp: configuration has 2 problems:\n  - backbone.widht: ")
    assert "Traceback" not in told.err


def test_verbose_shows_the_traceback(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([lab, "backbone.widht=1", "verbose=true"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(args: list[str]) -> int:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("coralexp.cli.completion.main", break_down)

    assert main(["completion", "bash"]) == 1
    assert capsys.readouterr().err == (
        "coralexp: RuntimeError: out of luck "
        "(this is a bug of coralexp; add verbose=true to see where)\n"
    )


@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_signals_end_it_with_their_status(
    lab: str, capsys: pytest.CaptureFixture[str], number: int, status: int, word: str
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    assert main(["plan", lab, "dataset=stopping", f"dataset.signal_number={number:d}"]) == status
    assert capsys.readouterr().err == f"coralexp: {word}\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("coralexp 0")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="this system has no broken pipes")
def test_a_reader_that_has_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "coralexp", "--cfg", "job", "seed=range(0,300)"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        if process.stdout is None or process.stderr is None:
            pytest.fail("no pipes")
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()

    assert told == b""
    assert process.returncode == 128 + signal.SIGPIPE
