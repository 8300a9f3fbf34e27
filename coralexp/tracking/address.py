"""Where MLflow's data are: the one place that reads `MLFLOW_TRACKING_URI`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "MLFLOW_TRACKING_URI"
FOLDER = "mlruns"
DATABASE = "mlflow.db"
SQLITE = "sqlite:///"
_SECRET = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """An MLflow tracking store.

    Attributes:
        uri: What MLflow is given; may hold a password, so it is neither shown nor stored.
        database: The file, if it is an SQLite database on this machine.
    """

    uri: str = field(repr=False)
    database: Path | None = None

    @property
    def public(self) -> str:
        """The URI without user, password and query."""
        return without_credentials(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether it is an MLflow server, which has a user interface of its own."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def artifacts(self) -> str | None:
        """Where a new experiment keeps its files; None leaves it to the server."""
        return None if self.database is None else (self.database.parent / "artifacts").as_uri()

    def redacted(self, text: str) -> str:
        """Return a text, such as an error of MLflow, without the credentials of this address."""
        text = text.replace(self.uri, self.public)
        for secret in sorted(_secrets(self.uri), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def tracking_address(folder: Path, environ: Mapping[str, str] | None = None) -> Address:
    """Return where runs are logged.

    Args:
        folder: Folder that holds, or will hold, `mlruns/`: the working folder.
        environ: Environment variables; None takes those of this process. `MLFLOW_TRACKING_URI`
            wins over the folder when it is set.
    """
    uri = (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if uri:
        return Address(uri, _sqlite_file(uri, folder))
    database = folder.resolve() / FOLDER / DATABASE
    return Address(_sqlite_uri(database), database)


def without_credentials(uri: str) -> str:
    """Return a URI without user, password and query, in which databases take passwords too."""
    if uri.startswith("sqlite:"):
        return uri.partition("?")[0]
    try:
        parts = urlsplit(uri)
    except ValueError:  # such as an IPv6 address that is not closed
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _secrets(uri: str) -> set[str]:
    """Return every form in which an error may repeat a credential of a URI."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return {uri}
    user = parts.netloc.rpartition("@")[0]
    password = user.partition(":")[2]
    of_query = {value for name, value in parse_qsl(parts.query) if _SECRET.search(name)}
    return {user, password, unquote(password), parts.query, *of_query} - {""}


def _sqlite_uri(database: Path) -> str:
    # SQLAlchemy before 2.1 takes a percent sign as it stands, later ones decode it, and both cut
    # the path at a question mark: in such a folder only a relative path means the same to both.
    if re.search(r"[%?]", database.as_posix()):
        return f"{SQLITE}{FOLDER}/{DATABASE}"
    return f"{SQLITE}{database.as_posix()}"


def _sqlite_file(uri: str, folder: Path) -> Path | None:
    path = uri.removeprefix(SQLITE).partition("?")[0]
    if path == uri or path in {"", ":memory:"}:
        return None
    return folder.resolve() / unquote(path)
