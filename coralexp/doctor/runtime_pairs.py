"""Which libedgetpu works with which TFLite runtime: those that do not crash the interpreter.

What is known comes from the release pages of pycoral and from reports; anything else is unknown,
and said to be so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from coralexp.doctor.packages import minor

Verdict = Literal["fits", "mismatch", "unknown"]

_OFFICIAL_RUNTIME = "2.5.0"
_LAST_THAT_MAY_WORK = (2, 12)
_REBUILT = re.compile(r"TF(\d+\.\d+\.\d+)")


@dataclass(frozen=True)
class Pair:
    """What is known of a library and a runtime.

    Attributes:
        verdict: `fits`, `mismatch` or `unknown`.
        why: In words.
        source: Where that is told; empty if nowhere.
    """

    verdict: Verdict
    why: str
    source: str = ""


_OFFICIAL = Pair(
    "fits",
    "Coral's own libedgetpu is made for tflite-runtime 2.5.0",
    "pycoral 2.0.0, its release page",
)
_SEGFAULT = Pair(
    "mismatch",
    "Coral's own libedgetpu ends the process (segmentation fault) with runtimes after about 2.12",
    "google-coral/edgetpu#841, tensorflow/tensorflow#62371",
)
_SAME = Pair(
    "fits",
    "library and runtime are built from one TensorFlow",
    "feranick/pycoral, its release page",
)
_OTHER = Pair(
    "mismatch",
    "library and runtime are built from two TensorFlows, whose structures differ",
    "feranick/pycoral, its release page: versions must match",
)
_LITERT = Pair(
    "fits",
    "a rebuilt libedgetpu is reported to work with ai-edge-litert",
    "google-ai-edge/LiteRT#3611",
)
_LITERT_OFFICIAL = Pair(
    "unknown",
    "ai-edge-litert is later than the runtimes with which Coral's own libedgetpu ends the process",
    "google-coral/edgetpu#841; google-ai-edge/LiteRT#3611 works with a rebuilt library",
)
_UNKNOWN = Pair("unknown", "nobody told of this pair")


def judge(library: str | None, runtime: str, version: str) -> Pair:
    """Return what is known of a pair.

    Args:
        library: Version of libedgetpu's package, such as `16.0` or `16.0TF2.17.0-1`; None if it is
            of no package.
        runtime: `tflite-runtime` or `ai-edge-litert`.
        version: Of the runtime.
    """
    if library is None:
        return _UNKNOWN
    rebuilt = _REBUILT.search(library)
    if runtime == "ai-edge-litert":
        return _LITERT if rebuilt else _LITERT_OFFICIAL
    if rebuilt:
        return _SAME if _release(version) == _release(rebuilt[1]) else _OTHER
    if version.startswith(_OFFICIAL_RUNTIME):
        return _OFFICIAL
    return _SEGFAULT if minor(version) > _LAST_THAT_MAY_WORK else _UNKNOWN


def _release(version: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", version)[:3])
