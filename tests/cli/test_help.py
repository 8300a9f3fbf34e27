"""Help: what can be asked, and what can be set."""

from __future__ import annotations

from pathlib import Path

import pytest

from coralexp.cli.help import print_help
from coralexp.cli.main import main
from coralexp.cli.verbs import VERBS
from coralexp.errors import ConfigError
from coralexp.spec.folders import find_conf

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the flag for the YAML files of a small laboratory."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.chdir(tmp_path)
    return f"--config-dir={PLUGIN / 'conf'}"


def test_help_lists_verbs_choices_and_options(
    lab: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    assert main(["--help", lab]) == 0

    told = capsys.readouterr().out
    assert all(f"\n  {verb} " in told for verb in VERBS)
    assert "backbone=halving             Halves the image five times. (default)\n" in told
    assert "backbone=wide                The same, at full width.\n" in told
    assert "backbone=mobilenetv2 " in told  # those of the package too
    assert "\n  threads           Processor threads of each stage, at least 1;" in told
    assert "\033" not in told  # no colours in a file


def test_every_real_choice_has_a_description() -> None:
    conf = find_conf()

    assert {group: choice for group, choice in conf.defaults.items() if group != "experiment"}
    for group in conf.defaults:
        for path in conf.choices(group).values():
            assert path.read_text(encoding="utf-8").startswith("# "), path


def test_help_on_a_choice_tells_what_can_be_set(
    lab: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    print_help([lab, "backbone=wide", "dataset.side_px=64"])

    told = capsys.readouterr().out
    assert "backbone=wide   The same, at full width.\n" in told
    assert "  backbone.width=1       Multiplier of the channels, above 0. [a number]\n" in told
    assert "  backbone.weights=null  Where to start from." in told
    assert "dataset=blocks   Blocks, drawn.\n" in told
    assert (
        "  dataset.side_px=64  Height and width of an image, at least 8. [a whole number]" in told
    )
    assert "  dataset.path=null   Folder with a file `blocks.txt`; None needs no folder." in told
    assert "quant=" not in told


def test_help_on_a_choice_tells_also_what_is_still_needed(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_help([lab, "training=open"])

    assert "training.epochs=... " in capsys.readouterr().out


def test_help_on_an_unknown_choice_is_refused(lab: str) -> None:
    with pytest.raises(ConfigError, match="did you mean 'wide'"):
        print_help([lab, "backbone=wdie"])


def test_colours_are_for_terminals_alone(
    lab: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_help([lab])
    assert "\033[1m" in capsys.readouterr().out

    monkeypatch.setenv("NO_COLOR", "1")
    print_help([lab])
    assert "\033" not in capsys.readouterr().out
