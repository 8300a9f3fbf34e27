"""Kill a sweep at random moments, give the same command again, and compare what is left.

    python benchmarks/faults/kill.py [--kills 50] [--seed 0] [OVERRIDE ...]

An undisturbed sweep is the reference. Then the same sweep is started in another folder, killed with
SIGKILL, and started again, until it ends; when it has ended and kills are left, it begins anew in a
fresh folder. Every other kill falls at a moment drawn from the whole sweep; the others at one drawn
from the stage that was hit least so far, for by the clock alone nearly all would fall into the
trainings. At each end every artifact of every entry (but times) and the metrics of every job must
equal those of the reference, nothing half made be left, no run be RUNNING or missing in MLflow.
Prints a row a round, then where the kills fell, and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from left import differences, left_in

from coralexp.artifacts.store import Store

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ("quant=none,dynamic,float16,ptq,qat",)
SMALL = ("dataset=digits", "backbone=convnet", "training=smoke", "training.epochs=5")
BEFORE, BETWEEN, AFTER = "before the first stage", "between stages", "after the last stage"
_STEP_S = 0.004
_START_S = 2.0  # until the first stage begins, about
_LOG_S = 4.0  # from the last stage to the end, about: MLflow is told


@dataclass
class Sweep:
    """One sweep in one folder, from its first start to its end.

    Attributes:
        folder: Where it works.
        overrides: What is asked.
    """

    folder: Path
    overrides: list[str]
    hits: list[str] = field(default_factory=list)
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Its store."""
        return Store(self.folder / ".coralexp")

    @property
    def printed(self) -> str:
        """What all of its processes printed."""
        return (self.folder / "printed.txt").read_text(errors="replace")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command as from a shell."""
        environment = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
        with (self.folder / "printed.txt").open("ab") as printed:
            return subprocess.Popen(
                [sys.executable, "-m", "coralexp", *self.overrides],
                cwd=self.folder,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )

    def where(self, pid: int) -> str:
        """Return what a process does at this moment, or did when it ended."""
        owner = f"{re.sub(r'[^A-Za-z0-9]', '_', socket.gethostname())}-{pid}"
        for draft in self.store.root.glob(f"*/.*.{owner}.*"):
            return draft.parent.name
        records = list(self.store.runs)
        if any(record.kind == "sweep" and record.state == "FINISHED" for record in records):
            return AFTER
        begun = [record for record in records if record.pid == pid and record.kind == "run"]
        return BETWEEN if any(record.stages for record in begun) else BEFORE

    def made(self) -> Counter[str]:
        """Return how many entries each stage has."""
        entries = self.store.root.glob("*/[!.]*/record.json")
        return Counter(path.parent.parent.name for path in entries)

    def to_the_end(self) -> None:
        """Run it undisturbed."""
        began = time.monotonic()
        self.note(self.start().wait())
        self.seconds += time.monotonic() - began

    def note(self, status: int) -> None:
        """Take down how a process ended that was not killed."""
        if status or "Traceback" in self.printed:
            self.problems.append(f"exit status {status}: {self.printed[-2000:]}")


@dataclass
class Killer:
    """Chooses moments, and kills.

    Attributes:
        chance: Where from.
        calm: The reference, for how long things take.
        hits: Kills so far, by what they interrupted.
    """

    chance: random.Random
    calm: Sweep
    hits: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.whole = self.calm.made()
        seconds: dict[str, list[float]] = {BEFORE: [_START_S], AFTER: [_LOG_S]}
        for path in self.calm.store.root.glob("*/[!.]*/record.json"):
            stage, key = path.parent.parent.name, path.parent.name
            record = self.calm.store.record(stage, key)
            if record is not None:
                seconds.setdefault(stage, []).append(record.made_in_s)
        self.seconds = {name: max(some) for name, some in seconds.items()}

    def disturb(self, sweep: Sweep, kills: int) -> None:
        """Run a sweep to its end, killed up to so many times on the way."""
        began = time.monotonic()
        while True:
            process = sweep.start()
            if len(sweep.hits) == kills or not self._kill(sweep, process):
                sweep.note(process.wait())
                sweep.seconds = time.monotonic() - began
                return

    def _kill(self, sweep: Sweep, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the moment and kill; return False if the process ended before."""
        if self.hits.total() % 2:
            wait_s = self.chance.uniform(0.2, self.calm.seconds / 2)
        else:
            made = sweep.made()
            aims = [name for name in self.seconds if made[name] < self.whole.get(name, 1)]
            aim = min(aims, key=lambda name: (self.hits[name], self.chance.random()))
            while aim != BEFORE and process.poll() is None and sweep.where(process.pid) != aim:
                time.sleep(_STEP_S)
            wait_s = self.chance.uniform(0.0, self.seconds[aim])
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            sweep.hits.append(sweep.where(process.pid))
            self.hits[sweep.hits[-1]] += 1
            return True
        return False


def main() -> int:
    """Disturb and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", default=[*SMALL, *SWEEP])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores: {' '.join(asked.overrides)}")
    with tempfile.TemporaryDirectory(prefix="kill-") as root:
        calm = Sweep(Path(root) / "calm", asked.overrides)
        calm.folder.mkdir()
        calm.to_the_end()
        reference = left_in(calm.folder)
        print(f"undisturbed: {calm.seconds:.0f} s, {len(reference.artifacts)} artifacts")
        bad = report(calm, [*calm.problems, *reference.problems])
        killer = Killer(random.Random(asked.seed), calm)  # noqa: S311 - repeatable, no secret
        rounds = resumed = 0
        while killer.hits.total() < asked.kills:
            rounds += 1
            sweep = Sweep(Path(root) / f"round-{rounds}", asked.overrides)
            sweep.folder.mkdir()
            killer.disturb(sweep, asked.kills - killer.hits.total())
            wrong = [*sweep.problems, *differences(reference, left_in(sweep.folder))]
            verdict = "DIFFERENT" if wrong else "equal in every artifact and metric"
            where = ", ".join(sweep.hits) or "nowhere"
            print(
                f"round {rounds}: {len(sweep.hits)} kills ({where}), "
                f"{sweep.seconds:.0f} s to the end, {verdict}",
                flush=True,
            )
            resumed += sweep.printed.count("resumed after epoch")
            bad += report(sweep, wrong)
            if wrong:
                print(sweep.printed[-3000:])
    print(
        f"\n{asked.kills} kills in {rounds} rounds, {resumed} trainings resumed, {bad} bad rounds"
    )
    print("| killed in | kills |\n|---|---:|")
    for name in dict.fromkeys([BEFORE, *killer.seconds, BETWEEN]):
        print(f"| {name} | {killer.hits[name]} |")
    return int(bad > 0)


def report(sweep: Sweep, wrong: list[str]) -> int:
    """Print what is wrong; return whether anything is."""
    for line in wrong[:20]:
        print(f"  {sweep.folder.name}: {line}", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
