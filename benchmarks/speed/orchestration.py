"""100 jobs of which every stage is stored, against Hydra's multirun of 100 jobs that do nothing.

Both compose the same 100 configurations from the same YAML files. Ours also finds 600 entries,
checks them, writes 101 records, logs 101 runs to MLflow with their artifacts, and prints the table;
that nothing is run is because the store has it, not because the command was given before: the run
records and MLflow's database are removed each time.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from command import ROOT, give, run
from promise import Found, Promise

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_SETUP = ("dataset=digits", "backbone=convnet", "training=smoke")
_EMPTY = """
import hydra


@hydra.main(version_base=None, config_path={conf!r}, config_name="config")
def main(config):
    pass


main()
"""


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn, after every stage was made once."""
    modes = ("none",) if quick else ("none", "dynamic", "float16", "ptq")
    values = ",".join(f"{0.3 + n / 100:.2f}" for n in range(2 if quick else 25))
    words = [*_SETUP, f"quant={','.join(modes)}", "device=usb", f"device.fixed_ms={values}"]
    place = folder / "ours"
    give(place, *words)
    script = folder / "empty.py"
    script.write_text(_EMPTY.format(conf=str(ROOT / "conf")), encoding="utf-8")
    ours, reference, repeats = [], [], []
    for _ in range(1 if quick else _ROUNDS):
        shutil.rmtree(place / ".coralexp" / "runs")
        shutil.rmtree(place / "mlruns")
        ours.append(give(place, *words))
        repeats.append(give(place, *words))
        reference.append(run(folder / "hydra", [sys.executable, str(script), "-m", *words]))
    facts = (f"given once more, ours answers in {min(repeats):.1f} to {max(repeats):.1f} s",)
    return Found(ours, reference, "100 jobs: 4 modes x 25 values of an option", facts=facts)


PROMISE = Promise(
    "orchestration",
    "orchestration alone: 100 jobs whose stages are all stored, logged to MLflow",
    "Hydra's multirun of 100 jobs with the same configurations and an empty function",
    1.5,
    measure,
    "share",
)
