"""The verbs of the command, each a module of this package with `main(args) -> int`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_VERB = "run"
TAKES_OVERRIDES = ("run", "plan")  # `--help`, `--cfg` and `--info` mean the same for each of them

VERBS: Mapping[str, str] = {
    "run": "train, quantize, assess and log each job (the default: it need not be written)",
    "plan": "tell what would be made, and what is there already",
    "reproduce": "make a run again from nothing, and say whether it came out the same",
    "freeze": "write the folder of a run or sweep that is to be committed, for others to reproduce",
    "inspect": "say of a .tflite file where its operators run, why, and how long that takes",
    "bench": "measure a .tflite file on the Edge TPU that is here, on a board, or on the CPU",
    "board": "say who measures on a board and who waits for it, or take it from who does",
    "doctor": "tell what is here, and what to do about what is not",
    "measure": "let a board that no network reaches measure a run: export, then import",
    "predict": "say what images show, with the model of a run",
    "compare": "put runs side by side: the parameters that differ, and the metrics",
    "export": "hand the model of a run out, as savedmodel, keras, h5 or tflite",
    "bundle": "write a folder for a board: the model of a run, and scripts that start it there",
    "deploy": "send that folder to a board, and put it in place when it has answered there",
    "store": "list, explain, verify and prune what the stages made",
    "export-runs": "write runs with their artifacts into one file, for another store",
    "import-runs": "take runs that were made elsewhere into this store",
    "fetch": "download data and weights of jobs into a folder, for a room without network",
    "ui": "open MLflow on the right store",
    "completion": "print a script that completes words in bash, zsh or fish",
}
