"""A bundle reaches a board: what changed is sent, the old one stays until the new answers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh_board import serve

from coralexp.boards.ssh.connection import Connection, ConnectionCutError
from coralexp.bundle.contents import contents_of
from coralexp.bundle.deploy import deploy
from coralexp.cli.main import main
from coralexp.errors import BoardError
from coralexp.spec.board_address import BoardAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ssh_board import SshBoard

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.store import Store


class Shell:
    """A folder of this machine as a board: its commands are run by a shell, its files are files.

    Args:
        home: The folder.
        spoil: Changes what is sent, by name.
    """

    def __init__(self, home: Path, spoil: Callable[[str, bytes], bytes] | None = None) -> None:
        self.address = BoardAddress("student", "board")
        self.sent: list[str] = []
        self._home, self._spoil = home, spoil or (lambda _, content: content)

    def run(self, command: str, limit_s: float) -> tuple[int, bytes, bytes]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._home)}
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._home,
            env=environment,
            capture_output=True,
            check=False,
            timeout=limit_s,
        )
        return done.returncode, done.stdout, done.stderr

    def send(self, content: Path | bytes, name: str) -> None:
        assert isinstance(content, bytes)
        self.sent.append(Path(name).name)
        Path(name).write_bytes(self._spoil(Path(name).name, content))


@pytest.fixture
def files(store: Store, run: RunRecord) -> dict[str, bytes]:
    return contents_of(store, run, "pc")


@pytest.fixture
def newer(store: Store, compiled_run: RunRecord) -> dict[str, bytes]:
    """The bundle of another run, for the same board; most of its scripts are the same."""
    return contents_of(store, compiled_run, "pc")


def current(home: Path) -> dict[str, bytes]:
    folder = home / "coralexp/current"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_everything_arrives_and_answers(
    files: dict[str, bytes], bare_python: Path, tmp_path: Path
) -> None:
    done = deploy(files, Shell(tmp_path), python=str(bare_python))

    assert current(tmp_path) == files
    assert set(done.sent) == set(files) - {"manifest.json", "manifest.json.sha256"}
    assert done.answer[-1].startswith("self-check passed: 16 of 16 samples")
    assert done.before is None
    assert (tmp_path / "coralexp/current").is_symlink()
    assert list((tmp_path / "coralexp").glob(".*")) == []


def test_again_sends_nothing_and_still_asks(
    files: dict[str, bytes], bare_python: Path, tmp_path: Path
) -> None:
    first = deploy(files, Shell(tmp_path), python=str(bare_python))
    again = deploy(files, Shell(tmp_path), python=str(bare_python))

    assert again.sent == ()
    assert again.folder == first.folder
    assert again.answer[-1].startswith("self-check passed")


def test_a_newer_one_sends_what_changed_and_keeps_the_version_before(
    files: dict[str, bytes], newer: dict[str, bytes], bare_python: Path, tmp_path: Path
) -> None:
    first = deploy(files, Shell(tmp_path), python=str(bare_python))
    board = Shell(tmp_path)

    second = deploy(newer, board, python=str(bare_python), options=["--cpu"])

    assert "model_edgetpu.tflite" in second.sent
    assert "README.md" in second.sent
    assert not {"model.tflite", "classify.py", "agent.pyz", "samples/000.png"} & set(second.sent)
    assert current(tmp_path) == newer
    assert second.before == first.folder
    assert second.kept + len(second.sent) + 2 == len(newer)

    third = deploy(files, Shell(tmp_path), python=str(bare_python))

    assert third.sent == ()  # both versions were still there
    versions = {str(path) for path in (tmp_path / "coralexp/versions").iterdir()}
    assert versions == {third.folder, second.folder}


def test_a_file_that_was_damaged_there_is_sent_again(
    files: dict[str, bytes], bare_python: Path, tmp_path: Path
) -> None:
    deploy(files, Shell(tmp_path), python=str(bare_python))
    (tmp_path / "coralexp/current/labels.txt").write_text("other\n")

    done = deploy(files, Shell(tmp_path), python=str(bare_python))

    assert done.sent == ("labels.txt",)
    assert current(tmp_path) == files


def test_what_is_damaged_on_the_way_is_not_put_in_place(
    files: dict[str, bytes], newer: dict[str, bytes], bare_python: Path, tmp_path: Path
) -> None:
    deploy(files, Shell(tmp_path), python=str(bare_python))
    cut = Shell(tmp_path, lambda name, data: data[:-1] if name == "README.md" else data)

    with pytest.raises(BoardError, match=r"student@board: damaged on the way: README\.md"):
        deploy(newer, cut, python=str(bare_python))

    assert current(tmp_path) == files
    assert list((tmp_path / "coralexp").glob(".*")) == []


def test_the_old_version_stays_where_the_new_one_answers_otherwise(
    files: dict[str, bytes],
    store: Store,
    compiled_run: RunRecord,
    bare_python: Path,
    tmp_path: Path,
) -> None:
    first = deploy(files, Shell(tmp_path), python=str(bare_python))
    wrong = wrong_answers(contents_of(store, compiled_run, "pc"))

    with pytest.raises(BoardError) as refused:
        deploy(wrong, Shell(tmp_path), python=str(bare_python), options=["--cpu"])

    assert "the self-check ended with status 1" in str(refused.value)
    assert f"{first.folder} stays" in str(refused.value)
    assert "self-check FAILED" in str(refused.value)
    assert current(tmp_path) == files


def wrong_answers(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a whole bundle whose run logged other answers."""
    import hashlib

    manifest = json.loads(files["manifest.json"])
    for sample in manifest["samples"]:
        sample["predicted"] = "cross" if sample["predicted"] == "disc" else "disc"
    content = json.dumps(manifest).encode()
    digest = hashlib.sha256(content).hexdigest().encode()
    return {**files, "manifest.json": content, "manifest.json.sha256": digest}


def test_an_interpreter_that_cannot_run_it_is_told(files: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"absent prepare ended with status 127 \(.*--python"):
        deploy(files, Shell(tmp_path), python="/absent")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[SshBoard]:
    with serve(tmp_path_factory.mktemp("ssh")) as board:
        yield board


@pytest.fixture
def board(running: SshBoard, monkeypatch: pytest.MonkeyPatch) -> SshBoard:
    """One whose key is known."""
    monkeypatch.setenv("HOME", str(running.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    running.know()
    return running


@pytest.fixture
def where(store: Store, bare_python: Path) -> list[str]:
    return ["--python", str(bare_python), "--store", str(store.root)]


@pytest.mark.ssh
def test_the_command_deploys_over_ssh(
    board: SshBoard,
    run: RunRecord,
    where: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["deploy", run.id, str(board.address), *where, "--folder", str(tmp_path / "there")]

    assert main(words) == 0
    first = capsys.readouterr().out
    assert main(words) == 0
    again = capsys.readouterr().out

    assert first.startswith("sent ")
    assert f"  {board.address}: self-check passed: 16 of 16 samples" in first
    assert "nothing to send: every file is there" in again
    assert (tmp_path / "there/current/classify.py").is_file()


@pytest.mark.ssh
def test_a_connection_that_is_cut_leaves_the_old_version(
    board: SshBoard,
    files: dict[str, bytes],
    newer: dict[str, bytes],
    bare_python: Path,
    tmp_path: Path,
) -> None:
    there = {"folder": str(tmp_path / "coralexp"), "python": str(bare_python)}
    with Connection(board.address) as connection:
        deploy(files, connection, **there)

    class Cut(Connection):
        def send(self, content: Path | bytes, name: str) -> None:
            if name.endswith("model_edgetpu.tflite"):
                board.cut()
            super().send(content, name)

    with (
        pytest.raises(ConnectionCutError, match="the connection was cut"),
        Cut(board.address) as connection,
    ):
        deploy(newer, connection, **there)

    assert current(tmp_path) == files


@pytest.mark.parametrize(
    ("address", "says"),
    [("-oProxyCommand=x@y", "expected user@host"), ("board", "expected user@host")],
)
def test_what_is_no_address_is_refused_at_once(
    address: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "x", "--", address]) == 2

    assert says in capsys.readouterr().err
