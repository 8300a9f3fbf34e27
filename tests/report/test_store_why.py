"""What differs is told in the words of the configuration."""

from __future__ import annotations

import json

import pytest

from coralexp.artifacts.differences import Change, Difference
from coralexp.artifacts.entries import Entry
from coralexp.report.store_why import to_dict, why_lines


def change(name: str, first: object, second: object) -> Change:
    return Change(
        name,
        None if first is None else json.dumps(first),
        None if second is None else json.dumps(second),
    )


def lines(*changes: Change, stage: str = "train") -> list[str]:
    one, other = (Entry(stage, key * 20, None, 0, 0.0) for key in "ab")  # type: ignore[arg-type]
    found = Difference(stage, one.key, other.key, changes)
    return [line.strip() for line in why_lines(one, other, [found])[2:]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("backbone.options.width", 0.35, 0.5), "backbone.options.width: 0.35 -> 0.5"),
        (("backbone.options.weights", None, "imagenet"), "(none) -> imagenet"),
        (("tools.tensorflow", "2.20.0", "2.21.0"), "version of tensorflow: 2.20.0 -> 2.21.0"),
        (("version", 2, 3), "code of the stage train, version: 2 -> 3"),
        (("backbone.version", 1, 2), "code of the backbone, version: 1 -> 2"),
        (("bits.threads", 2, 4), "threads: 2 -> 4"),
        (("content", "a" * 64, "b" * 64), "content of the data (digest): aaaaaaaaaaaa... -> bbbb"),
        (("weights", "", "b" * 64), "content of the weights (digest): (none) -> bbbbbbbbbbbb..."),
        (
            ("bits.processor", "x86_64 avx fma", "x86_64 avx avx512f"),
            "processor: only the first has fma; only the second has avx512f",
        ),
        (("compiler", "absent", "edgetpu_compiler 16.0"), "Edge TPU compiler: absent -> edgetpu_"),
    ],
)
def test_an_ingredient_has_plain_words(given: tuple[str, object, object], expected: str) -> None:
    (line,) = lines(change(*given))

    assert expected in line


def test_the_number_of_another_part_is_not_told_beside_its_name() -> None:
    assert lines(
        change("quant.target", "coralexp.quant.ptq.plan", "coralexp.quant.qat.plan"),
        change("quant.version", 1, 2),
        stage="convert",
    ) == ["quant.target: coralexp.quant.ptq.plan -> coralexp.quant.qat.plan"]


def test_another_stage_before_is_one_line() -> None:
    assert lines(
        change("after.train", "0" * 20, None), change("after.qat", None, "1" * 20), stage="convert"
    ) == ["made from: train -> qat"]


def test_what_was_told_of_a_stage_before_is_not_told_again() -> None:
    one, other = (Entry("train", key * 20, None, 0, 0.0) for key in "ab")  # type: ignore[arg-type]
    found = [
        Difference("dataset", "c" * 20, "d" * 20, (change("seed", 1, 2),)),
        Difference("train", one.key, other.key, (change("seed", 1, 2),), ["dataset"]),
        Difference("qat", "e" * 20, "f" * 20, (), ["train"]),
    ]

    assert why_lines(one, other, found) == [
        f"train/{'a' * 20} -> train/{'b' * 20}",
        "dataset (cccccccccc -> dddddddddd)",
        "  seed: 1 -> 2",
        "train, qat: nothing else; what differs came from before",
    ]
    assert to_dict(one, other, found)["differences"][1]["changes"] == [  # type: ignore[index,call-overload]
        {"name": "seed", "first": 1, "second": 2}
    ]


def test_equal_entries_and_entries_of_which_nothing_is_known_say_so() -> None:
    one = Entry("train", "a" * 20, None, 0, 0.0)  # type: ignore[arg-type]
    gone = Difference("train", one.key, "b" * 20, is_known=False)

    assert why_lines(one, one, []) == [f"{one.name}: both are this entry; nothing differs"]
    assert "no longer there" in why_lines(one, one, [gone])[-1]
