"""Opening MLflow: quietly, once at a time on a machine, and never for long when it is away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import warnings
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from coralexp.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mlflow import MlflowClient

    from coralexp.tracking.address import Address

EXPERIMENT = "coralexp"
_TRAINING_PAGES = {"mlflow.experimentKind": "custom_model_development"}  # and not those of GenAI
_LOCK_TIMEOUT_S = 60.0  # making a fresh database takes 3 s; several processes may stand in line
_BUSY_TIMEOUT_S = 30.0  # a backup, or another program's long transaction; MLflow's own is 20 s

# What the user set wins. Without the limits a server that is away holds each request for minutes.
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
}


def settings() -> dict[str, str]:
    """Return the environment variables that keep MLflow quiet, private and quick to give up.

    Those that are set already are left out.
    """
    return {name: value for name, value in _SETTINGS.items() if name not in os.environ}


def prepare() -> None:
    """Set the process up for MLflow, without importing it.

    To be called in the main thread: another one may read the environment and the filters of
    warnings at any time.
    """
    os.environ.update(settings())
    # MLflow's own import warns of what it does with SQLAlchemy, which no user can help.
    warnings.filterwarnings("ignore", module=r"(mlflow|sqlalchemy|alembic)\b")


def connect(address: Address, *, generation: int = 0) -> tuple[MlflowClient, str]:
    """Open MLflow and make the database and the experiment if they are not there.

    Args:
        address: Where it is.
        generation: How often this process found its database deleted. MLflow keeps connections
            by URI for the life of a process and would write on into the deleted file.

    Returns:
        A client, and the id of the experiment.

    Raises:
        TrackingError: If it cannot be reached, or not be written.
    """
    with plain_errors(address), _alone(address):
        if address.database is not None:
            _check_writable(address.database)
            _make_whole(address, address.database, generation)
        from mlflow import MlflowClient

        uri = address.uri
        if address.database is not None and generation:
            head, _, name = uri.rpartition("/")
            uri = f"{head}/{'./' * generation}{name}"  # the same file, another name
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        return client, _experiment(client, address)


def _experiment(client: MlflowClient, address: Address) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        try:
            return client.create_experiment(
                EXPERIMENT, artifact_location=address.artifacts, tags=_TRAINING_PAGES
            )
        except MlflowException:  # on a server, another machine may have been faster
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


@contextlib.contextmanager
def plain_errors(address: Address) -> Generator[None]:
    """Turn whatever MLflow raises into a TrackingError of one line, free of credentials.

    MLflow lets through what the libraries below it raise (requests, SQLAlchemy, OSError ...), and
    none of it may end a job.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        raise TrackingError(f"MLflow at {address.public}: {_reason(address, error)}") from error


def _reason(address: Address, error: BaseException) -> str:
    text = str(error)
    for words, meaning in _MEANINGS.items():
        if words in text:
            return meaning
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return address.redacted(lines[0] if lines else type(error).__name__)[:300]


_MEANINGS = {
    "Connection refused": "no server answers there (connection refused)",
    "actively refused": "no server answers there (connection refused)",
    "Max retries exceeded": "the server does not answer",
    "timed out": "the server does not answer in time",
    "Name or service not known": "there is no such server",
    "getaddrinfo failed": "there is no such server",
    "database is locked": "another program holds the database",
    "readonly database": "the database cannot be written",
    "unable to open database": "the database cannot be opened",
    "out-of-date database schema": (
        "the database was made by another version of MLflow; "
        "`mlflow db upgrade URI` brings it up to date, or delete the folder"
    ),
    "filesystem tracking backend": (
        "MLflow keeps runs in plain folders no more; "
        "use MLFLOW_TRACKING_URI=sqlite:///FILE, or a server"
    ),
}


@contextlib.contextmanager
def _alone(address: Address) -> Generator[None]:
    """Let one process at a time through: several on a fresh SQLite database break it."""
    if address.database is None:
        yield
        return
    folder = address.database.parent
    lock = FileLock(folder / ".open.lock", timeout=_LOCK_TIMEOUT_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise TrackingError(
            f"{folder}: another process has been opening it for a minute"
        ) from error
    except OSError as error:
        raise TrackingError(f"{folder}: cannot be written ({error.strerror or error})") from error
    try:
        yield
    finally:
        lock.release()


def _make_whole(address: Address, database: Path, generation: int) -> None:
    """Make the tables of a new database beside its place, then put it there in one step.

    MLflow makes them in hundreds of statements: a process that was killed in between would leave a
    database that no MLflow can open.
    """
    if database.stat().st_size:
        return
    start = f".{database.name}.new-"
    for left in database.parent.glob(f"{start}*"):  # by the lock, nobody works on it
        left.unlink()
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # MLflow keeps what it opened by URI, so each attempt of a process has another name.
    draft = database.with_name(f"{start}{os.getpid()}-{generation}-{time.monotonic_ns()}")
    head, _, query = address.uri.partition("?")
    uri = f"{head.rpartition('/')[0]}/{draft.name}{'?' * bool(query)}{query}"
    try:
        store = SqlAlchemyStore(uri, database.parent.as_uri())  # type: ignore[no-untyped-call]
        store.engine.dispose()
        draft.replace(database)
    finally:
        draft.unlink(missing_ok=True)


def _check_writable(database: Path) -> None:
    """Try the file at once: MLflow tries a database that cannot be opened for 100 s."""
    connection = sqlite3.connect(database, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    finally:
        connection.close()
