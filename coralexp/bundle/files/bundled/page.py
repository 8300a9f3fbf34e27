"""A page that shows what the camera sees, for boards without a screen; this machine alone gets it.

/             the page
/stream.mjpg  pictures one after another
/frame.jpg    the last picture
/state.json   the last answer
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.bundle.files.bundled.manifest import BundleError

if TYPE_CHECKING:
    from coralexp.bundle.files.bundled.manifest import Json

HERE = "127.0.0.1"
_NAMES = (HERE, "localhost")
_HTML = Path(__file__).with_name("page.html")
_BOUNDARY = "picture"
_WAIT_S = 1.0
_FIRST_S = 10.0
_SERVER_OF_SSH = 2  # SSH_CONNECTION: the asker's address and port, this machine's address and port


class Page:
    """The page, served until `close`.

    Args:
        port: 0 takes any that is free.

    Raises:
        BundleError: If another program has that port.
    """

    def __init__(self, port: int) -> None:
        self._news = threading.Condition()
        self._picture, self._state, self._count = b"", "{}", 0
        self._open = True
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing: the terminal is for answers."""

        try:
            self._server = ThreadingHTTPServer((HERE, port), Handler)
        except OSError as error:
            raise BundleError(f"--page {port}: {error.strerror}; take another port") from error
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def invitation(self) -> str:
        """Return where the page is, and how a laptop gets to see it."""
        at = f"http://{HERE}:{self.port}/"
        told = os.environ.get("SSH_CONNECTION", "").split()
        host = told[_SERVER_OF_SSH] if len(told) > _SERVER_OF_SSH else socket.gethostname()
        return (
            f"page: {at} (for this machine alone)\n"
            f"on a laptop: ssh -N -L {self.port}:{HERE}:{self.port} {getpass.getuser()}@{host}\n"
            f"             and open {at} there\n"
        )

    def show(self, jpeg: bytes, state: dict[str, Json]) -> None:
        """Show a picture and what is said of it."""
        with self._news:
            self._picture, self._state = jpeg, json.dumps(state)
            self._count += 1
            self._news.notify_all()

    def close(self) -> None:
        """End the page."""
        self._open = False
        with self._news:
            self._news.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asker: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        name = asker.headers.get("Host", "").rpartition(":")[0] or asker.headers.get("Host", "")
        path = asker.path.partition("?")[0]
        try:
            if name not in _NAMES:  # a page of another site that calls itself this machine
                asker.send_error(403, "this page is for this machine alone")
            elif path == "/":
                _send(asker, "text/html; charset=utf-8", _HTML.read_bytes())
            elif path == "/frame.jpg":
                _send(asker, "image/jpeg", self._first())
            elif path == "/state.json":
                _send(asker, "application/json", self._state.encode())
            elif path == "/stream.mjpg":
                self._stream(asker)
            else:
                asker.send_error(404)
        except OSError:
            pass  # whoever looked has gone

    def _first(self) -> bytes:
        """Return the last picture; a camera takes a moment until there is a first."""
        with self._news:
            self._news.wait_for(lambda: self._count or not self._open, _FIRST_S)
            return self._picture

    def _stream(self, asker: BaseHTTPRequestHandler) -> None:
        asker.send_response(200)
        asker.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        asker.send_header("Cache-Control", "no-store")
        asker.end_headers()
        seen = 0
        while self._open:
            with self._news:
                if seen == self._count:
                    self._news.wait(_WAIT_S)
                    continue
                seen, picture = self._count, self._picture
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
            asker.wfile.write(head.encode() + b"\r\n\r\n" + picture + b"\r\n")


def _send(asker: BaseHTTPRequestHandler, kind: str, content: bytes) -> None:
    asker.send_response(200)
    asker.send_header("Content-Type", kind)
    asker.send_header("Content-Length", str(len(content)))
    asker.send_header("Cache-Control", "no-store")
    asker.end_headers()
    asker.wfile.write(content)
