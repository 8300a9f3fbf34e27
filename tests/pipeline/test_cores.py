"""A training and a measurement have the cores for themselves; the rest shares them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from coralexp.pipeline.cores import Cores


@dataclass
class Work:
    """Stages at work, and who they met."""

    cores: Cores = field(default_factory=Cores)
    inside: list[str] = field(default_factory=list)
    met: list[tuple[str, ...]] = field(default_factory=list)

    def do(self, stage: str) -> None:
        with self.cores.used_by(stage, lambda: None):
            self.inside.append(stage)
            self.met.append(tuple(sorted(self.inside)))
            time.sleep(0.05)
            self.met.append(tuple(sorted(self.inside)))
            self.inside.remove(stage)


def together(*stages: str) -> Work:
    work = Work()
    threads = [threading.Thread(target=work.do, args=(stage,)) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(work.met) == 2 * len(stages)
    return work


@pytest.mark.parametrize("alone", ["train", "qat", "measure"])
def test_some_stages_meet_nobody(alone: str) -> None:
    work = together("convert", alone, "evaluate", alone, "convert", "compile")

    assert {met for met in work.met if alone in met} == {(alone,)}


def test_the_others_work_together() -> None:
    assert ("convert", "evaluate") in together("convert", "evaluate").met


def test_who_waits_for_the_cores_can_give_up() -> None:
    cores = Cores()

    def give_up() -> None:
        raise KeyboardInterrupt

    with cores.used_by("train", give_up):
        with pytest.raises(KeyboardInterrupt), cores.used_by("convert", give_up):
            pass
        with pytest.raises(KeyboardInterrupt), cores.used_by("measure", give_up):
            pass
    with cores.used_by("convert", give_up):
        pass
