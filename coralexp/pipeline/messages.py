"""What the process of a stage is told, and what it answers: lines of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from coralexp.artifacts.record import Json


class StageOrder(TypedDict):
    """Have a stage done.

    Attributes:
        kind: Tells it from an export.
        stage: Its name.
        experiment: The job's stored configuration.
        entries: Stage names to the folders of what was made before.
        folder: Empty; receives the artifact.
        threads: Processor threads.
        plugins: Packages that parts may come from.
        compiler: The Edge TPU compiler, as `machine.compiler` says.
        board: The device that measures (`there`, `what`, `device`, `reason`) and how it is reached
            (`delegate`, `python`, `host`, `hosts`, and the run's id as `job`); of other stages than
            `measure` it says nothing.
        checkpoint: File from which the stage goes on if it was killed; absent if none is kept.
    """

    kind: Literal["stage"]
    stage: str
    experiment: dict[str, Json]
    entries: dict[str, str]
    folder: str
    threads: int
    plugins: list[str]
    compiler: str | None
    board: dict[str, Json]
    checkpoint: NotRequired[str]


class ExportOrder(TypedDict):
    """Have a model written in another format.

    Attributes:
        kind: Tells it from a stage.
        experiment: The job's stored configuration, whose parts make the network.
        source: `model.h5` of an entry, for its numbers.
        fine_tuned: Whether that is a `qat` entry.
        image_shape: Height and width in pixels, and channels.
        classes: How many.
        plugins: Packages that parts may come from.
        to: What to write.
    """

    kind: Literal["export"]
    experiment: dict[str, Json]
    source: str
    fine_tuned: bool
    image_shape: list[int]
    classes: int
    plugins: list[str]
    to: str


class StepMessage(TypedDict):
    """How far the work is: the fields of a `Step`."""

    done: int
    total: int
    unit: str
    facts: dict[str, float]
    note: NotRequired[str]
    is_elsewhere: NotRequired[bool]
    lost: NotRequired[str]


class Answer(TypedDict, total=False):
    """One line of an answer: either `step`, or the last one.

    Attributes:
        step: How far the work is.
        done: The work is done; peak memory in bytes, or None.
        failed: The work failed; why.
        errno: Number of the operating system's error, if that is why.
        traceback: Where, if nobody foresaw it.
        no_board: Whether it failed because no board was to be had.
    """

    step: StepMessage
    done: int | None
    failed: str
    errno: int
    traceback: str
    no_board: bool
