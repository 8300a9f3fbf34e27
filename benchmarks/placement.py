"""Compares the predicted placement with that of models which Google compiled.

    python -m benchmarks.placement FOLDER

The folder holds `op_placement.csv`, a row an operator (`model`, `op`, `op_version`, `placed_on`),
and `models/` with the files that it names.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

from coralexp.edgetpu.place import place
from coralexp.tflite.reader import read_model_file


def recorded(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Return name and place of each operator of each compiled model."""
    models = defaultdict(list)
    with (folder / "op_placement.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["model"] != "model":  # a header that was written twice
                models[row["model"]].append((row["op"], row["placed_on"]))
    return dict(models)


def compared(path: Path, truth: list[tuple[str, str]]) -> tuple[int, list[str]]:
    """Return how many operators are right, and a line for each that is not."""
    model = read_model_file(path)
    start = time.perf_counter()
    operators = place(model).operators
    milliseconds = 1e3 * (time.perf_counter() - start)
    lines = []
    right = 0
    for operator, (name, where) in zip(operators, truth, strict=True):
        if operator.op == name and operator.placement == where:
            right += 1
        else:
            lines.append(
                f"  {operator.index:4} {operator.op:<24} predicted {operator.placement:<8} "
                f"recorded {name} {where}: {operator.status} {operator.reason}"
            )
    print(f"{path.name:<58} {right:4} of {len(truth):4} right, {milliseconds:5.1f} ms")
    return right, lines


def main() -> int:
    """Print the table; 1 if less than 99 % are right."""
    folder = Path(sys.argv[1])
    right = total = 0
    for name, truth in sorted(recorded(folder).items()):
        count, lines = compared(folder / "models" / name, truth)
        right, total = right + count, total + len(truth)
        print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{right} of {total} operators: {100 * right / total:.2f} %")
    return 0 if right >= 0.99 * total else 1


if __name__ == "__main__":
    sys.exit(main())
