"""`coralexp inspect`: what it prints, where it writes, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import coralexp
from coralexp.cli.main import main
from coralexp.errors import ConfigError, ModelFileError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model(shared: Path) -> Path:
    return shared / "edgetpu" / "models" / "tf2_mobilenet_v2_1.0_224_ptq.tflite"


def test_it_prints_a_line_for_every_device_with_an_edge_tpu(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert main(["inspect", str(model)]) == 0

    shown = capsys.readouterr().out
    assert "68 of 68 operators on the chip" in shown
    for device in ("dev_board", "pcie", "rpi4", "usb", "usb2"):
        assert f"\n  {device} " in shown
    assert "\n  cpu " not in shown
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_json_goes_alone_to_stdout_and_devices_take_options(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["inspect", str(model), "--json", "--device", "usb", "--device", "usb,clock=std"]

    assert main([*line, "--device=cpu"]) == 0

    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert shown.err == ""
    assert list(record["latency"]) == ["usb", "usb,clock=std", "cpu"]
    assert record["latency"]["usb"]["ms"] < record["latency"]["usb,clock=std"]["ms"]
    assert record["latency"]["cpu"] is None
    assert record["file"] == str(model)


def test_a_page_is_written_where_it_was_asked_for(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "page.html"

    assert main(["inspect", str(model), "--device=usb", "--html", str(target)]) == 0

    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"wrote {target}" in shown.err
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_tensors_and_every_operator_are_shown_when_asked_for(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(model), "--device=usb", "--tensors", "--all"]) == 0

    shown = capsys.readouterr().out
    assert "real values" in shown
    assert "\n  67  " in shown


def test_a_model_that_the_chip_cannot_run_is_an_answer(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared / "edgetpu" / "models" / "model_invoking_error.tflite"

    assert main(["inspect", str(path)]) == 0

    assert "the compiler would refuse it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--device", "usbb"], "did you mean 'usb'?"),
        (["--device", "usb,clok=std"], "device.clok: unknown option, did you mean 'clock'?"),
        (["--device", "usb,clock=fast"], "device.clock"),
        (["--device", "usb,dev_board"], "'dev_board' is no option; expected option=value"),
        (["--device", "usb,fixed_ms=-1"], "device.fixed_ms"),
        (["--device", ""], "device"),
        (["--html", "absent/page.html"], "there is no folder"),
    ],
)
def test_a_wrong_request_is_told_with_a_way_out(
    model: Path, options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(model), *options]) == 2

    shown = capsys.readouterr()
    assert text in shown.err
    assert shown.out == ""


def test_every_wrong_device_is_told_at_once(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(model), "--device=usbb", "--device=rpi44"]) == 2

    told = capsys.readouterr().err
    assert "(in --device usbb)" in told
    assert "(in --device rpi44)" in told


def test_a_file_that_is_no_model_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"nothing of the kind")

    assert main(["inspect", str(path), "--json"]) == 1
    assert main(["inspect", str(tmp_path / "absent.tflite")]) == 1
    assert main(["inspect", str(tmp_path)]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 3
    assert str(path) in told.err


def test_the_model_is_not_overwritten(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "model.tflite"
    copy.write_bytes(model.read_bytes())

    assert main(["inspect", str(copy), "--html", str(copy)]) == 2

    assert "is the model itself" in capsys.readouterr().err
    assert copy.read_bytes() == model.read_bytes()


def test_a_folder_of_configurations_may_hold_devices(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "device").mkdir()
    text = (ROOT / "conf" / "device" / "usb.yaml").read_text(encoding="utf-8")
    (tmp_path / "device" / "mine.yaml").write_text(text)

    assert main(["inspect", str(model), "--json", "--config-dir", str(tmp_path)]) == 0

    assert "mine" in json.loads(capsys.readouterr().out)["latency"]


def test_python_gives_the_same_as_the_command(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    devices = ("usb", "dev_board,clock=std")

    found = coralexp.inspect_model(str(model), devices)

    assert main(["inspect", str(model), "--json", *(f"--device={name}" for name in devices)]) == 0
    assert json.loads(capsys.readouterr().out) == found.to_dict()
    with pytest.raises(ConfigError):
        coralexp.inspect_model(model, ["usbb"])
    with pytest.raises(ModelFileError):
        coralexp.inspect_model(model.with_name("absent.tflite"))


@pytest.mark.parametrize("option", ["--json", "--tensors", "--html=page.html"])
def test_it_imports_no_tensorflow(model: Path, option: str, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom coralexp.cli.main import main\nstatus = main(sys.argv[1:])\n"
        "heavy = {'tensorflow', 'tf_keras', 'keras', 'mlflow', 'pandas', 'sklearn', 'matplotlib'}\n"
        "sys.exit(status or ' '.join(heavy & set(sys.modules)) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "inspect", str(model), option],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
