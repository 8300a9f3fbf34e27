"""Training in floating point: from images to a Keras model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coralexp.artifacts.examples import read_index
from coralexp.artifacts.progress import Step
from coralexp.errors import TrainingError
from coralexp.heads.contract import NOT_LEARNED, solver_of
from coralexp.stages.classifier import classifier
from coralexp.stages.features import copy_head, features_of, head_alone
from coralexp.stages.solved import compute
from coralexp.stages.trained import save_trained, splits_of
from coralexp.training.events import FOLDER
from coralexp.training.fit import accuracy, fit, seed_everything
from coralexp.training.freezing import freeze, unfreeze
from coralexp.training.hardware import give_weights, graphics_cards, on_hardware

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.backbones.contract import BuildBackbone
    from coralexp.heads.contract import AttachHead
    from coralexp.stages.classifier import Classifier
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe
    from coralexp.training.fit import Labelled
    from coralexp.training.watch import History

VERSION = 3  # 2: weights twice in the SavedModel; a head tested behind its backbone


def train_model(
    dataset: Path,
    build_backbone: BuildBackbone,
    attach_head: AttachHead,
    recipe: Recipe,
    folder: Path,
    *,
    seed: int,
    threads: int,
    progress: Progress,
    checkpoint: Path | None = None,
    features: Path | None = None,
) -> None:
    """Train a classifier and write it down.

    Args:
        dataset: Entry of the `dataset` stage.
        build_backbone: Pixels to features.
        attach_head: Features to probabilities.
        recipe: How.
        folder: Empty; receives what `save_trained` writes.
        seed: Of every random sequence.
        threads: Processor threads; the bits of the result depend on it.
        progress: Hears of steps and epochs.
        checkpoint: File from which a killed training goes on; None keeps none.
        features: Entry of the `features` stage; with it only the head is run while it learns. None
            where the images are needed.

    Raises:
        OptionError: If the recipe names a layer that the backbone has not.
        TrainingError: If the loss is no longer a number, the head cannot be computed, or there is
            no graphics card for a recipe that asks for one.
        WeightsError: If stored weights cannot be had or do not fit.
    """
    from coralexp.tf_runtime import keras

    seed_everything(seed, threads)
    cards = graphics_cards(recipe)
    index, splits = read_index(dataset), splits_of(dataset)
    build = partial(
        classifier,
        build_backbone,
        attach_head,
        recipe.preprocessing.shape_of(index.image_shape),
        len(index.classes),
        partial(freeze, recipe=recipe),
    )
    run = partial(
        fit,
        recipe=recipe,
        seed=seed,
        progress=progress,
        checkpoint=None if recipe.all_gpus else checkpoint,
        events=folder / FOLDER if recipe.tensorboard else None,
    )
    with on_hardware(recipe, cards):
        made = build()
        history, tested = _learn(
            made,
            attach_head=attach_head,
            recipe=recipe,
            splits=splits,
            features=features,
            classes=index.classes,
            run=run,
        )
    if cards:
        learned, made = made, build()
        give_weights(learned.model, made.model)
        tested = made.model, splits["test"]
    model, backbone = made.model, made.backbone
    if recipe.tensorboard:
        done = len(history.epochs)
        note = f"events: tensorboard --logdir {folder.parent} (pip install tensorboard)"
        progress(Step(done, done, "epochs", note=note))
    metrics = {
        "accuracy_float": accuracy(*tested, recipe.preprocessing),
        "parameters_total": model.count_params(),
        "parameters_trainable": sum(
            int(keras.backend.count_params(w)) for w in model.trainable_weights
        ),
    }
    save_trained(
        model,
        folder,
        history=history,
        metrics=metrics,
        extractor={layer.name for layer in backbone.layers},
        stage="train",
        steps=recipe.preprocessing,
    )


def _learn(
    made: Classifier,
    *,
    attach_head: AttachHead,
    recipe: Recipe,
    splits: Mapping[str, Labelled],
    features: Path | None,
    classes: Sequence[str],
    run: partial[History],
) -> tuple[History, tuple[keras.Model, Labelled]]:
    """Train in place what was made; return what happened, and what the test is to judge.

    A head that learned from features is tested on features: the network behind them is the same.

    Args:
        made: The network.
        attach_head: Features to probabilities.
        recipe: How.
        splits: The images.
        features: Entry of the `features` stage, or None.
        classes: Names of the classes.
        run: `fit` with everything that both phases have in common.
    """
    model, backbone = made.model, made.backbone
    if features is None:
        learner, seen = model, splits
    else:
        seen = features_of(features, splits)
        shape = seen["train"].images.shape[1:]
        learner = head_alone(model, backbone, attach_head, shape, len(classes))
    solve, progress = solver_of(attach_head), run.keywords["progress"]
    if solve is not None:
        if features is None:
            raise TrainingError(NOT_LEARNED)
        history = compute(
            learner, solve, seen["train"], seen["validation"], classes=classes, progress=progress
        )
    else:
        history = run(
            learner,
            seen["train"],
            seen["validation"],
            epochs=recipe.epochs,
            learning_rate=recipe.learning_rate,
            later_epochs=0 if recipe.unfreeze_from is None else recipe.fine_tune_epochs,
        )
    if features is not None:
        copy_head(learner, model, backbone)
    if recipe.unfreeze_from is not None and not history.ended_in(1):
        unfreeze(backbone, recipe)
        done = len(history.epochs)
        note = f"the head has learned; now the backbone learns too ({recipe.unfreeze_from})"
        progress(Step(done, done + recipe.fine_tune_epochs, "epochs", note=note))
        history = run(
            model,
            splits["train"],
            splits["validation"],
            epochs=recipe.fine_tune_epochs,
            learning_rate=recipe.learning_rate * recipe.fine_tune_rate,
            after=history,
        )
        learner, seen = model, splits
    return history, (learner, seen["test"])
