"""Fine-tuning with fake quantization: from a trained float model to one that knows the rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.errors import ConversionError
from coralexp.stages.calibration import calibration_images
from coralexp.stages.trained import MODEL, save_trained, splits_of
from coralexp.training.fit import accuracy, fit, seed_everything

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.quant.contract import FineTuning
    from coralexp.training.contract import Recipe

VERSION = 3


def fine_tune(
    dataset: Path,
    trained: Path,
    tuning: FineTuning,
    recipe: Recipe,
    folder: Path,
    *,
    seed: int,
    threads: int,
    progress: Progress,
    checkpoint: Path | None = None,
) -> None:
    """Fine-tune a trained model and write the result down.

    Args:
        dataset: Entry of the `dataset` stage.
        trained: Entry of the `train` stage.
        tuning: What is prepared, for how long and how fast.
        recipe: Of the float training: batch size, optimizer, augmentation, time limit.
        folder: Empty; receives what `save_trained` writes.
        seed: Of every random sequence.
        threads: Processor threads; the bits of the result depend on it.
        progress: Hears of steps and epochs.
        checkpoint: File from which a killed fine-tuning goes on; None keeps none.

    Raises:
        ConversionError: If the model has a layer that cannot be prepared.
        TrainingError: If the loss is no longer a number.
    """
    from coralexp.tf_runtime import keras

    seed_everything(seed, threads)
    splits = splits_of(dataset)
    trained_model = keras.models.load_model(trained / MODEL, compile=False)
    images = calibration_images(dataset, tuning.calibration_images, seed)
    try:
        model = tuning.prepare(trained_model, images)
    except (ValueError, RuntimeError) as error:
        raise ConversionError(
            f"quant: this network cannot be prepared for quantization-aware training "
            f"({error}); quant=ptq needs no preparation"
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
    )
    tuning.finish(model)
    metrics = {
        "accuracy_fine_tuned": accuracy(model, splits["test"]),
        "calibration_images": len(images),  # fewer than were asked for, if the split has fewer
    }
    save_trained(model, folder, history=history, metrics=metrics, extractor=set(), stage="qat")
