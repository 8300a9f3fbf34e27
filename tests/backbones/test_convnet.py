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
