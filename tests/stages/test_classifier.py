"""Of a saved model the numbers are read, and not what it says that it is: that may be a program."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from programs import with_a_program

from coralexp.backbones import convnet
from coralexp.errors import WeightsError
from coralexp.heads import linear, mlp
from coralexp.quant import qat
from coralexp.stages.classifier import classifier, take_weights
from coralexp.stages.export_keras import export_keras
from coralexp.training import recipe
from coralexp.training.freezing import freeze

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.tf,
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]
SHAPE = (16, 16, 1)
BUILD = partial(convnet.build, filters=(4, 6))


def freezing(freeze_backbone: bool):
    return partial(freeze, recipe=recipe.plan(freeze_backbone=freeze_backbone))


def network(attach_head=linear.attach, *, freeze_backbone: bool = False):
    made = classifier(BUILD, attach_head, SHAPE, 3, freezing(freeze_backbone)).model
    random = np.random.default_rng(5)
    made.set_weights(
        [random.uniform(0.1, 0.9, x.shape).astype(np.float32) for x in made.get_weights()]
    )
    return made


def export(source: Path, to: Path, tuning=None) -> None:
    export_keras(
        source, to, BUILD, linear.attach, SHAPE, classes=3, recipe=recipe.plan(), tuning=tuning
    )


@pytest.mark.parametrize("freeze_backbone", [False, True])
@pytest.mark.parametrize("attach_head", [linear.attach, partial(mlp.attach, units=(5,))])
def test_weights_come_back_as_they_were(attach_head, freeze_backbone: bool, tmp_path: Path) -> None:
    trained = network(attach_head, freeze_backbone=freeze_backbone)
    trained.save(tmp_path / "model.h5", include_optimizer=False)
    made = classifier(BUILD, attach_head, SHAPE, 3, freezing(freeze_backbone)).model

    take_weights(made, tmp_path / "model.h5")

    for ours, theirs in zip(made.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.name)


def test_a_program_in_a_stored_model_does_not_run(tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras

    source, mark = tmp_path / "model.h5", tmp_path / "mark"
    with_a_program(network(), mark, source)

    take_weights(network(), source)
    for name in ("given.keras", "given.h5", "given"):
        export(source, tmp_path / name)
    assert not mark.exists()

    keras.models.load_model(source, compile=False)  # what was not done: it does run there
    assert mark.exists()
    for name in ("given.keras", "given.h5", "given"):
        mark.unlink(missing_ok=True)
        given = keras.models.load_model(tmp_path / name, compile=False)
        assert not mark.exists()
        image = np.ones((1, *SHAPE), np.float32)
        np.testing.assert_allclose(given(image), network()(image), rtol=1e-5)


def test_a_fine_tuned_model_is_exported_with_its_numbers(tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras, tfmot

    tuning = qat.plan(epochs=1).fine_tuning
    assert tuning is not None
    images = np.random.default_rng(1).uniform(-1, 1, (4, *SHAPE)).astype(np.float32)
    tuned = tuning.prepare(network(), images)
    tuned.save(tmp_path / "model.h5", include_optimizer=False)

    export(tmp_path / "model.h5", tmp_path / "given.keras", tuning)

    with tfmot.quantization.keras.quantize_scope():
        given = keras.models.load_model(tmp_path / "given.keras", compile=False)
    np.testing.assert_allclose(given(images), tuned(images), rtol=1e-5)


def _rename(file: h5py.File, old: str, new: str) -> None:
    top = file["model_weights"]
    top.move(old, new)
    names = [str(name) for name in top.attrs["layer_names"]]
    top.attrs["layer_names"] = [new if name == old else name for name in names]


def _link(file: h5py.File, layer: str) -> None:
    del file["model_weights"][layer]
    file["model_weights"][layer] = h5py.ExternalLink("/etc/passwd", "x")


def _reshape(file: h5py.File, layer: str) -> None:
    folder = file["model_weights"][layer]
    name = str(folder.attrs["weight_names"][0])
    del folder[name]
    folder[name] = np.ones((1, 1, 1, 4), np.float32)


def _drop(file: h5py.File) -> None:
    top = file["model_weights"]
    names = [str(name) for name in top.attrs["layer_names"]]
    top.attrs["layer_names"] = [name for name in names if name != "block1_conv"]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda file: file.__delitem__("model_weights"), "is missing or a link"),
        (lambda file: _rename(file, "block1_conv", "x"), "layer 'x' is not 'block1_conv'"),
        (lambda file: _link(file, "block1_conv"), "is missing or a link"),
        (lambda file: _reshape(file, "block1_conv"), r"is not 'block1_conv' \[\(3, 3, 1, 4\)\]"),
        (_drop, "has 4 layers with weights; this network has 5"),
    ],
    ids=["no weights", "another name", "a link", "another shape", "a layer less"],
)
def test_weights_of_another_network_are_refused_by_name(harm, reason: str, tmp_path: Path) -> None:
    network().save(tmp_path / "model.h5", include_optimizer=False)
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        harm(file)

    with pytest.raises(WeightsError, match=reason):
        take_weights(network(), tmp_path / "model.h5")


def test_what_a_model_says_of_itself_is_not_even_read(tmp_path: Path) -> None:
    network().save(tmp_path / "model.h5", include_optimizer=False)
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Nonsense"})

    take_weights(network(), tmp_path / "model.h5")
