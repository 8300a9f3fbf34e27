"""Kill a sweep at random moments, give the same command again, and compare what is left.

    python benchmarks/faults/kill.py [--kills 50] [--seed 0] [OVERRIDE ...]

An undisturbed sweep is the reference. Then the same sweep is started in another folder, killed with
SIGKILL after a random time, and started again, until it ends; when it has ended and kills are left,
it begins anew in a fresh folder. At each end every artifact of every entry (but times) and the
metrics of every job must equal those of the reference, no draft may be left, no run be RUNNING.
Prints a row a round, and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from coralexp.artifacts.sameness import lasting_digests, lasting_metrics
from coralexp.artifacts.store import INGREDIENTS, Store

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ("quant=none,dynamic,float16,ptq,qat",)
SMALL = ("dataset=digits", "backbone=convnet")


def start(folder: Path, overrides: list[str]) -> subprocess.Popen[bytes]:
    """Start the command as from a shell."""
    environment = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    with (folder / "printed.txt").open("ab") as printed:
        return subprocess.Popen(
            [sys.executable, "-m", "coralexp", *overrides],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )


@dataclass
class Left:
    """What a sweep leaves.

    Attributes:
        artifacts: Stage, ingredients' key and file to digest, without what holds times.
        metrics: Job to metrics without those of `timings.json`.
        problems: Drafts, runs that are RUNNING, damaged entries.
    """

    artifacts: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def left_in(folder: Path) -> Left:
    """Return what is in a folder's store."""
    store = Store(folder / ".coralexp")
    left = Left()
    for path in sorted(store.root.glob(f"*/*/{INGREDIENTS}")):
        entry, stage = path.parent, path.parent.parent.name
        if entry.name.startswith("."):
            left.problems.append(f"draft {stage}/{entry.name}")
            continue
        if damaged := store.damage(stage, entry.name):
            left.problems.append(f"{stage}/{entry.name}: {', '.join(damaged)}")
        for name, digest in lasting_digests(store, stage, entry.name).items():
            left.artifacts[f"{stage}/{entry.name}/{name}"] = digest
    for record in store.runs:
        if record.state == "RUNNING":
            left.problems.append(f"run {record.id} is RUNNING")
        if record.kind == "run" and record.state == "FINISHED":
            left.metrics[record.choices["quant"]] = lasting_metrics(record.metrics)
    left.problems += [f"draft {path.name}" for path in store.root.glob("*/.*.*-*")]
    return left


@dataclass
class Round:
    """One sweep from its first start to its end."""

    kills: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def disturbed(
    folder: Path, overrides: list[str], chance: random.Random, longest_s: float, kills: int
) -> Round:
    """Run a sweep to its end, killed up to so many times on the way."""
    made = Round()
    began = time.monotonic()
    while True:
        process = start(folder, overrides)
        try:
            limit = chance.uniform(0.2, longest_s) if made.kills < kills else None
            status = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            made.kills += 1
            continue
        if status:
            made.problems.append(f"exit status {status}: {(folder / 'printed.txt').read_text()}")
        made.seconds = time.monotonic() - began
        return made


def differences(reference: Left, found: Left) -> list[str]:
    """Return what is not as it should be."""
    told = list(found.problems)
    names = sorted(reference.artifacts.keys() | found.artifacts.keys())
    told += [
        f"differs: {name}"
        for name in names
        if reference.artifacts.get(name) != found.artifacts.get(name)
    ]
    told += [
        f"metrics of {job} differ"
        for job in reference.metrics.keys() | found.metrics.keys()
        if reference.metrics.get(job) != found.metrics.get(job)
    ]
    return told


def main() -> int:
    """Disturb and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", default=[*SMALL, *SWEEP])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - repeatable, no secret
    print(f"{platform.machine()}, {os.cpu_count()} cores: {' '.join(asked.overrides)}")
    bad = 0
    with tempfile.TemporaryDirectory() as root:
        calm = Path(root) / "calm"
        calm.mkdir()
        whole = disturbed(calm, asked.overrides, chance, 0.0, kills=0)
        reference = left_in(calm)
        print(f"undisturbed: {whole.seconds:.0f} s, {len(reference.artifacts)} artifacts")
        bad += report("undisturbed", whole.problems + reference.problems)
        left, number = asked.kills, 0
        while left > 0:
            number += 1
            folder = Path(root) / f"round-{number}"
            folder.mkdir()
            made = disturbed(folder, asked.overrides, chance, whole.seconds / 3, left)
            left -= made.kills
            wrong = made.problems + differences(reference, left_in(folder))
            print(
                f"round {number}: {made.kills} kills, {made.seconds:.0f} s to the end, "
                f"{'equal in every artifact and metric' if not wrong else 'DIFFERENT'}",
                flush=True,
            )
            bad += report(f"round {number}", wrong)
    print(json.dumps({"kills": asked.kills, "rounds": number, "bad_rounds": bad}))
    return int(bad > 0)


def report(name: str, wrong: list[str]) -> int:
    """Print what is wrong; return whether anything is."""
    for line in wrong[:20]:
        print(f"  {name}: {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
