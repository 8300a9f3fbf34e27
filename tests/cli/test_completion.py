"""Completion: the query, and bash itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coralexp.cli.completion import candidates, main
from coralexp.cli.main import main as command
from coralexp.cli.store import ACTIONS, FLAGS
from coralexp.cli.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]


def words(word: str, *before: str) -> list[str]:
    return [text for text, _ in candidates(word, ["coralexp", *before])]


def test_the_first_word_may_be_a_verb_or_a_setting() -> None:
    found = words("")

    assert set(VERBS) <= set(found)
    assert {"backbone=", "backbone.", "seed=", "threads="} <= set(found)
    assert words("pl") == ["plan"]
    assert words("back", "plan") == ["backbone=", "backbone."]
    assert "plan" not in words("p", "quant=ptq")


def test_choices_are_completed_also_behind_a_comma() -> None:
    assert "quant=ptq" in words("quant=")
    assert words("quant=q") == ["quant=qat"]
    assert words("quant=ptq,q") == ["quant=ptq,qat"]
    assert "quant=ptq,ptq" not in words("quant=ptq,")
    assert words("+quant=q") == ["+quant=qat"]


def test_options_are_those_of_the_chosen_part() -> None:
    assert "backbone.width=" in words("backbone.w")
    assert "backbone.filters=" not in words("backbone.")
    assert "backbone.filters=" in words("backbone.", "plan", "backbone=convnet")


def test_values_that_are_known_are_completed() -> None:
    assert words("training.optimizer=ad") == ["training.optimizer=adam", "training.optimizer=adamw"]
    assert words("training.freeze_backbone=") == [
        "training.freeze_backbone=true",
        "training.freeze_backbone=false",
    ]
    assert words("on_error=") == ["on_error=continue", "on_error=stop"]
    assert words("seed=") == []


def test_runs_are_completed_where_one_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coralexp" / "runs").mkdir(parents=True)
    (tmp_path / ".coralexp" / "runs" / "20260101-120000-abcdef.json").write_text("{}")

    assert words("2026", "predict") == ["20260101-120000-abcdef"]
    assert words("2026", "plan") == []


def test_actions_on_the_store_their_flags_and_its_keys_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = "0123456789abcdef0123"
    (tmp_path / ".coralexp" / "train" / key).mkdir(parents=True)
    (tmp_path / ".coralexp" / "train" / ".draft").mkdir()

    assert words("", "store") == list(ACTIONS)
    assert words("sh", "store") == ["show"]
    assert words("01", "store", "show") == [key]
    assert words("01", "store", "prune") == []
    assert words("--old", "store", "prune") == ["--older-than"]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_flags_that_are_offered_are_those_of_the_action(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        command(["store", action, "--help"])

    told = set(re.findall(r"--[a-z-]+", capsys.readouterr().out.split("examples:")[0]))
    assert set(FLAGS[action]) <= told


def test_flags_and_shells_are_completed() -> None:
    assert words("--c") == ["--cfg", "--config-dir"]
    assert words("z", "completion") == ["zsh"]


def test_a_broken_yaml_gives_no_candidates_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "backbone").mkdir(parents=True)
    (tmp_path / "conf" / "backbone" / "odd.yaml").write_text("[")

    assert words("backbone.", "backbone=odd") == []
    assert "backbone=odd" in words("backbone=")


def test_a_query_may_hold_words_that_are_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["completion", "--query", "quant=q", "coralexp", "--help", "-cd"]) == 0

    assert capsys.readouterr().out.startswith("quant=qat\t")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_says_how_to_install_it(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([shell]) == 0

    told = capsys.readouterr().out
    assert "To install it" in told
    assert f"coralexp completion {shell}" in told


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["completion", "bsh"]) == 2
    assert "no script for 'bsh', did you mean 'bash'?" in capsys.readouterr().err


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program `coralexp`, as an installation puts it on the path."""
    path = tmp_path_factory.mktemp("bin") / "coralexp"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m coralexp "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.toolchain
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash; install it")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("coralexp pl", ["plan"]),
        ("coralexp quant=q", ["qat"]),
        ("coralexp quant=ptq,q", ["ptq,qat"]),
        ("coralexp backbone=convnet backbone.fi", ["backbone.filters="]),
        ("coralexp plan training.optimizer=adamw trai", ["training=", "training."]),
        ("coralexp --config-dir=conf seed=*  on_error=s", ["stop"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bash_completes(program: Path, line: str, expected: list[str]) -> None:
    script = """
        source <(coralexp completion bash)
        COMP_LINE="$1"; COMP_POINT="${#COMP_LINE}"
        _coralexp coralexp
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p coralexp >&2
    """
    environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == expected
    assert done.stderr == "complete -o default -F _coralexp coralexp\n"
