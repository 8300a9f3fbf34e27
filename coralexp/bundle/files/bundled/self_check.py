"""Whether the network answers here as it did in the run that the bundle is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coralexp.bundle.files.bundled.manifest import Json, number
from coralexp.bundle.files.bundled.pictures import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.bundle.files.bundled.classifier import Classifier

# Processors round in other ways: a lead as small as this may turn round on another of them.
CLOSE = 0.05


@dataclass(frozen=True)
class Answer:
    """What was said of one sample.

    Attributes:
        file: Of the picture.
        logged: Label that the run logged.
        here: Label that came out here.
        difference: By how much the probability of the logged label differs.
        lead: Of the logged label over the next, in the run.
    """

    file: str
    logged: str
    here: str
    difference: float
    lead: float

    @property
    def agrees(self) -> bool:
        """Whether it is the same label, or was too close to call."""
        return self.here == self.logged or self.lead <= CLOSE


def check(folder: Path, manifest: dict[str, Json], classifier: Classifier) -> list[Answer]:
    """Return what the network says here of each sample.

    Args:
        folder: Of the bundle.
        manifest: Its manifest.
        classifier: The network.

    Raises:
        BundleError: If a sample cannot be read.
    """
    samples = manifest.get("samples")
    answers = []
    for sample in samples if isinstance(samples, list) else []:
        if not isinstance(sample, dict):
            continue
        name, logged = str(sample.get("file")), str(sample.get("predicted"))
        pixels = read_picture(
            folder / name, classifier.side_px, classifier.channels, classifier.resize
        )
        row, _ = classifier.classify(pixels)
        difference = float(row[classifier.labels.index(logged)]) - number(sample, "probability")
        here = classifier.labels[int(np.argmax(row))]
        answers.append(Answer(name, logged, here, abs(difference), number(sample, "lead")))
    return answers


def in_words(answers: list[Answer]) -> list[str]:
    """Return the lines that tell of it; the last is the verdict."""
    lines = [
        f"{answer.file}: {answer.here} here, {answer.logged} in the run"
        + (f" (it led by {answer.lead:.3f}: too close to call)" if answer.agrees else "")
        for answer in answers
        if answer.here != answer.logged
    ]
    if not answers:
        return ["self-check: the bundle has no samples, so nothing was compared"]
    same = sum(answer.here == answer.logged for answer in answers)
    verdict = "passed" if all(answer.agrees for answer in answers) else "FAILED"
    furthest = max(answer.difference for answer in answers)
    lines.append(
        f"self-check {verdict}: {same} of {len(answers)} samples get the label that the run logged;"
        f" probabilities differ by at most {furthest:.4f}"
    )
    return lines
