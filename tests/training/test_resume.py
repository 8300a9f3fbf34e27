"""A checkpoint is taken up only if it is whole and of this training; else all begins anew."""

from __future__ import annotations

import io
import json
import pickle  # noqa: S403 - to see it refused
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.progress import silent
from coralexp.training import recipe
from coralexp.training.checkpoint import (
    Checkpoint,
    ForeignCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from coralexp.training.fit import Labelled, fit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.artifacts.progress import Step

pytestmark = pytest.mark.tf

GENERATOR = np.random.default_rng(0)
TRAIN = Labelled(GENERATOR.integers(0, 256, (32, 4, 4, 1), np.uint8), np.arange(32) % 2)
PLAN = recipe.plan(epochs=3, batch_size=16, learning_rate=0.02, shift=0.2, early_stopping=5)


class KilledError(Exception):
    """Ends a training where a kill would."""


def network(units: int = 3):
    from coralexp.tf_runtime import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.layers.Flatten(input_shape=(4, 4, 1)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def weights_after(
    checkpoint: Path | None, progress: Callable[[Step], None] = silent, units: int = 3
) -> list[np.ndarray]:
    model = network(units)
    fit(
        model,
        TRAIN,
        TRAIN,
        PLAN,
        epochs=PLAN.epochs,
        learning_rate=PLAN.learning_rate,
        seed=3,
        progress=progress,
        checkpoint=checkpoint,
    )
    return model.get_weights()


def begin(checkpoint: Path, units: int = 3) -> None:
    """Train up to the first step of the third epoch."""

    def progress(step: Step) -> None:
        if step.unit == "steps" and step.done > 4:
            raise KilledError

    with pytest.raises(KilledError):
        weights_after(checkpoint, progress, units)


@pytest.fixture(scope="module")
def undisturbed() -> list[np.ndarray]:
    return weights_after(None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the checkpoint after the second epoch."""
    file = tmp_path_factory.mktemp("train") / ".0123.resume"
    file = file.parent.joinpath("train", file.name)
    file.parent.mkdir()
    begin(file)
    return file.read_bytes()


def resumed(folder: Path, content: bytes) -> tuple[list[np.ndarray], list[str]]:
    """Return the weights and what was told of a training that finds this content."""
    file = folder / "train" / ".0123.resume"
    file.parent.mkdir()
    file.write_bytes(content)
    notes: list[str] = []
    weights = weights_after(file, lambda step: notes.append(step.note) if step.note else None)
    return weights, notes


def test_a_whole_one_is_taken_up(
    tmp_path: Path, whole: bytes, undisturbed: list[np.ndarray]
) -> None:
    weights, notes = resumed(tmp_path, whole)

    assert notes == ["resumed after epoch 2 of 3"]
    assert all(map(np.array_equal, weights, undisturbed))


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def in_weights(content: bytes) -> int:
    """Return where the last byte of the first weights is."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return file.infolist()[1].header_offset - 1


def without_best(content: bytes, folder: Path) -> bytes:
    """Return it without what early stopping remembers."""
    return changed(content, folder, lambda facts: facts.pop("stopping"))


def changed(content: bytes, folder: Path, change: Callable[[dict[str, object]], object]) -> bytes:
    """Return it with other facts, and the checksums right."""
    source, target = folder / "source", folder / "target"
    source.write_bytes(content)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "facts.npy":
                facts = json.loads(np.load(old.open(name)).tobytes())
                change(facts)
                with new.open(name, "w") as file:
                    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
                    np.lib.format.write_array(file, text)
            else:
                new.writestr(name, data)
    return target.read_bytes()


DAMAGES = {
    "empty": lambda content, _: b"",
    "cut": lambda content, _: content[: len(content) // 2],
    "one bit": lambda content, _: flipped(content, in_weights(content)),
    "text": lambda content, _: b"no checkpoint",
    "a pickle": lambda content, _: pickle.dumps({"facts": 1}),
    "no early stopping": without_best,
    "another version": lambda content, folder: changed(
        content, folder, lambda facts: facts.update(format=2)
    ),
    "another training": lambda content, folder: changed(
        content, folder, lambda facts: facts.update(of="train/.4567.resume")
    ),
    "more arrays than there are": lambda content, folder: changed(
        content, folder, lambda facts: facts["groups"].update(model=99)
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_one_is_told_and_training_begins_anew(
    tmp_path: Path, whole: bytes, undisturbed: list[np.ndarray], damage: str
) -> None:
    weights, notes = resumed(tmp_path, DAMAGES[damage](whole, tmp_path))

    assert len(notes) == 1
    assert ".0123.resume" in notes[0]
    assert notes[0].endswith("; training begins with the first epoch")
    assert all(map(np.array_equal, weights, undisturbed))


def test_any_flipped_bit_is_noticed_or_means_nothing(tmp_path: Path, whole: bytes) -> None:
    file = tmp_path / "train" / ".0123.resume"
    file.parent.mkdir()
    file.write_bytes(whole)
    right = read_checkpoint(file)
    assert right is not None
    noticed = 0
    for at in range(0, len(whole), 11):
        file.write_bytes(flipped(whole, at))
        try:
            found = read_checkpoint(file)
        except ForeignCheckpointError:
            noticed += 1
            continue
        assert found is not None
        assert found.facts == right.facts
        for group, arrays in right.arrays.items():
            assert all(map(np.array_equal, found.arrays[group], arrays)), at
    assert noticed > len(whole) // 22


def test_that_of_another_network_is_told(tmp_path: Path, undisturbed: list[np.ndarray]) -> None:
    other = tmp_path / "other" / "train" / ".0123.resume"
    other.parent.mkdir(parents=True)
    begin(other, units=7)

    weights, notes = resumed(tmp_path, other.read_bytes())

    assert len(notes) == 1
    assert "is of another network (model)" in notes[0]
    assert all(map(np.array_equal, weights, undisturbed))


def test_what_cannot_be_kept_is_told_once_and_changes_nothing(
    tmp_path: Path, undisturbed: list[np.ndarray]
) -> None:
    file = tmp_path / "missing" / ".0123.resume"
    notes: list[str] = []

    weights = weights_after(file, lambda step: notes.append(step.note) if step.note else None)

    assert notes == ["no checkpoint is kept from here on: No such file or directory"]
    assert all(map(np.array_equal, weights, undisturbed))


def test_what_is_written_is_read_and_an_interrupted_write_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".0123.resume"
    arrays = {"model": [np.arange(3.0), np.zeros((0, 2), np.int8)], "best": []}
    write_checkpoint(file, Checkpoint({"epochs": [1]}, arrays))
    before = file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(OSError, match="No space"):
            write_checkpoint(file, Checkpoint({"epochs": [1, 2]}, arrays))

    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before
    found = read_checkpoint(file)
    assert found is not None
    assert found.facts["epochs"] == [1]
    assert [array.dtype for array in found.arrays["model"]] == [np.float64, np.int8]
    assert all(map(np.array_equal, found.arrays["model"], arrays["model"]))
