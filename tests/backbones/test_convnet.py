"""convnet learns digits in seconds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.mark.tf
def test_convnet_reads_digits() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from coralexp.backbones import convnet
    from coralexp.heads import linear
    from coralexp.tf_runtime import keras

    digits = load_digits()
    small = (digits.images * 255 / 16).astype(np.uint8)
    images = np.stack([np.asarray(Image.fromarray(image).resize((32, 32))) for image in small])
    images = images[..., None].astype(np.float32) / 127.5 - 1
    seen, unseen, seen_labels, unseen_labels = train_test_split(
        images, digits.target, test_size=0.2, random_state=0, stratify=digits.target
    )
    keras.utils.set_random_seed(0)
    backbone = convnet.build((32, 32, 1))
    model = keras.Model(backbone.input, linear.attach(backbone.output, 10))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", ["accuracy"])

    model.fit(seen, seen_labels, batch_size=32, epochs=10, verbose=0)

    assert model.evaluate(unseen, unseen_labels, verbose=0)[1] >= 0.97


@pytest.mark.tf
def test_convnet_takes_any_side_from_the_least() -> None:
    from coralexp.backbones import convnet

    assert convnet.build((28, 28, 1)).output_shape == (None, 3, 3, 128)
    assert convnet.build((8, 9, 1)).output_shape == (None, 1, 1, 128)
    assert convnet.build((9, 9, 3), filters=(4, 8), width=2.0).output_shape == (None, 2, 2, 16)


@pytest.mark.tf
def test_convnet_is_the_network_of_the_exercise_on_pooling() -> None:
    from coralexp.backbones import convnet

    asked = {
        "filters": (32, 64),
        "convolutions": 2,
        "padding": "valid",
        "normalization": "none",
    }
    pooled = convnet.build((32, 32, 3), **asked, pooling="max")
    plain = convnet.build((32, 32, 3), **asked, pooling="none")

    assert pooled.output_shape == (None, 5, 5, 64)
    assert plain.output_shape == (None, 24, 24, 64)
    assert pooled.count_params() == plain.count_params() == 65_568
    features, units, classes = 24 * 24 * 64, 512, 10
    dense = features * units + units + units * classes + classes
    assert plain.count_params() + dense == 18_945_578
    assert [layer.name for layer in pooled.layers[1:6]] == [
        "block1_conv1",
        "block1_relu1",
        "block1_conv2",
        "block1_relu2",
        "block1_pool",
    ]


@pytest.mark.tf
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("pooling", ["max", "average", "none", "stride"])
def test_the_least_side_leaves_a_pixel_and_one_less_is_refused(pooling, padding) -> None:
    from coralexp.backbones import convnet

    options = {"filters": (2, 2, 2), "kernel_px": 5, "pooling": pooling, "padding": padding}
    least_px = {
        ("max", "same"): 8,
        ("average", "same"): 8,
        ("none", "same"): 1,
        ("stride", "same"): 1,
        ("max", "valid"): 36,
        ("average", "valid"): 36,
        ("none", "valid"): 13,
        ("stride", "valid"): 29,
    }[pooling, padding]

    model = convnet.build((least_px, least_px, 1), **options)

    assert model.output_shape == (None, 1, 1, 2)
    with pytest.raises(ValueError, match=f"needs sides of {least_px} px or more"):
        convnet.build((least_px - 1, least_px - 1, 1), **options)


@pytest.mark.tf
def test_dropout_ends_each_block() -> None:
    from coralexp.backbones import convnet

    model = convnet.build((8, 8, 1), filters=(2, 2), dropout=0.25, pooling="average")

    names = [layer.name for layer in model.layers]
    assert names[-2:] == ["block2_pool", "block2_dropout"]
    assert model.get_layer("block1_dropout").rate == pytest.approx(0.25)
