"""The agent measures real compiled files through the real load_delegate, and fails in words."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from stand_in import build

from coralexp.boards.agent.lock import NAME
from coralexp.boards.agent_file import agent_bytes
from coralexp.boards.local import measure_here
from coralexp.boards.order import Protocol
from coralexp.boards.presence import Wanted, find_here
from coralexp.boards.reach import measure_there
from coralexp.errors import BoardError
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.boards.order import MeasureOrder

    MakeOrder = Callable[..., MeasureOrder]

pytestmark = pytest.mark.toolchain


def python_without(folder: Path, *options: str) -> str:
    """Return an interpreter that does not see what is installed."""
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {" ".join(options)} "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_a_compiled_file_is_measured_by_the_protocol(order: MakeOrder, stand_in: Path) -> None:
    measured = measure_here(order())

    assert measured.on_edge_tpu
    assert measured.fields["inferences"] == 20
    times_ms = np.array(measured.raw_ms["invoke_ms"])
    whole_ms = np.array(measured.raw_ms["end_to_end_ms"])
    assert len(times_ms) == len(whole_ms) == 20
    assert (whole_ms >= times_ms).all()
    assert (times_ms >= 2).all()
    assert measured.first_ms >= 30
    p90, p95, p99 = np.percentile(times_ms, (90, 95, 99))
    assert measured.invoke_ms == pytest.approx(
        {
            "median": np.median(times_ms),
            "mean": times_ms.mean(),
            "std": times_ms.std(ddof=1),
            "p90": p90,
            "p95": p95,
            "p99": p99,
            "min": times_ms.min(),
            "max": times_ms.max(),
        }
    )
    assert measured.group("library") == {"path": str(stand_in), "version": None, "clock": None}
    assert measured.group("runtime")["name"] == "ai-edge-litert"
    assert measured.group("model")["sha256"] == (
        hashlib.sha256(order().model.read_bytes()).hexdigest()
    )


def test_that_no_bus_shows_an_edge_tpu_is_said(order: MakeOrder, tmp_path: Path) -> None:
    nothing = measure_here(order(sys_root=tmp_path / "empty"))
    usb = tmp_path / "sys/bus/usb/devices/2-1"
    usb.mkdir(parents=True)
    for name, text in {"idVendor": "18d1", "idProduct": "9302", "speed": "5000"}.items():
        (usb / name).write_text(text)

    seen = measure_here(order(sys_root=tmp_path / "sys", device="usb:0"))

    assert "word alone" in nothing.warnings[0]
    assert seen.warnings == []
    assert [device["name"] for device in seen.fields["devices"]] == ["usb:0"]


def test_a_file_that_is_not_compiled_runs_on_the_cpu_and_says_so(
    order: MakeOrder, uncompiled: Path
) -> None:
    measured = measure_here(order(uncompiled))

    assert not measured.on_edge_tpu
    assert measured.fields["library"] is None
    assert measured.fields["devices"] == []


def test_it_goes_on_until_there_are_enough_and_time_has_passed(order: MakeOrder) -> None:
    longer = measure_here(order(protocol=Protocol(warm_up=0, at_least=5, seconds=0.2)))
    cut = measure_here(order(protocol=Protocol(warm_up=0, at_least=10_000, at_most_s=0.1)))

    assert sum(longer.raw_ms["end_to_end_ms"]) > 150
    assert len(longer.raw_ms["invoke_ms"]) > 5
    assert len(cut.raw_ms["invoke_ms"]) < 100
    assert any("the limit of 0.1 s was reached" in text for text in cut.warnings)


def test_images_are_answered_one_by_one(order: MakeOrder, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (3, 128, 128, 3), np.uint8)
    np.save(tmp_path / "images.npy", images[[0, 1, 2, 0]])

    answers = measure_here(order(images=tmp_path / "images.npy")).answers

    assert answers[0] == answers[3]
    assert len(set(answers)) == 3


def test_images_of_another_shape_are_refused(order: MakeOrder, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((2, 96, 96, 3), np.uint8))

    with pytest.raises(BoardError, match=r"takes uint8 \[128, 128, 3\], the images are uint8 \[96"):
        measure_here(order(images=tmp_path / "images.npy"))


@pytest.mark.parametrize(
    ("fail_at", "says"),
    [
        ("SILENTLY", "Failed to load delegate from .*is it plugged in"),
        ("CREATE", "the stand-in refuses its device.*is it plugged in"),
        ("DELEGATE", "this machine: .+"),
        ("INIT", r"EdgeTpuDelegateForCustomOp\) failed to prepare.*min_runtime"),
        ("PREPARE", r"EdgeTpuDelegateForCustomOp\) failed to prepare.*min_runtime"),
        ("INVOKE", r"EdgeTpuDelegateForCustomOp\) failed to invoke.*unplug it"),
        ("LATER", r"EdgeTpuDelegateForCustomOp\) failed to invoke.*unplug it"),
        ("CRASH", r"the agent crashed \(signal 6\), as a TFLite runtime and a libedgetpu"),
    ],
)
def test_each_failure_says_what_to_do(
    order: MakeOrder, tmp_path: Path, fail_at: str, says: str
) -> None:
    library = build(tmp_path, fail_at=fail_at)

    with pytest.raises(BoardError, match=says):
        measure_here(order(delegate=str(library)))


def test_a_missing_library_says_how_to_get_it(order: MakeOrder) -> None:
    with pytest.raises(BoardError, match=r"nowhere\.so.*install libedgetpu1-std"):
        measure_here(order(delegate="/nowhere.so"))


def test_a_library_may_be_named_from_the_folder_of_the_command(
    order: MakeOrder, stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stand_in.parent)

    measured = measure_there(order(delegate=f"./{stand_in.name}"), Machine())

    assert measured.group("library")["path"] == str(stand_in)


def test_a_device_that_is_not_there_is_refused(order: MakeOrder) -> None:
    with pytest.raises(BoardError, match=r"no Edge TPU \(usb:7\) could be taken"):
        measure_here(order(device="usb:7"))


def test_a_compiled_file_is_nothing_for_a_cpu(order: MakeOrder) -> None:
    with pytest.raises(BoardError, match="compiled for the Edge TPU; a CPU runs"):
        measure_here(order(device="cpu"))


def test_an_operator_that_the_runtime_does_not_have_is_named(
    order: MakeOrder, shared: Path
) -> None:
    name = "posenet_mobilenet_v1_075_353_481_16_quant_decoder_edgetpu.tflite"

    with pytest.raises(BoardError, match=r"PosenetDecoderOp.*does not have that operator"):
        measure_here(order(shared / "edgetpu/models" / name))


def test_a_python_without_numpy_says_so(order: MakeOrder, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"no numpy in .*pip install numpy"):
        measure_here(order(), python_without(tmp_path, "-S", "-E"))


def test_a_python_that_is_not_there_says_so(order: MakeOrder, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"python9: cannot be started \(No such file"):
        measure_here(order(), str(tmp_path / "python9"))


def test_the_unrelated_package_pycoral_is_not_taken_for_corals(
    order: MakeOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pycoral").mkdir()
    (tmp_path / "pycoral/__init__.py").write_text("version = '0.2.0'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert measure_here(order()).group("runtime")["name"] == "ai-edge-litert"


def test_corals_own_pycoral_is_preferred(
    order: MakeOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its interface over the runtime that is here: its wheels end at Python 3.9."""
    for package in ("pycoral", "pycoral/utils", "tflite_runtime"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    runtime = "from ai_edge_litert.interpreter import Interpreter, load_delegate\n"
    (tmp_path / "tflite_runtime/interpreter.py").write_text(runtime)
    (tmp_path / "pycoral/utils/edgetpu.py").write_text(
        "from tflite_runtime.interpreter import Interpreter\n"
        "def make_interpreter(model_path_or_content, device=None, delegate=None):\n"
        "    return Interpreter(model_path_or_content, experimental_delegates=[delegate])\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    measured = measure_here(order())

    assert measured.group("runtime")["name"] == "pycoral"
    assert measured.on_edge_tpu


def test_a_library_that_answers_is_a_device(stand_in: Path, tmp_path: Path) -> None:
    wanted = Wanted("this computer", is_this_computer=True, interface="usb3", edge_tpu=True)
    broken = build(tmp_path, fail_at="SILENTLY")

    there = find_here(wanted, str(stand_in), None, tmp_path)
    refused = find_here(wanted, str(broken), None, tmp_path)

    assert there.there
    assert there.what.endswith("an Edge TPU on an unknown bus")
    assert not refused.there
    assert "is it plugged in" in refused.reason


def test_two_do_not_measure_at_once(order: MakeOrder, tmp_path: Path) -> None:
    holder = '{"pid": 7, "user": "ada", "job": "run of something", "since": 0}'
    with (tmp_path / NAME).open("w+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(holder)
        lock.flush()

        with pytest.raises(BoardError, match="another process measures here: process 7 of ada"):
            measure_here(order(wait_s=0.2))
    assert measure_here(order(wait_s=0.2)).on_edge_tpu
    assert not (tmp_path / NAME).read_text()


def test_the_agent_ends_with_who_asked(order: MakeOrder, tmp_path: Path) -> None:
    (tmp_path / "agent.pyz").write_bytes(agent_bytes())
    endless = dataclasses.replace(order(), protocol=Protocol(at_least=10**9, at_most_s=10**6))
    (tmp_path / "order.json").write_text(endless.to_json(str(endless.model), None))
    command = [sys.executable, "agent.pyz", "--tied", "order.json", "result.json"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE) as agent:
        while not (tmp_path / NAME).exists() or not (tmp_path / NAME).read_text():
            assert agent.poll() is None
            time.sleep(0.01)
        assert agent.stdin is not None
        agent.stdin.close()

        assert agent.wait(20) == 1
    assert not (tmp_path / "result.json").exists()
