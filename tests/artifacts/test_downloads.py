"""Files come whole and checked from a real server, go on where they broke off, or say why not."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts import downloads
from coralexp.artifacts.data_folder import RemoteFile, collecting, find, obtain, read_sums
from coralexp.artifacts.downloads import download, listening

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves DATA under any name.

    Attributes:
        asked: What each request said of the range it wants.
        breaks_after: Bytes after which it hangs up; None never.
        knows_ranges: Whether it sends parts.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.breaks_after: int | None = None
        self.knows_ranges = True

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.path.endswith("missing"):
            self.send_error(404)
            return
        start = int(wanted[6:-1]) if wanted and self.server.knows_ranges else 0
        if start >= len(DATA):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(DATA)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(DATA) - start))
        self.end_headers()
        end = self.server.breaks_after or len(DATA)
        self.wfile.write(DATA[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """Start a server on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as serving:
        threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
        yield serving
        serving.shutdown()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_put_in_place_whole_and_listeners_hear(server: Server, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None, str]] = []

    with listening(lambda *step: heard.append(step)):
        download(server.url("a.bin"), tmp_path / "new" / "a.bin", SHA256)

    assert (tmp_path / "new" / "a.bin").read_bytes() == DATA
    assert names(tmp_path / "new") == ["a.bin"]
    assert heard[-1] == (len(DATA), len(DATA), "a.bin")
    download(server.url("a.bin"), tmp_path / "new" / "a.bin", SHA256)
    assert len(server.asked) == 1


def test_a_broken_download_goes_on_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.breaks_after = 300_000
    with pytest.raises(OSError, match=f"ended after 300000 of {len(DATA)} bytes"):
        download(server.url("a.bin"), tmp_path / "a.bin", SHA256)
    assert names(tmp_path) == [".a.bin.part"]

    server.breaks_after = None
    download(server.url("a.bin"), tmp_path / "a.bin", SHA256)

    assert server.asked == [None, "bytes=300000-"]
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("part", [b"of another file", DATA, DATA + b"more"])
@pytest.mark.parametrize("knows_ranges", [True, False])
def test_what_is_there_of_another_file_is_thrown_away(
    server: Server, tmp_path: Path, part: bytes, knows_ranges: bool
) -> None:
    server.knows_ranges = knows_ranges
    (tmp_path / ".a.bin.part").write_bytes(part)

    download(server.url("a.bin"), tmp_path / "a.bin", SHA256)

    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert names(tmp_path) == ["a.bin"]


def test_another_digest_than_expected_is_refused_and_leaves_nothing(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match=f"its SHA-256 is {SHA256}, expected 000"):
        download(server.url("a.bin"), tmp_path / "a.bin", "0" * 64)

    assert names(tmp_path) == []


def test_what_the_server_says_is_told(server: Server, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Not Found") as caught:
        download(server.url("missing"), tmp_path / "a.bin", None)

    assert downloads.reason(caught.value) == "the server answers 404 Not Found"
    with pytest.raises(OSError, match="is no address of a file on the web"):
        download("file:///etc/passwd", tmp_path / "a.bin", None)


def test_threads_that_want_one_file_fetch_it_once(server: Server, tmp_path: Path) -> None:
    asking = [
        threading.Thread(target=download, args=(server.url("a"), tmp_path / "a", SHA256))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert len(server.asked) == 1
    assert names(tmp_path) == ["a"]


def test_a_network_that_is_silent_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "CONNECT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        address = full.getsockname()
        for _ in range(8):  # a queue that is full answers no further connection
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        start = time.monotonic()
        with pytest.raises(OSError, match=r"does not answer|timed out"):
            download(f"http://127.0.0.1:{address[1]}/a", tmp_path / "a", None)

    assert time.monotonic() - start < 5  # not the minutes that a system waits by itself


def remote(server: Server, tmp_path: Path, sha256: str | None = SHA256) -> RemoteFile:
    return RemoteFile("models/a.bin", server.url("a.bin"), tmp_path / "cache" / "a.bin", sha256)


def test_a_folder_is_filled_and_lists_its_digests_and_then_needs_no_network(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    stick, file = tmp_path / "stick", remote(server, tmp_path)
    stick.mkdir()

    with collecting(stick) as collection:
        assert obtain(file) == stick / "models" / "a.bin"
    assert collection.news == {"models/a.bin": "downloaded"}
    assert read_sums(stick) == {"models/a.bin": SHA256}
    assert not (tmp_path / "cache").exists()

    with collecting(stick) as collection:
        obtain(file)
    assert collection.news == {"models/a.bin": "there already"}

    monkeypatch.setenv("CORALEXP_DATA", str(stick))
    assert obtain(file) == stick / "models" / "a.bin"
    assert len(server.asked) == 1

    (stick / "models" / "a.bin").write_bytes(b"changed")
    with pytest.raises(OSError, match=r"is not what .*SHA256SUMS says"):
        find(file)
    monkeypatch.delenv("CORALEXP_DATA")
    with collecting(stick) as collection:
        obtain(file)
    assert (stick / "models" / "a.bin").read_bytes() == DATA


def test_what_the_machine_has_is_copied(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    file = remote(server, tmp_path)
    obtain(file)
    (tmp_path / "stick").mkdir()

    with collecting(tmp_path / "stick") as collection:
        obtain(file)

    assert collection.news == {"models/a.bin": f"copied from {tmp_path / 'cache'}"}
    assert len(server.asked) == 1
