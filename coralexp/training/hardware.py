"""Training on graphics cards: in half precision, on all of them; where there are none, neither.

What is tried without such a card: the networks, weights and files of both ways, on a processor that
stands in for two cards. What is not: their speed, and the precision of a card's own arithmetic.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from coralexp.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe

_HALF = "mixed_float16"
_FULL = "float32"


def is_asked(recipe: Recipe) -> bool:
    """Return whether a recipe is for graphics cards."""
    return recipe.mixed_precision or recipe.all_gpus


def gpus() -> list[str]:
    """Return the names of the graphics cards that TensorFlow can use."""
    from coralexp.tf_runtime import tf

    return [device.name for device in tf.config.list_logical_devices("GPU")]


def graphics_cards(recipe: Recipe) -> Sequence[str]:
    """Return the cards that a recipe is trained on; none if it asks for none.

    Raises:
        TrainingError: If it asks for some, and there is none.
    """
    if not is_asked(recipe):
        return ()
    found = gpus()
    if not found:
        option = "mixed_precision" if recipe.mixed_precision else "all_gpus"
        raise TrainingError(
            f"training.{option}=true needs a graphics card, and TensorFlow finds none on this "
            f"machine (it looks for NVIDIA cards, with the package tensorflow[and-cuda]); write "
            f"training.{option}=false"
        )
    return found


@contextlib.contextmanager
def on_hardware(recipe: Recipe, cards: Sequence[str]) -> Generator[None]:
    """Let what is built meanwhile compute in half precision, or on every card, as a recipe asks.

    Variables stay float32; Keras scales the loss, so that small gradients do not become 0. Each
    batch is divided among the cards, and their gradients are added up.

    Args:
        recipe: How.
        cards: See `graphics_cards`.
    """
    from coralexp.tf_runtime import keras, tf

    with contextlib.ExitStack() as stack:
        if recipe.all_gpus:
            stack.enter_context(tf.distribute.MirroredStrategy(list(cards)).scope())
        if recipe.mixed_precision:
            keras.mixed_precision.set_global_policy(_HALF)
            stack.callback(keras.mixed_precision.set_global_policy, _FULL)
        yield


def give_weights(learned: keras.Model, model: keras.Model) -> None:
    """Give a network in full precision, on one device, what one of the same layers has learned."""
    for ours, theirs in zip(model.layers, learned.layers, strict=True):
        ours.trainable = theirs.trainable
        ours.set_weights(theirs.get_weights())
