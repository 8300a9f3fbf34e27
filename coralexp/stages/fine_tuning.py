"""Fine-tuning for a quantization mode: a trained model is prepared, trained on, and finished."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coralexp.artifacts.examples import read_index
from coralexp.errors import ConversionError
from coralexp.stages.calibration import calibration_images
from coralexp.stages.classifier import classifier, take_weights
from coralexp.stages.trained import MODEL, save_trained, splits_of
from coralexp.training.fit import accuracy, fit, seed_everything
from coralexp.training.freezing import freeze_as_trained

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.backbones.contract import BuildBackbone
    from coralexp.heads.contract import AttachHead
    from coralexp.quant.contract import FineTuning
    from coralexp.training.contract import Recipe


def fine_tune(  # noqa: PLR0917 - values from the pipeline, each of another kind
    dataset: Path,
    trained: Path,
    build_backbone: BuildBackbone,
    attach_head: AttachHead,
    tuning: FineTuning,
    recipe: Recipe,
    folder: Path,
    *,
    stage: str,
    metric: str,
    seed: int,
    threads: int,
    progress: Progress,
    checkpoint: Path | None = None,
) -> None:
    """Fine-tune a trained model and write the result down.

    Args:
        dataset: Entry of the `dataset` stage.
        trained: Entry of the stage before; of its model the weights are read, and no more.
        build_backbone: Pixels to features, as that stage had it.
        attach_head: Features to probabilities, as that stage had it.
        tuning: What is prepared, for how long and how fast.
        recipe: Of the float training: batch size, optimizer, augmentation, time limit.
        folder: Empty; receives what `save_trained` writes.
        stage: Name of the stage whose work this is.
        metric: Name of the accuracy of the result as a Keras model.
        seed: Of every random sequence.
        threads: Processor threads; the bits of the result depend on it.
        progress: Hears of steps and epochs.
        checkpoint: File from which a killed fine-tuning goes on; None keeps none.

    Raises:
        ConversionError: If the model has a layer that cannot be prepared.
        TrainingError: If the loss is no longer a number.
        WeightsError: If the weights are those of another network.
    """
    seed_everything(seed, threads)
    index = read_index(dataset)
    splits = splits_of(dataset)
    trained_model = classifier(
        build_backbone,
        attach_head,
        recipe.preprocessing.shape_of(index.image_shape),
        len(index.classes),
        partial(freeze_as_trained, recipe=recipe),
    ).model
    take_weights(trained_model, trained / MODEL)
    images = calibration_images(dataset, tuning.calibration_images, seed, recipe.preprocessing)
    try:
        model = tuning.prepare(trained_model, images)
    except (ValueError, RuntimeError) as error:
        raise ConversionError(
            f"quant: this network cannot be prepared for fine-tuning ({error}); quant=ptq needs no "
            f"preparation"
        ) from error
    history = fit(
        model,
        splits["train"],
        splits["validation"],
        recipe,
        epochs=tuning.epochs,
        learning_rate=tuning.learning_rate,
        seed=seed,
        progress=progress,
        rate_option="quant.learning_rate",
        checkpoint=checkpoint,
        callbacks=tuning.callbacks(),
    )
    model = tuning.finish(model)
    metrics = {
        metric: accuracy(model, splits["test"], recipe.preprocessing),
        "calibration_images": len(images),  # fewer than were asked for, if the split has fewer
    }
    save_trained(
        model,
        folder,
        history=history,
        metrics=metrics,
        extractor=set(),
        stage=stage,
        steps=recipe.preprocessing,
    )
