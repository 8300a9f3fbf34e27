"""Rules on recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_MOST_FEATURES = 900
_EXTRAS = (9, 10, 11, 16, 17, 20, 21, 22, 23)  # peepholes, projection, layer normalization


def reads_few_features(step: Step) -> bool | None:
    """An LSTM reads at most 900 features a step; above, compilation was seen to fail."""
    read = step.input(0)
    return True if read is None or not read.shape or read.shape[-1] <= _MOST_FEATURES else None


def is_plain(step: Step) -> bool | None:
    """An LSTM has no peepholes, projection or layer normalization; of those no evidence says."""
    return True if all(step.input(place) is None for place in _EXTRAS) else None


RULES = (
    rule(
        reads_few_features,
        UNSPECIFIED,
        "reduce the features to 900 with a dense layer before the LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        source="google-coral/edgetpu#598",
    ),
    rule(
        is_plain,
        UNSPECIFIED,
        "use the plain Keras LSTM layer",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        source="the LSTM for MNIST in google-coral/test_data, compiled beside its source",
    ),
)
