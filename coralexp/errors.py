"""Every exception that coralexp raises on purpose.

CoralexpError
├── ConfigError         the request is wrong: fix the YAML or the command line (exit status 2)
├── OptionError         one part refuses one of its options; becomes a problem of a ConfigError
├── DatasetError        examples cannot be read
├── WeightsError        stored weights cannot be had, or do not fit
├── TrainingError       training cannot go on
├── ConversionError     TensorFlow Lite refused the model, or gave something else than was promised
├── CompilationError    the Edge TPU compiler refused the model, or its answers do not agree
├── BoardError          a device, or the board that it is on, does not answer as it should
├── MissingToolError    a program that is not a Python package is absent or does not answer
├── ModelFileError      a .tflite file cannot be read
├── StageError          the process of a stage ended without an answer
├── StoreError          the store cannot be read or written
├── ArchiveError        a file of runs is refused
├── TrackingError       MLflow cannot be reached
├── UnknownEntryError   no entry of the store has that key (exit status 2)
└── UnknownRunError     no run has that id (exit status 2)

The text of each says which key or place, what is wrong, and what was expected or what to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a request.

    Attributes:
        key: Dotted path in the configuration, such as `backbone.width`; empty if there is none.
        text: What is wrong and what to do.
    """

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


class CoralexpError(Exception):
    """Anything that coralexp refuses; printed without a traceback."""

    exit_status = 1


class ConfigError(CoralexpError):
    """The request is wrong.

    Attributes:
        problems: Everything that is wrong, in the order of the configuration's groups.
    """

    exit_status = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"configuration has {count}:{lines}")


class OptionError(CoralexpError):
    """A part refuses one of its options.

    Attributes:
        option: Name of the option in the signature of the part's function.
        text: What is wrong and what to do.
    """

    exit_status = 2

    def __init__(self, option: str, text: str) -> None:
        self.option = option
        self.text = text
        super().__init__(f"{option}: {text}")


class DatasetError(CoralexpError):
    """Examples cannot be read."""


class WeightsError(CoralexpError):
    """Stored weights cannot be had, or do not fit the network."""


class TrainingError(CoralexpError):
    """Training cannot go on."""


class ConversionError(CoralexpError):
    """TensorFlow Lite refused the model, or gave something else than was promised."""


class CompilationError(CoralexpError):
    """The Edge TPU compiler refused the model, or its answers do not agree."""


class BoardError(CoralexpError):
    """A device, or the board that it is on, does not answer as it should."""


class MissingToolError(CoralexpError):
    """A program that is not a Python package is absent or does not answer."""


class ModelFileError(CoralexpError):
    """A .tflite file cannot be read."""


class StageError(CoralexpError):
    """The process of a stage ended without an answer."""


class StoreError(CoralexpError):
    """The store cannot be read or written."""


class ArchiveError(CoralexpError):
    """A file of runs is refused, and nothing of it was taken."""


class TrackingError(CoralexpError):
    """MLflow cannot be reached."""


class UnknownEntryError(CoralexpError):
    """No entry of the store has that key."""

    exit_status = 2


class UnknownRunError(CoralexpError):
    """No run has that id."""

    exit_status = 2
