"""`coralexp bench` measures any model, and says where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from stand_in import build

from coralexp.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = "edgetpu/models/mobilenet_v1_0.25_128_quant"


@pytest.mark.slow
def test_a_cpu_is_called_a_cpu(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(shared / f"{NETWORK}.tflite"), "--threads", "1"]) == 0

    told = capsys.readouterr().out
    assert "measured on the CPU of this machine, 1 thread: no Edge TPU took part" in told
    assert "invoke alone" in told
    assert "end to end" in told
    assert "first inference" in told


@pytest.mark.toolchain
def test_everything_is_there_for_programs(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = build(tmp_path, invoke_us=2_000)

    status = main(
        [
            "bench",
            str(shared / f"{NETWORK}_edgetpu.tflite"),
            *("--delegate", str(library), "--device", "usb", "--json"),
        ]
    )

    told = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (told["schema"], told["source"], told["place"]) == (1, "measured", "this machine")
    measurement = told["measurement"]
    assert measurement["processor"] == "edgetpu"
    assert measurement["inferences"] >= 200
    assert sum(measurement["raw"]["end_to_end_ms"]) > 4_500
    assert measurement["protocol"]["seconds"] == 5


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["no.tflite"], 1, "no.tflite: cannot be read"),
        (["no.tflite", "--host=-oProxyCommand=x"], 2, "--host: must not begin with '-'"),
        (["no.tflite", "--threads", "0"], 2, "--threads: expected at least 1, got 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    words: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == status

    assert says in capsys.readouterr().err
