"""Whatever the text, reading it ends without an error, and what it says hangs together."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.edgetpu.compiler.log import read_log

ROOT = Path(__file__).resolve().parents[3]


@cache
def real_logs() -> tuple[str, ...]:
    for folder in (ROOT / "shared", ROOT.parent / "shared"):
        found = sorted(folder.glob("edgetpu/compiler_logs/*.txt"))
        if found:
            return tuple(path.read_text("utf-8") for path in found)
    pytest.skip("the recorded outputs are not here")


def hold(text: str) -> None:
    output = read_log(text)
    assert output.said in {"succeeded", "failed", "unknown"}
    assert (output.said == "failed") == bool(output.failures)
    for failure in output.failures:
        assert failure.cause
        assert failure.remedy
        assert "\n" not in failure.cause + failure.remedy + failure.text
    for model in output.models:
        if None not in (model.edgetpu_ops, model.cpu_ops, model.total_ops):
            assert min(model.edgetpu_ops, model.cpu_ops) >= 0


@given(st.text(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str) -> None:
    hold(text)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_cuts_and_splices_of_real_outputs_are_read(data: st.DataObject) -> None:
    logs = real_logs()
    pieces = []
    for _ in range(data.draw(st.integers(1, 4))):
        log = data.draw(st.sampled_from(logs))
        start = data.draw(st.integers(0, len(log)))
        pieces.append(log[start : data.draw(st.integers(start, len(log)))])
    hold(data.draw(st.sampled_from(["", "\n", "\r\n", " ", "\x1b[0m", "\t"])).join(pieces))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_changed_characters_do_no_harm(data: st.DataObject) -> None:
    text = list(data.draw(st.sampled_from(real_logs())))
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.characters())
    hold("".join(text))
