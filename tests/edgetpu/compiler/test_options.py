"""What the compiler cannot take is refused before it is asked."""

from __future__ import annotations

import pytest

from coralexp.edgetpu.compiler.options import CompileOptions, flags, output_stems
from coralexp.errors import OptionError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_segments": 0}, "num_segments: expected at least 1 and at most 64, got 0"),
        ({"num_segments": 65}, "got 65"),
        ({"delegate_search_step": 0}, "delegate_search_step: expected at least 1, got 0"),
        ({"timeout_s": 0}, "timeout_s: expected at least 1"),
        ({"min_runtime": 9}, "min_runtime: expected 10 to 14 or null, got 9"),
        ({"min_runtime": 15}, "got 15"),
        ({"intermediate_tensors": ("a:1",)}, "cannot take 'a:1'"),
        ({"intermediate_tensors": ("--version",)}, "cannot take '--version'"),
        ({"intermediate_tensors": ("a,b",)}, "cannot take 'a,b'"),
        ({"intermediate_tensors": ("",)}, "cannot take ''"),
    ],
)
def test_a_value_out_of_range_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        CompileOptions(**options)


def test_the_search_for_a_delegate_begins_with_version_16() -> None:
    for version in (None, "1.0.249710469", "2.1.302470888", "14.1.317412892", "15.0.340273435"):
        assert flags(CompileOptions(), version) == ["--show_operations"]
    for version in ("16.0.384591198", "17.0"):
        assert "--search_delegate" in flags(CompileOptions(), version)


def test_segments_have_the_names_that_corals_tools_expect() -> None:
    assert output_stems("model", CompileOptions()) == ["model_edgetpu"]
    assert output_stems("model", CompileOptions(num_segments=2)) == [
        "model_segment_0_of_2_edgetpu",
        "model_segment_1_of_2_edgetpu",
    ]
