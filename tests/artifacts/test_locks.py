"""One process works, the others wait; nobody waits for the dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.locks import Holder, held, held_if_free, holder_of

if TYPE_CHECKING:
    from pathlib import Path

HOLDING = """
import sys, time
from pathlib import Path
from coralexp.artifacts.locks import held

with held(Path(sys.argv[1]), lambda holder: None):
    print("held", flush=True)
    sys.stdin.readline()
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def never(holder: Holder | None) -> None:
    raise AssertionError(f"waited for {holder}")


def test_a_free_lock_is_had_at_once_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "locks" / "a.lock", never) as waited:
            assert not waited
            assert holder_of(tmp_path / "locks" / "a.lock") == Holder(
                os.getpid(), socket.gethostname()
            )
    assert holder_of(tmp_path / "locks" / "a.lock") is None


def test_who_waits_hears_who_works_and_goes_on_when_that_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    heard: list[Holder | None] = []
    with start_holder(path) as process:

        def let_go(holder: Holder | None) -> None:
            heard.append(holder)
            if process.stdin is not None and len(heard) == 1:
                process.stdin.write("\n")
                process.stdin.flush()

        with held(path, let_go) as waited:
            assert waited

    assert heard[0] == Holder(process.pid, socket.gethostname())
    assert str(heard[0]) == f"process {process.pid} on {socket.gethostname()}"


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with start_holder(path) as process:
        process.kill()
        process.wait()

        with held_if_free(path) as mine:
            assert mine


def test_a_lock_that_another_has_is_left_alone_if_it_need_not_be_had(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with start_holder(path) as process, held_if_free(path) as mine:
        assert not mine
        process.kill()


def test_waiting_ends_when_it_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"

    def interrupt(holder: Holder | None) -> None:
        raise KeyboardInterrupt

    with start_holder(path) as process:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt), held(path, interrupt):
            pass
        assert time.monotonic() - began < 2
        process.kill()


def test_threads_of_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with held(tmp_path / "a.lock", lambda holder: None):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1, 1, 1, 1]


def test_where_no_lock_can_be_had_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with held(tmp_path / "file" / "a.lock", never) as waited:
        assert not waited
    with held_if_free(tmp_path / "file" / "a.lock") as mine:
        assert not mine
