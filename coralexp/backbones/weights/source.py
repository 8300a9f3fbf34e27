"""Where weights come from: what the option `weights` may say, and what decides a result by it."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.errors import OptionError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMAGENET = "imagenet"
RUN = "run:"
"""Before the id of an earlier run; the pipeline puts the path of its file in its place."""
SUFFIXES = (".h5", ".keras", ".tflite")
COLOURS = 3
_CHUNK_BYTES = 1 << 20


def require_file(weights: str) -> None:
    """Refuse a path that is no file of weights.

    Args:
        weights: Path of an `.h5`, `.keras` or `.tflite` file or of a SavedModel's folder. The id of
            a run behind `run:` passes: whether there is one, only the pipeline can tell.

    Raises:
        OptionError: If nothing is there, or something of another kind.
    """
    if weights.startswith(RUN):
        return
    path = Path(weights).expanduser()
    if path.is_dir():
        if not (path / "variables" / "variables.index").is_file():
            raise OptionError(
                "weights",
                f"{weights} is a folder without variables/variables.index, so no SavedModel",
            )
        return
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError("weights", f"{weights!r}: {_advice(weights)}")
    if not path.is_file():
        raise OptionError("weights", f"{weights}: no such file{_similar(path)}")


def refuse_tflite(weights: str, network: str) -> None:
    """Refuse a .tflite file for a network that cannot be found again in one.

    Args:
        weights: Path of a file.
        network: What it is for, for the text.

    Raises:
        OptionError: If the path ends in .tflite.
    """
    if Path(weights).suffix.lower() == ".tflite":
        raise OptionError(
            "weights",
            f"{weights}: in a .tflite file the layers of {network} cannot be told apart; take an "
            ".h5 or .keras file, or a SavedModel's folder",
        )


def _advice(weights: str) -> str:
    if weights.strip().lower() in {"", "none", "null", "random", "scratch"}:
        return "to train from scratch write weights=null"
    if difflib.get_close_matches(weights.lower(), [IMAGENET], cutoff=0.7):
        return f"did you mean '{IMAGENET}'?"
    suffixes = ", ".join(SUFFIXES)
    return (
        f"expected null, {IMAGENET}, a file that ends in {suffixes}, a SavedModel's folder, or "
        f"{RUN}RUN_ID"
    )


def _similar(path: Path) -> str:
    if not path.parent.is_dir():
        return f", nor a folder {path.parent}"
    names = [file.name for file in path.parent.iterdir() if file.suffix.lower() in SUFFIXES]
    near = difflib.get_close_matches(path.name, names, n=1)
    return f", did you mean {path.parent / near[0]}?" if near else ""


def require_imagenet(
    width: float, channels: int, widths: Sequence[float], *, option: str = "width"
) -> None:
    """Refuse `weights=imagenet` for a shape that has none.

    Args:
        width: Multiplier of the channel counts.
        channels: Of the images.
        widths: The ones that were trained and published.
        option: Name for the text.

    Raises:
        OptionError: If the width is another, or the images are not in colour.
    """
    if width not in widths:
        listed = ", ".join(str(known) for known in widths)
        nearest = min(widths, key=lambda known: abs(known - width))
        raise OptionError(
            "weights",
            f"{IMAGENET} exists for {option} {listed}, not for {width}: "
            f"write {option}={nearest} or weights=null",
        )
    if channels != COLOURS:
        raise OptionError(
            "weights",
            f"{IMAGENET} was trained on {COLOURS} channels; these images have {channels}: "
            "write weights=null, or take images in colour",
        )


def digest(weights: str | None) -> str:
    """Return what decides a result by the option `weights`, for the key of a stage.

    Args:
        weights: None, `imagenet`, or the path of a file or folder.

    Returns:
        SHA-256 of the file, in hexadecimal digits; of a SavedModel, of the files in `variables/`,
        for nothing else is read; `imagenet` for that; empty for None.

    Raises:
        WeightsError: If the file cannot be read.
    """
    if weights is None:
        return ""
    if weights == IMAGENET:
        return IMAGENET
    path = Path(weights).expanduser()
    total = hashlib.sha256()
    try:
        if path.is_dir():
            for file in sorted((path / "variables").iterdir()):
                total.update(f"{file.name}\0{file.stat().st_size}\0".encode())
                for chunk in _chunks(file):
                    total.update(chunk)
        else:
            for chunk in _chunks(path):
                total.update(chunk)
    except OSError as error:
        raise WeightsError(f"{weights}: cannot be read ({error.strerror})") from error
    return total.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
