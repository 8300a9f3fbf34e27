"""The store of MLflow: reachable, writable, and of the schema that the installed MLflow wants."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.mlflow_schema import heads, installed_mlflow, revisions
from coralexp.doctor.mlflow_server import check_server
from coralexp.doctor.packages import PIP, version_of
from coralexp.doctor.shown import shown
from coralexp.tracking.address import SQLITE, tracking_address

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "MLflow"


def check_mlflow(
    folder: Path = Path(), environ: Mapping[str, str] | None = None, mlflow: Path | None = None
) -> Finding:
    """Return whether runs can be logged. A run does without: what was not logged is logged later.

    Args:
        folder: Working folder.
        environ: Environment variables; None takes those of this process.
        mlflow: Folder of the package; None takes the installed one.
    """
    package = mlflow or installed_mlflow()
    version = version_of("mlflow")
    if package is None or version is None:
        return Finding(_NAME, "missing", "not installed", f"{PIP} --no-deps -r requirements.lock")
    address = tracking_address(folder, environ)
    if address.is_server:
        return check_server(address, version)
    if address.database is None:
        text = f"{version}, store {address.public}: only SQLite files and servers are looked at"
        return Finding(_NAME, "note", text, "run one job; it says if the store cannot be opened")
    return _database(address.database, version, package, folder)


def _database(database: Path, version: str, package: Path, folder: Path) -> Finding:
    told = f"{version}, {shown(database, folder)}"
    if not database.exists() or database.stat().st_size == 0:
        return _to_be_made(database, told)
    try:
        revision = _revision(database)
    except sqlite3.Error as error:
        text = f"move it away, the next run makes a new one: mv '{database}' '{database}.broken'"
        return Finding(_NAME, "note", f"{told}: cannot be read ({error})", text)
    known = revisions(package)
    latest = heads(known)
    if revision not in latest and revision in known:
        text = f"cp '{database}' '{database}.old' && mlflow db upgrade '{SQLITE}{database}'"
        told = f"{told}: schema {revision}, this MLflow wants {' or '.join(sorted(latest))}"
        return Finding(_NAME, "note", told, text)
    if revision not in latest:
        text = "install the MLflow that made it, or name another store with MLFLOW_TRACKING_URI"
        told = f"{told}: schema {revision or 'none'}, which this MLflow does not know"
        return Finding(_NAME, "note", told, text)
    if not os.access(database, os.W_OK) or not os.access(database.parent, os.W_OK):
        return Finding(_NAME, "note", f"{told}: cannot be written", f"chmod u+w '{database}'")
    return Finding(_NAME, "ok", f"{told}, schema {revision} is current")


def _to_be_made(database: Path, told: str) -> Finding:
    parent = next(path for path in database.parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        text = "start from a folder that you may write, or set MLFLOW_TRACKING_URI"
        return Finding(_NAME, "note", f"{told}: cannot be made, {parent} is not writable", text)
    return Finding(_NAME, "ok", f"{told}: not there yet, the first run makes it")


def _revision(database: Path) -> str | None:
    uri = f"{database.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as connection:
        has = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        if connection.execute(has).fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])
