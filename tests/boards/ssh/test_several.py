"""Two real SSH servers: the free one measures, a dead one is left, one is taken back."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh_board import serve

from coralexp.boards.agent.lock import NAME, WAITING
from coralexp.boards.failures import NoBoardError, ReleasedError
from coralexp.boards.order import MeasureOrder, Protocol, owner
from coralexp.boards.presence import Wanted
from coralexp.boards.reach import find_device
from coralexp.boards.several import measure_on_free
from coralexp.boards.ssh import board as on_board
from coralexp.boards.ssh.board import ask_hold, measure_on_board
from coralexp.cli.board import main
from coralexp.errors import BoardError, ConfigError
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from ssh_board import SshBoard

    MakeOrder = Callable[..., MeasureOrder]

pytestmark = [pytest.mark.ssh, pytest.mark.toolchain]

GONE = "nobody@127.0.0.1:1"
CPU_THERE = Wanted("this computer", is_this_computer=True, interface=None, edge_tpu=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[SshBoard, SshBoard]]:
    with (
        serve(tmp_path_factory.mktemp("first")) as first,
        serve(tmp_path_factory.mktemp("second"), first.home) as second,
    ):
        yield first, second


@pytest.fixture
def boards(
    running: tuple[SshBoard, SshBoard], monkeypatch: pytest.MonkeyPatch
) -> tuple[SshBoard, SshBoard]:
    """Two whose keys are known."""
    first, second = running
    monkeypatch.setenv("HOME", str(first.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    second.know_beside(first)
    return running


@pytest.fixture
def own(order: MakeOrder) -> MakeOrder:
    """Return an order whose lock is the board's."""
    return lambda **more: order(lock_folder=None, **more)


class Busy:
    """A board on which a measurement is under way."""

    def __init__(self, board: SshBoard, order: MeasureOrder) -> None:
        self.error: BoardError | None = None
        self._thread = threading.Thread(target=self._measure, args=(board, order))
        self._thread.start()
        wait_until(lambda: read(board.lock_folder / NAME).get("job") == order.job)

    def _measure(self, board: SshBoard, order: MeasureOrder) -> None:
        try:
            measure_on_board(order, board.address, board.python)
        except BoardError as error:
            self.error = error

    def end(self) -> BoardError | None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.error


def read(path: Path) -> Mapping[str, object]:
    try:
        found: Mapping[str, object] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def lasting(seconds: float) -> Protocol:
    return Protocol(warm_up=0, at_least=1, seconds=seconds)


def never(host: str, why: str) -> None:
    pytest.fail(f"{host} is set aside: {why}")


def test_the_board_that_is_free_measures(boards: tuple[SshBoard, SshBoard], own: MakeOrder) -> None:
    first, second = boards
    busy = Busy(first, own(protocol=lasting(2.0), job="run a"))

    hosts = [str(first.address), str(second.address)]
    measured = measure_on_free(own(), hosts, first.python, never)

    assert measured.place == str(second.address)
    assert busy.end() is None


def test_a_board_that_becomes_free_is_waited_for(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder
) -> None:
    first, second = boards
    short = Busy(first, own(protocol=lasting(1.5), job="run a"))
    long = Busy(second, own(protocol=lasting(3.0), job="run b"))
    hosts = [str(first.address), str(second.address)]

    with pytest.raises(NoBoardError, match=r"another process measures here.*none was free in 0 m"):
        measure_on_free(own(wait_s=0.0), hosts, first.python, never)
    measured = measure_on_free(own(wait_s=30.0), hosts, first.python, never)

    assert measured.place == str(first.address)
    assert (short.end(), long.end()) == (None, None)


def test_a_board_that_is_not_there_is_set_aside(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder
) -> None:
    first, _ = boards
    lost: dict[str, str] = {}

    measured = measure_on_free(own(), [GONE, str(first.address)], first.python, lost.__setitem__)
    with pytest.raises(NoBoardError, match="cannot be reached"):
        measure_on_free(own(), [GONE], first.python, lost.__setitem__)

    assert measured.place == str(first.address)
    assert list(lost) == [GONE]
    assert "cannot be reached" in lost[GONE]


def test_a_board_that_takes_no_files_is_set_aside(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder
) -> None:
    first, second = boards
    lost: dict[str, str] = {}
    hosts = [str(first.address), str(second.address)]
    first.files.rmdir()
    first.files.write_text("no folder")
    try:
        measured = measure_on_free(own(), hosts, first.python, lost.__setitem__)
    finally:
        first.files.unlink()

    assert measured.place == str(second.address)
    assert "no folder can be made there" in lost[hosts[0]]


def test_the_job_of_a_board_that_dies_goes_to_another(
    boards: tuple[SshBoard, SshBoard],
    own: MakeOrder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_board, "_PAUSES_S", (0.1, 0.1))
    first, _ = boards
    lost: dict[str, str] = {}
    order = own(protocol=lasting(1.5), job="run a")
    with serve(tmp_path / "mortal", first.home) as mortal:
        known = first.home / ".ssh/known_hosts"
        before = known.read_bytes()
        mortal.know()
        known.write_bytes(before + known.read_bytes())

        def die() -> None:
            wait_until(lambda: read(mortal.lock_folder / NAME).get("job") == "run a")
            mortal.die()

        thread = threading.Thread(target=die)
        thread.start()
        hosts = [str(mortal.address), str(first.address)]
        measured = measure_on_free(order, hosts, first.python, lost.__setitem__)
        thread.join()

    assert measured.place == str(first.address)
    assert list(lost) == [str(mortal.address)]


def test_who_holds_a_board_and_who_waits_is_told(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = boards
    ask = [str(first.address), "--python", first.python]
    stale = first.lock_folder / f"{WAITING}999999999.json"
    stale.write_text(json.dumps({"owner": "ghost@here", "pid": 999_999_999}))

    assert main(ask) == 0
    assert capsys.readouterr().out == f"{first.address}: nobody measures there\n"
    busy = Busy(first, own(protocol=lasting(3.0), job="run a"))
    follower = threading.Thread(
        target=measure_on_board, args=(own(job="bench of b"), first.address, first.python)
    )
    follower.start()
    wait_until(lambda: len(list(first.lock_folder.glob(f"{WAITING}*"))) > 1)
    main(ask)
    told = capsys.readouterr().out
    busy.end()
    follower.join()

    assert f"{first.address}: held by {owner()} (process " in told
    assert ", for run a, since " in told
    assert f"\n  waits: {owner()} (process " in told
    assert ", for bench of b, since " in told
    assert "ghost" not in told
    assert list(first.lock_folder.glob(f"{WAITING}*")) == [stale]


def test_its_owner_takes_a_board_back(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = boards
    ask = [str(first.address), "--python", first.python, "--release"]
    busy = Busy(first, own(protocol=lasting(60.0), job="run a"))

    main(ask)
    assert f"released; it was held by {owner()}" in capsys.readouterr().out
    assert isinstance(busy.end(), ReleasedError)
    assert "coralexp board --release" in str(busy.error)
    main(ask)
    assert "nobody measures there" in capsys.readouterr().out


def test_anothers_board_is_taken_by_force_alone(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder
) -> None:
    first, _ = boards
    busy = Busy(first, own(protocol=lasting(60.0), job="run a"))
    lock = first.lock_folder / NAME
    lock.write_text(json.dumps({**read(lock), "owner": "other@lab"}))
    where = (MeasureOrder(Path()), first.address, first.python)

    with pytest.raises(BoardError, match=rf"other@lab holds .* run a; you are {owner()}; --force"):
        ask_hold(*where, release=True)
    found = ask_hold(*where, release=True, force=True)

    released = found["released"]
    assert isinstance(released, dict)
    assert released["owner"] == "other@lab"
    assert isinstance(busy.end(), ReleasedError)


def test_force_alone_is_a_wrong_request() -> None:
    with pytest.raises(ConfigError, match="--force: goes with --release"):
        main(["pi@board", "--force"])
    with pytest.raises(ConfigError, match="HOST: expected user@host"):
        main(["board"])


def test_a_measurement_that_takes_too_long_is_ended(
    boards: tuple[SshBoard, SshBoard], own: MakeOrder
) -> None:
    first, _ = boards

    with pytest.raises(BoardError, match=r"took longer than 0\.5 s and was ended"):
        measure_on_board(own(protocol=lasting(60.0), max_s=0.5), first.address, first.python)
    assert not ask_hold(MeasureOrder(Path()), first.address, first.python)["held"]


def test_a_look_waits_for_nobody(boards: tuple[SshBoard, SshBoard], own: MakeOrder) -> None:
    first, second = boards
    busy = Busy(first, own(protocol=lasting(60.0), job="run a"))
    hosts = (str(first.address), str(second.address))

    found = find_device(CPU_THERE, Machine(python=first.python, hosts=hosts))
    hold = ask_hold(MeasureOrder(Path()), first.address, first.python, release=True)

    assert found.hosts == hosts
    assert hold["released"] is not None  # it measured still
    assert isinstance(busy.end(), ReleasedError)


def test_equal_boards_have_one_name_and_others_are_set_aside(
    boards: tuple[SshBoard, SshBoard],
) -> None:
    first, second = (str(board.address) for board in boards)
    python = boards[0].python

    found = find_device(CPU_THERE, Machine(python=python, hosts=(GONE, first, second)))
    other = find_device(CPU_THERE, Machine(python=python, hosts=(second,)))

    assert found.hosts == (first, second)
    assert found.what == other.what
    assert not any(board in found.what for board in (first, second, GONE))
    assert found.aside[0].startswith(f"{GONE}: cannot be reached")
