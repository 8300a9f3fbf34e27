"""Which layers of a backbone learn, told by the name of one of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe

ALL = "all"
_ALL_NAMES = 24  # more than that is no help


def freeze(backbone: keras.Model, recipe: Recipe) -> None:
    """Set what learns in the first phase, once it is sure that the second one can follow.

    Args:
        backbone: Its layers, in their order, are what the recipe names.
        recipe: Says which.

    Raises:
        OptionError: If the backbone has no layer of a name that the recipe gives.
    """
    _place(backbone, "unfreeze_from", recipe.unfreeze_from)
    until = _place(backbone, "freeze_until", recipe.freeze_until)
    if recipe.freeze_backbone:
        backbone.trainable = False
    elif until is not None:
        for layer in backbone.layers[: until + 1]:
            layer.trainable = False


def unfreeze(backbone: keras.Model, recipe: Recipe) -> None:
    """Set what learns in the second phase.

    Batch normalization stays as it is: a layer that is not trainable also normalizes by its stored
    statistics and leaves them alone, as Keras advises for fine-tuning. Those of the batches at hand
    would upset what the layers behind have learned.

    Args:
        backbone: Frozen so far.
        recipe: Says from where on.

    Raises:
        OptionError: If the backbone has no layer of that name.
    """
    from coralexp.tf_runtime import keras

    begin = _place(backbone, "unfreeze_from", recipe.unfreeze_from) or 0
    backbone.trainable = True
    for place, layer in enumerate(backbone.layers):
        normalizes = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = place >= begin and not normalizes


def freeze_as_trained(backbone: keras.Model, recipe: Recipe) -> None:
    """Set what learns as it was set when the training ended: in its last phase.

    Args:
        backbone: As it was built.
        recipe: Says which.

    Raises:
        OptionError: If the backbone has no layer of a name that the recipe gives.
    """
    freeze(backbone, recipe)
    if recipe.unfreeze_from is not None:
        unfreeze(backbone, recipe)


def _place(backbone: keras.Model, option: str, name: str | None) -> int | None:
    """Return where a layer stands; None if none is named, or all are."""
    names = [layer.name for layer in backbone.layers]
    if name is None or (option == "unfreeze_from" and name == ALL and ALL not in names):
        return None
    if name not in names:
        raise OptionError(
            f"training.{option}", f"{backbone.name} has no layer {name!r}; {_near(name, names)}"
        )
    return names.index(name)


def _near(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, 3, 0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    if len(names) <= _ALL_NAMES:
        return f"it has {', '.join(names)}"
    return f"it has {', '.join(names[1:6])} ... {', '.join(names[-5:])}"
