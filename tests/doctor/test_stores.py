"""The store, its keys, the data folder, and MLflow's database and server."""

from __future__ import annotations

import http.server
import json
import socket
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.key_schema import KEY_SCHEMA
from coralexp.doctor.data import check_data
from coralexp.doctor.disk import check_disk
from coralexp.doctor.mlflow_schema import heads, installed_mlflow, revisions
from coralexp.doctor.mlflow_store import check_mlflow
from coralexp.doctor.store_keys import check_store_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_a_store_is_looked_at_and_not_made(tmp_path: Path) -> None:
    found = check_disk(tmp_path / "deep/store")

    assert found.mark == "ok"
    assert "not there yet" in found.found
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")

    assert check_disk(tmp_path / "store").mark == "missing"


def test_little_room_is_told(tmp_path: Path) -> None:
    found = check_disk(tmp_path, room_bytes=1 << 62)

    assert found.mark == "note"
    assert "store prune" in found.remedy


@pytest.mark.parametrize(
    ("schema", "mark", "told"),
    [
        (KEY_SCHEMA, "ok", "1 entries"),
        (KEY_SCHEMA - 1, "note", "1 of an older schema"),
        (KEY_SCHEMA + 1, "note", "1 of a later schema"),
    ],
)
def test_entries_of_another_schema_are_counted(tree, schema: int, mark: str, told: str) -> None:
    store = tree({f"train/{'a' * 20}/ingredients.json": json.dumps({"schema": schema})})

    found = check_store_keys(store)

    assert found.mark == mark
    assert told in found.found


def test_the_data_folder_is_compared_with_its_list(tree) -> None:
    root = tree({"a.npz": "", "SHA256SUMS": f"{'0' * 64}  a.npz\n{'1' * 64}  gone.npz\n"})

    assert check_data({}).mark == "absent"
    assert (
        "1 of 2 listed files are gone, gone.npz" in check_data({"CORALEXP_DATA": str(root)}).found
    )
    (root / "gone.npz").touch()
    assert check_data({"CORALEXP_DATA": str(root)}).mark == "ok"
    assert check_data({"CORALEXP_DATA": str(root / "nowhere")}).mark == "note"


def database(folder: Path, revision: str) -> Path:
    path = folder / "mlruns/mlflow.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.close()
    return path


def known() -> tuple[dict[str, tuple[str, ...]], str]:
    mlflow = installed_mlflow()
    assert mlflow is not None
    steps = revisions(mlflow)
    (latest,) = heads(steps)
    return steps, latest


def test_a_current_database_is_well(tmp_path: Path) -> None:
    database(tmp_path, known()[1])

    assert check_mlflow(tmp_path, {}).mark == "ok"


def test_an_older_database_comes_with_the_line_that_upgrades_it(tmp_path: Path) -> None:
    steps, latest = known()
    path = database(tmp_path, steps[latest][0])

    found = check_mlflow(tmp_path, {})

    assert found.mark == "note"
    assert f"this MLflow wants {latest}" in found.found
    assert f"mlflow db upgrade 'sqlite:///{path}'" in found.remedy


def test_the_database_of_a_later_mlflow_is_told(tmp_path: Path) -> None:
    database(tmp_path, "fedcba987654")

    assert "which this MLflow does not know" in check_mlflow(tmp_path, {}).found


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns/mlflow.db").write_text("not a database, but longer than a header " * 9)

    assert "cannot be read" in check_mlflow(tmp_path, {}).found


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert check_mlflow(tmp_path, {}).mark == "ok"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.mlflow
def test_what_mlflow_makes_is_current(tmp_path: Path) -> None:
    from coralexp.tracking.address import tracking_address
    from coralexp.tracking.connection import connect

    connect(tracking_address(tmp_path, {}))

    assert "is current" in check_mlflow(tmp_path, {}).found


@pytest.fixture
def server() -> Iterator[Callable[[int, bytes], str]]:
    """Return the address of a server that gives one answer."""
    started = []

    def start(status: int, answer: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path == "/health" else 404)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *words: object) -> None:
                pass

        one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        started.append(one)
        return f"http://user:secret@127.0.0.1:{one.server_port}"

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


@pytest.mark.parametrize(
    ("status", "answer", "verdict"),
    [
        (200, b"OK", ("ok", "answers")),
        (200, b"<html>", ("note", "no MLflow")),
        (401, b"", ("ok", "asks who you are")),
        (500, b"", ("note", "status 500")),
    ],
)
def test_a_server_is_asked_for_its_health(server, tmp_path, status, answer, verdict) -> None:
    found = check_mlflow(tmp_path, {"MLFLOW_TRACKING_URI": server(status, answer)})

    mark, told = verdict
    assert found.mark == mark
    assert told in found.found
    assert "secret" not in found.found


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{unused.getsockname()[1]}"
        found = check_mlflow(tmp_path, {"MLFLOW_TRACKING_URI": uri})

    assert found.mark == "note"
    assert "cannot be reached" in found.found
