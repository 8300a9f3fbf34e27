"""The protocol of a measurement, the same everywhere.

The interpreter is made; one first inference, which on an Edge TPU uploads the parameters; `warm_up`
inferences that are thrown away; then single inferences until there are `at_least` of them and
`seconds` have passed, all on one made-up input (seed 0). Of each of these, two times: `invoke`
alone; and end to end: copying in, `invoke`, copying out. If that takes longer than `at_most_s`, it
ends with fewer, and a warning says so.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from coralexp.boards.agent.answer import Refused

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

DEFAULTS = {"warm_up": 10, "at_least": 200, "seconds": 5.0, "at_most_s": 600.0, "threads": 1}
_MS = 1000.0


def timed(made: Interpreter, limits: dict[str, float]) -> dict[str, object]:
    """Carry out the protocol.

    Args:
        made: Its tensors are allocated.
        limits: The names of `DEFAULTS`.

    Returns:
        `first_ms`, `invoke_ms` and `end_to_end_ms` (see `statistics`), `inferences`, and `raw` with
        every time in order.
    """
    clock, outputs = time.perf_counter, [end["index"] for end in made.get_output_details()]
    inputs = [(end["index"], _made_up(end)) for end in made.get_input_details()]
    invoke_ms: list[float] = []
    whole_ms: list[float] = []

    def infer() -> None:
        start = clock()
        for index, values in inputs:
            made.set_tensor(index, values)
        copied = clock()
        made.invoke()
        invoked = clock()
        for index in outputs:
            made.get_tensor(index)
        end = clock()
        invoke_ms.append((invoked - copied) * _MS)
        whole_ms.append((end - start) * _MS)

    for _ in range(1 + int(limits["warm_up"])):
        infer()
    first_ms = invoke_ms[0]
    invoke_ms.clear()
    whole_ms.clear()
    began = clock()
    while True:
        infer()
        spent = clock() - began
        enough = len(invoke_ms) >= limits["at_least"] and spent >= limits["seconds"]
        if enough or spent >= limits["at_most_s"]:
            break
    return {
        "first_ms": first_ms,
        "invoke_ms": statistics(invoke_ms),
        "end_to_end_ms": statistics(whole_ms),
        "inferences": len(invoke_ms),
        "raw": {"invoke_ms": invoke_ms, "end_to_end_ms": whole_ms},
    }


def statistics(times: list[float]) -> dict[str, float]:
    """Return median, mean, std (of the sample), p90, p95, p99 (interpolated), min and max."""
    p90, p95, p99 = np.percentile(times, (90, 95, 99))
    found = {
        "median": np.median(times),
        "mean": np.mean(times),
        "std": np.std(times, ddof=1) if len(times) > 1 else 0.0,
        "p90": p90,
        "p95": p95,
        "p99": p99,
        "min": min(times),
        "max": max(times),
    }
    return {name: float(value) for name, value in found.items()}


def top_classes(made: Interpreter, path: str) -> list[int]:
    """Return the index of the highest value of the first output for each image.

    Args:
        made: Its tensors are allocated.
        path: `.npy` of inputs as the model stores them, `[N, ...]`.

    Raises:
        Refused: If they are of another shape or dtype.
    """
    images, end = np.load(path, mmap_mode="r"), made.get_input_details()[0]
    shape = tuple(int(size) for size in end["shape"][1:])
    if images.dtype != end["dtype"] or images.shape[1:] != shape:
        wants = f"{np.dtype(end['dtype'])} {list(shape)}"
        got = f"{images.dtype} {list(images.shape[1:])}"
        raise Refused("images", f"the model takes {wants}, the images are {got}")
    output = made.get_output_details()[0]["index"]
    found = []
    for image in images:
        made.set_tensor(end["index"], image[None])
        made.invoke()
        found.append(int(np.argmax(made.get_tensor(output))))
    return found


def _made_up(end: dict[str, object]) -> np.ndarray:
    """Return a value for one input, always the same."""
    shape: tuple[int, ...] = tuple(end["shape"])  # type: ignore[arg-type]
    dtype = np.dtype(end["dtype"])  # type: ignore[call-overload]
    random = np.random.RandomState(0)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low, high = max(limits.min, -128), min(limits.max, 255)
        return random.randint(low, high + 1, shape).astype(dtype)
    return random.uniform(-1, 1, shape).astype(dtype)
