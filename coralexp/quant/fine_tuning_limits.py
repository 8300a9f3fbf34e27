"""Which fine-tunings make sense."""

from __future__ import annotations

import math

from coralexp.errors import OptionError


def refuse_fine_tuning(epochs: int, learning_rate: float) -> None:
    """Refuse a fine-tuning that changes nothing, or everything.

    Raises:
        OptionError: If there is no pass, or the step size is not above 0.
    """
    if epochs < 1:
        raise OptionError("epochs", f"fine-tuning takes at least 1 pass; got {epochs}")
    if not 0 < learning_rate < math.inf:
        raise OptionError("learning_rate", f"must be above 0; got {learning_rate}")
