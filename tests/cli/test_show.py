"""`--cfg` and `--info`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from coralexp.cli.main import main

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the flag for the YAML files of a small laboratory."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.chdir(tmp_path)
    return f"--config-dir={PLUGIN / 'conf'}"


def test_the_configuration_of_a_job_is_printed(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([lab, "--cfg", "job", "backbone=wide", "seed=7"]) == 0

    told = capsys.readouterr().out
    assert not told.startswith("#")
    config = yaml.safe_load(told)
    assert config["seed"] == 7
    assert config["backbone"] == {
        "choice": "wide",
        "target": "smalllab.parts.halving",
        "options": {"width": 1.0, "weights": None},
    }


def test_the_configurations_of_a_sweep_are_printed_one_after_another(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([lab, "-m", "--cfg=job", "quant=whole,unsigned"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("# job 0: quant=whole\n")
    assert "---\n# job 1: quant=unsigned\n" in told
    ends = [config["quant"]["options"]["ends"] for config in yaml.safe_load_all(told)]
    assert ends == ["int8", "uint8"]


def test_everything_is_also_how_to_run_it(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([lab, "--cfg", "all", "threads=2"]) == 0

    config = yaml.safe_load(capsys.readouterr().out)
    assert (config["threads"], config["store"]) == (2, ".coralexp")
    nothing = dict.fromkeys(("compiler", "delegate", "python", "host"))
    assert config["machine"] == {"plugins": ["smalllab"], "hosts": [], **nothing}


def test_info_tells_where_everything_comes_from(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([lab, "--info", "quant=whole,unsigned"]) == 0

    told = capsys.readouterr().out
    assert f"  1. {PLUGIN / 'conf'}\n" in told
    assert "  backbone: halving\n" in told
    assert "2 jobs (a sweep)\n  job 0: quant=whole\n" in told
    assert f"smalllab.parts.whole  ({PLUGIN / 'conf' / 'quant' / 'unsigned.yaml'})\n" in told


def test_info_on_one_topic_tells_no_more(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([lab, "--info", "searchpath"]) == 0

    assert capsys.readouterr().out.startswith("search path (the first folder that has a file wins)")


def test_a_wrong_request_is_refused_here_too(lab: str) -> None:
    assert main([lab, "--cfg", "job", "quant=qta"]) == 2
    assert main([lab, "--info", "backbone.widht=1"]) == 2
