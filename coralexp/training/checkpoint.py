"""How far a training is, in one file: written whole after each epoch, read after a kill."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.record import Json

Arrays = list[npt.NDArray[np.generic]]

_FORMAT = 1
_FACTS = "facts"


class ForeignCheckpointError(ValueError):
    """The file is damaged, or of another training; the text says which."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        facts: Plain values, such as the history.
        arrays: Groups of arrays, such as the weights of the model, in their order.
    """

    facts: Mapping[str, Json]
    arrays: Mapping[str, Sequence[npt.NDArray[np.generic]]]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the one before, in one step.

    Args:
        path: The file; its name and its folder's are written into it, so that a copy under another
            name, which would be another training's, is told apart.
        checkpoint: What it is to hold.

    Raises:
        OSError: If there is no room, say; the checkpoint before is still there.
    """
    facts = {**checkpoint.facts, "format": _FORMAT, "of": _owner(path)}
    # Member by member under its number: NumPy keeps neither the order nor the count of a list.
    members: dict[str, npt.NDArray[np.generic]] = {
        f"{group}.{number}": array
        for group, arrays in checkpoint.arrays.items()
        for number, array in enumerate(arrays)
    }
    facts["groups"] = {group: len(arrays) for group, arrays in checkpoint.arrays.items()}
    members[_FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            np.savez(file, **members)  # type: ignore[arg-type]  # its stub takes names for flags
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return what was written; None if there is no file.

    Raises:
        ForeignCheckpointError: If it cannot be used.
    """
    try:
        # Each member carries a checksum, which is compared when it is read.
        # NumPy leaves a file open that it cannot read, so it is not left to it.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            facts = json.loads(file[_FACTS].tobytes())
            groups: dict[str, int] = facts["groups"]
            arrays: dict[str, Arrays] = {
                group: [file[f"{group}.{number}"] for number in range(count)]
                for group, count in groups.items()
            }
            format_, owner = facts["format"], facts["of"]
    except FileNotFoundError:
        return None
    except Exception as error:  # damage shows as exceptions of many kinds
        reason = str(error).strip() or type(error).__name__
        raise ForeignCheckpointError(f"{path} is damaged ({reason})") from error
    if format_ != _FORMAT:
        raise ForeignCheckpointError(f"{path} is of another version of coralexp")
    if owner != _owner(path):
        raise ForeignCheckpointError(f"{path} belongs to another training, {owner}")
    return Checkpoint(facts, arrays)


def _owner(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
