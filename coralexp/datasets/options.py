"""Limits of the options that several datasets share."""

from __future__ import annotations

from pathlib import Path

from coralexp.errors import OptionError

LARGEST_SIDE_PX = 2048


def refuse_outside(option: str, value: float, least: float, most: float) -> None:
    """Refuse a number out of its range; NaN is out of every range.

    Raises:
        OptionError: If it is below `least` or above `most`.
    """
    if not least <= value <= most:
        raise OptionError(option, f"must be from {least} to {most}; got {value}")


def refuse_picture(side_px: int, channels: int, least_px: int = 1) -> None:
    """Refuse pictures that cannot be.

    Raises:
        OptionError: If the side is out of range, or the channels are neither 1 nor 3.
    """
    refuse_outside("side_px", side_px, least_px, LARGEST_SIDE_PX)
    if channels not in {1, 3}:
        raise OptionError("channels", f"must be 1 (grey) or 3 (colour); got {channels}")


def existing(path: str, kind: str) -> Path:
    """Return where the user's data are.

    Args:
        path: As the user wrote it; `~` is the home folder.
        kind: `folder` or `file`.

    Raises:
        OptionError: If nothing is there, or something else; the nearest folder that exists is told.
    """
    place = place_of(path, kind)
    if place.is_dir() if kind == "folder" else place.is_file():
        return place
    raise OptionError("path", f"{place} is no {kind}; write the {kind} of the images")


def place_of(path: str, kind: str = "file or folder") -> Path:
    """Return where the user's data are, whatever they are.

    Args:
        path: As the user wrote it; `~` is the home folder.
        kind: What is wanted, for messages.

    Raises:
        OptionError: If nothing is there; the nearest folder that exists is told.
    """
    if not path.strip():
        raise OptionError("path", f"is empty; write the {kind} of the images")
    try:
        place = Path(path).expanduser()
        if place.exists():
            return place
        nearest = next((parent for parent in place.absolute().parents if parent.is_dir()), "none")
    except (OSError, RuntimeError) as error:  # no permission, no such user
        raise OptionError("path", f"{path} cannot be looked at ({error})") from error
    raise OptionError("path", f"{place} does not exist; the nearest folder that does: {nearest}")
