"""The terminal shows the verdict, the operators, what to change and the times, in 80 columns."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from coralexp.report.inspection.columns import plain
from coralexp.report.inspection.tensors import print_tensors
from coralexp.report.inspection.terminal import print_inspection

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.edgetpu.inspection import Inspection


def printed(inspection: Inspection, width: int = 80, *, every: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_inspection(inspection, console, every=every)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_model_that_is_mapped_is_told_in_a_few_lines(inspection: Inspection) -> None:
    text = printed(inspection)

    assert len(text.splitlines()) < 30
    assert "68 of 68 operators on the chip (100%)" in text
    assert "300.8 M multiplications" in text
    assert "Mapped to Edge TPU" in text
    assert "What to change" not in text


@pytest.mark.parametrize("every", [False, True])
def test_it_fits_80_columns_without_colours_when_it_is_piped(
    make: Callable[..., Inspection], every: bool
) -> None:
    text = printed(make(on_cpu=frozenset({5, 66, 67})), every=every)

    assert max(map(len, text.splitlines())) <= 80
    assert "\033" not in text
    assert text.isascii()


def test_every_operator_has_a_row_when_it_is_asked_for(inspection: Inspection) -> None:
    rows = [line.split() for line in printed(inspection, every=True).splitlines()]

    indices = [int(row[0]) for row in rows if len(row) > 5 and row[0].isdigit()]
    assert indices == list(range(68))


def test_one_advice_is_given_once_for_all_operators_that_it_helps(
    make: Callable[..., Inspection],
) -> None:
    text = printed(make(on_cpu=frozenset({5, 65, 66, 67})))

    assert text.count("make its input smaller") == 1
    assert "for operators 5, 65-67 (DEPTHWISE_CONV_2D, " in text
    assert "operator 5 is too large for the chip" in text
    assert "and 1 more reasons" in text


def test_a_refusal_says_why_and_what_to_change(make: Callable[..., Inspection]) -> None:
    text = printed(make(rejected=True))

    assert "the compiler would refuse it" in text
    assert "- Model not quantized\n    tensor 'x' is float32\n    to change: convert it" in text
    assert "no time for any device: the chip cannot run the model" in text


def test_a_time_says_that_it_is_estimated_and_how_far_it_may_be_off(inspection: Inspection) -> None:
    lines = printed(inspection).splitlines()

    (usb,) = [line.split() for line in lines if line.startswith("  usb ")]
    assert usb == ["usb", "~2.39", "ms", "1.91-3.11", "ms", "7.18", "ms", "418"]
    assert "  ~ estimated, not measured on a chip" in lines
    assert "  no time for rpi4: no Edge TPU" in lines
    assert "  ! usb2,clock=std: The link takes longer than the chip." in lines


def test_a_warning_of_every_device_is_given_once(inspection: Inspection) -> None:
    texts = {"usb": "3.1 of 4.2 ms are lost", "usb2,clock=std": "7.5 of 9 ms are lost"}
    times = {
        name: dataclasses.replace(inspection.latencies[name], warnings=(text,))
        for name, text in texts.items()
    }

    text = printed(dataclasses.replace(inspection, latencies=times))

    assert "! every device: 3.1 of 4.2 ms are lost (figures of usb)" in text
    assert "7.5" not in text


def test_tensors_are_told_with_the_real_values_that_they_span(inspection: Inspection) -> None:
    console = Console(file=io.StringIO(), width=80)

    print_tensors(inspection.model, console)

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert len(text.splitlines()) == 2 + len(inspection.model.main.tensors)
    assert "(32 scales)" in text  # of a convolution


def test_names_cannot_move_the_cursor_and_fit_the_terminals_encoding() -> None:
    assert plain("a\x1b[2Jb\nc") == "a\\x1b[2Jb\\nc"
    assert plain("π", "ascii") == "\\u03c0"
    assert plain("\u202egnp") == "\\u202egnp"
    assert plain("π") == "π"
