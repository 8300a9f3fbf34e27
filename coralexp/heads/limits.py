"""What options of heads may be; told before TensorFlow is imported."""

from __future__ import annotations

from coralexp.errors import OptionError


def require_dropout(dropout: float, option: str = "dropout") -> None:
    """Refuse a share that leaves nothing, or is none.

    Args:
        dropout: As the user gave it.
        option: Name for the text.

    Raises:
        OptionError: If it is not in [0, 1); not-a-number is not.
    """
    if not 0 <= dropout < 1:
        raise OptionError(option, f"must be a share from 0 to below 1, such as 0.2; got {dropout}")
