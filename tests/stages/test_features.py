"""A head that learns from features learns what it would from the images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coralexp.artifacts.progress import silent
from coralexp.datasets import digits
from coralexp.errors import StoreError
from coralexp.stages.dataset import write_dataset
from coralexp.stages.features import features_of
from coralexp.stages.trained import splits_of

pytestmark = pytest.mark.tf

# One process a training, as the pipeline has it: bits depend on what was computed before.
PROGRAM = """
import sys
from functools import partial
from pathlib import Path
from coralexp.artifacts.progress import silent
from coralexp.backbones import convnet
from coralexp.heads import linear, mlp
from coralexp.stages.features import write_features
from coralexp.stages.train import train_model
from coralexp.training import recipe

root, way, head = Path(sys.argv[1]), *sys.argv[2:]
build = partial(convnet.build, filters=(8, 16))
# Adam would blow up what rounds differently: its first steps go by the sign of a gradient.
plan = recipe.plan(
    epochs=6,
    batch_size=32,
    learning_rate=0.1 if head == "mlp" else 3.0,
    optimizer="sgd",
    freeze_backbone=True,
)
how = dict(seed=4, threads=1, progress=silent)
features = None
if way == "features":
    features = root / "features" / "entry"
    features.mkdir(parents=True)
    write_features(root / "dataset", build, features, pooled=head == "linear", **how)
folder = root / way / "train"
folder.mkdir(parents=True)
# Each way would draw its own dropout.
heads = {"mlp": partial(mlp.attach, units=(16,)), "linear": linear.attach}
attach = partial(heads[head], dropout=0.0)
train_model(root / "dataset", build, attach, plan, folder, features=features, **how)
"""


@pytest.fixture(scope="module", params=["mlp", "linear"])
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(request.param)
    (root / "dataset").mkdir()
    write_dataset(digits.read(side_px=8, limit=400), 4, root / "dataset", silent)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for way in ("features", "images"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(root), way, request.param],
            capture_output=True,
            check=False,
            env=environment,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return root


def read(path: Path):
    return json.loads(path.read_text("utf-8"))


def test_both_ways_learn_the_same(job: Path) -> None:
    by_features, by_images = job / "features" / "train", job / "images" / "train"
    with_features = read(by_features / "history.json")
    with_images = read(by_images / "history.json")

    assert len(with_features) == len(with_images) == 6
    for one, other in zip(with_features, with_images, strict=True):
        # Batches of features are summed in another order: 1.3e-7 was seen.
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
        assert one["validation_loss"] == pytest.approx(other["validation_loss"], rel=1e-5)
    ours, theirs = read(by_features / "metrics.json"), read(by_images / "metrics.json")
    assert ours["accuracy_float"] == theirs["accuracy_float"]
    assert ours["accuracy_float"] > 0.2
    for name in ("parameters_total", "parameters_trainable"):
        assert ours[name] == theirs[name]


def test_the_whole_model_is_written_with_the_weights_of_the_head(job: Path) -> None:
    import h5py

    def weights(file: Path) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}

        def visit(name: str, thing: h5py.Group | h5py.Dataset) -> None:
            if isinstance(thing, h5py.Dataset):
                found[name] = thing[()]

        with h5py.File(file) as opened:
            opened["model_weights"].visititems(visit)
        return found

    ours = weights(job / "features" / "train" / "model.h5")
    theirs = weights(job / "images" / "train" / "model.h5")
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        if "head" in name:
            np.testing.assert_allclose(values, theirs[name], atol=1e-5, err_msg=name)
        else:
            assert np.array_equal(values, theirs[name]), name  # frozen


def test_features_are_those_of_each_image_in_its_order(job: Path) -> None:
    splits = splits_of(job / "dataset")

    found = features_of(job / "features" / "entry", splits)

    places = (1, 1) if job.name.startswith("linear") else (2, 2)
    assert found.keys() == {"train", "validation", "test"}
    for split, features in found.items():
        assert features.images.dtype == np.float32
        assert features.images.shape == (len(splits[split].images), *places, 16)
        assert np.array_equal(features.labels, splits[split].labels)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), (b"", "cannot be read"), (b"no array", "cannot be read")],
    ids=["missing", "empty", "text"],
)
def test_damaged_features_are_named(
    job: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    np.save(tmp_path / "validation.npy", np.zeros(3))
    if content is not None:
        (tmp_path / "train.npy").write_bytes(content)

    with pytest.raises(StoreError, match=told) as caught:
        features_of(tmp_path, splits_of(job / "dataset"))

    assert f"delete {tmp_path} to have it made again" in str(caught.value)


def test_features_of_other_images_are_refused(job: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "train.npy", np.zeros((3, 2, 2, 16), np.float32))

    with pytest.raises(StoreError, match=r"train\.npy: is of other images"):
        features_of(tmp_path, splits_of(job / "dataset"))
