"""Why there is no measurement, in words."""

from __future__ import annotations

_REMEDIES = {
    "edgetpu-custom-op": "the model is compiled for the Edge TPU, and no Edge TPU took it",
    "unresolved custom op": "this runtime does not have that operator",
    "failed to prepare": "the runtime or the Edge TPU refuses the model; one compiled for a newer"
    " libedgetpu than this one's needs device.min_runtime",
    "failed to invoke": "the device stopped answering; unplug it and plug it in again, and look at"
    " its cable and its power",
}


class Refused(Exception):  # noqa: N818 - an answer
    """Why there is no measurement.

    Attributes:
        kind: One word for programs: `order`, `numpy`, `model`, `runtime`, `library`, `device`,
            `prepare`, `invoke`, `images`, `busy`, `space`, `owner`, `released` or `late`.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def explained(error: Exception, kind: str) -> Refused:
    """Return what a runtime raised, and what to do about it."""
    text = " ".join(str(error).split())
    remedies = [remedy for sign, remedy in _REMEDIES.items() if sign in text.lower()]
    return Refused(kind, "; ".join([text, *remedies[:1]]))
