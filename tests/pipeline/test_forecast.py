"""What a training will take is judged by all of its passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.store import Store
from coralexp.pipeline.forecast import Expected, forecast
from coralexp.pipeline.planner import Planner
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from pathlib import Path

TWO_PHASES = (
    "training.freeze_backbone=true",
    "training.unfreeze_from=all",
    "training.epochs=2",
    "training.learning_rate=0.01",
)


def training(store: Store, *words: str) -> Expected:
    """Return what is expected of the training of a job."""
    [job] = forecast(parse(words), store, threads=1)
    return next(expected for expected in job if expected.stage == "train")


@pytest.mark.parametrize(
    ("here", "passes"),
    [
        ((*TWO_PHASES, "training.fine_tune_epochs=6"), 8),
        ((*TWO_PHASES,), 4),
        (("training.epochs=2", "training.learning_rate=0.01"), 2),
    ],
    ids=["two phases", "two of one length", "one phase"],
)
def test_both_phases_count(tmp_path: Path, here: tuple[str, ...], passes: int) -> None:
    store = Store(tmp_path)
    earlier = (*TWO_PHASES, "training.fine_tune_epochs=3", "dataset=digits")
    task = next(task for task in Planner(1)(parse(earlier).experiments[0]) if task.stage == "train")

    def write(folder: Path) -> int:
        (folder / "metrics.json").write_text("{}")
        return 1 << 20

    store.make(task.stage, task.ingredients, write)
    record = store.record("train", task.key)
    assert record is not None

    expected = training(store, *here, "dataset=digits")

    assert expected.fate == "make"
    assert expected.seconds == pytest.approx(record.made_in_s * passes / 5)
