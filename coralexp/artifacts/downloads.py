"""Files from elsewhere: broken downloads are gone on with, whole ones checked and put in place.

A download that was broken off lies beside its place as `.NAME.part`, and the next one goes on from
there where the server allows it. One process of this machine fetches a file at a time; the others
wait for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.locks import held

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CONNECT_S = 1.2  # for the name and the first answer of the network; without one it is told at once
PATIENCE_S = 10.0  # without an answer of the server; not for the whole file
_CHUNK_BYTES = 1 << 18
_PARTIAL = 206
_NOTHING_MORE = 416

_listener: ContextVar[Callable[[int, int | None, str], None] | None] = ContextVar(
    "_listener", default=None
)


@contextlib.contextmanager
def listening(hear: Callable[[int, int | None, str], None]) -> Generator[None]:
    """Tell how far downloads are, for as long as this lasts.

    Args:
        hear: Gets bytes that are here, bytes in all if the server said so, and the file's name.
    """
    token = _listener.set(hear)
    try:
        yield
    finally:
        _listener.reset(token)


def download(url: str, path: Path, sha256: str | None, patience_s: float | None = None) -> None:
    """Bring a file to its place, unless it is there.

    Args:
        url: Of the file, http or https.
        path: Its place; the folder is made.
        sha256: Digest it must have, in hexadecimal digits; None takes what comes.
        patience_s: Longest wait for the server's next answer; `PATIENCE_S` if None.

    Raises:
        OSError: If it cannot be had, or is not what was expected; the text says why.
    """
    patience_s = PATIENCE_S if patience_s is None else patience_s
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise OSError(f"{url} is no address of a file on the web")
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(_lock_of(path), lambda _: None):
        if path.is_file():
            return
        part = path.with_name(f".{path.name}.part")
        await_network(url)
        try:
            resumed = _receive(url, part, patience_s)
            if sha256 is not None and resumed and digest_of(part) != sha256:
                part.unlink()  # what was there before was of another file
                _receive(url, part, patience_s)
            if sha256 is not None and (got := digest_of(part)) != sha256:
                part.unlink()
                raise OSError(f"its SHA-256 is {got}, expected {sha256}")
            part.replace(path)
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__}: {error}") from error
        finally:
            with contextlib.suppress(OSError):
                if not part.stat().st_size:
                    part.unlink()


def await_network(url: str) -> None:
    """Refuse to wait for a network that does not answer: a name may take the system 10 s and more.

    Args:
        url: What is wanted of it.

    Raises:
        OSError: If neither the server nor the proxy before it takes a connection.
    """
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        named = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = named.hostname or "", named.port or {"http": 80}.get(named.scheme, 443)
    outcome: list[OSError | None] = []

    def connect() -> None:
        import socket

        try:
            with socket.create_connection((host, port), CONNECT_S):
                outcome.append(None)
        except OSError as error:
            outcome.append(error)

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(CONNECT_S)
    if not outcome:
        raise TimeoutError(f"{host} does not answer within {CONNECT_S} s")
    if outcome[0] is not None:
        raise outcome[0]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: OSError) -> str:
    """Return why a download failed, in few words."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    return str(cause) or type(cause).__name__


def _receive(url: str, part: Path, patience_s: float) -> bool:
    """Fetch what is missing of a part; return whether some of it was there before."""
    here = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "coralexp"})  # noqa: S310
    if here:
        request.add_header("Range", f"bytes={here}-")
    try:
        response = urllib.request.urlopen(request, timeout=patience_s)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _NOTHING_MORE and here:  # perhaps it is whole; perhaps of another file
            if error.headers.get("Content-Range", "").endswith(f"/{here}"):
                return True
            part.unlink()
            return _receive(url, part, patience_s)
        raise
    with response:
        resumed = here > 0 and response.status == _PARTIAL
        before = here if resumed else 0
        length = response.headers.get("Content-Length")
        total = before + int(length) if length and length.isdigit() else None
        with part.open("ab" if resumed else "wb") as file:
            got = before
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                got += len(chunk)
                if (hear := _listener.get()) is not None:
                    hear(got, total, part.name.removeprefix(".").removesuffix(".part"))
        if total is not None and got != total:
            raise OSError(f"the connection ended after {got} of {total} bytes; try again to go on")
    return resumed


def _lock_of(path: Path) -> Path:
    """Return a lock outside the folder, which may be the user's own."""
    user = getattr(os, "getuid", lambda: "user")()
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:32]
    return Path(tempfile.gettempdir()) / f"coralexp-downloads-{user}" / f"{name}.lock"
