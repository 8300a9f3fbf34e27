"""A run record in MLflow's words; names of metrics, tags and parameters are a public contract."""

from __future__ import annotations

import json
import socket
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from coralexp.artifacts.parameters import parameters
from coralexp.artifacts.runs import is_abandoned
from coralexp.tracking.connection import connect, plain_errors
from coralexp.tracking.identity import LONGEST_TAG, RUN_ID_TAG, from_tags, identity_tags
from coralexp.tracking.names import run_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import Metric

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.tracking.address import Address

_T = TypeVar("_T")

_TRAINED = ("train", "compress", "qat")
_CURVES = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")
_LONGEST_DIGEST = 36
_PER_BATCH = 100


class Mirror:
    """MLflow, opened when it is first needed. One thread only.

    Args:
        address: Where MLflow is.
        store: Folder of the stages' artifacts.
    """

    def __init__(self, address: Address, store: Path) -> None:
        self.address = address
        self._store = store
        self._client: MlflowClient | None = None
        self._experiment = ""
        self._generation = 0
        self._inode: int | None = None
        self._ids: dict[str, str] = {}

    def begin(self, record: RunRecord, sweep: RunRecord | None) -> str:
        """Make the MLflow run of a record that has none, or find the one it has.

        Args:
            record: A run or a sweep.
            sweep: The parent of a run; None if it is alone, or its record is gone.

        Returns:
            Id of the MLflow run.

        Raises:
            TrackingError: If MLflow is away.
        """
        with plain_errors(self.address):
            client = self._open()
            found = self._find(client, record)
            if found is not None:
                return found
            tags = identity_tags(record)
            if sweep is not None:
                tags["mlflow.parentRunId"] = self.begin(sweep, None)
            name = run_name(record, () if sweep is None else sweep.overrides)
            start = round(record.started * 1000)
            run = client.create_run(self._experiment, start_time=start, tags=tags, run_name=name)
            run_id = str(run.info.run_id)
            self._ids[record.id] = run_id
            _log_params(client, run_id, parameters(record))
            return run_id

    def finish(self, record: RunRecord, run_id: str) -> None:
        """Log what a run gave, and how it ended.

        Args:
            record: A record that is not RUNNING any more.
            run_id: What `begin` returned.

        Raises:
            TrackingError: If MLflow is away.
        """
        from mlflow.entities import Metric, RunTag

        with plain_errors(self.address):
            client = self._open()
            end = round((record.ended or record.started) * 1000)
            stages = record.stages.items()
            seconds = {f"{name}.seconds": stage.seconds for name, stage in stages}
            metrics = [
                Metric(name, value, end, 0) for name, value in (record.metrics | seconds).items()
            ]
            tags = dict(record.tags)
            for name, stage in stages:
                tags[f"{name}.key"] = stage.key
                tags[f"{name}.reused"] = str(stage.reused).lower()
            if record.error:
                tags["error"] = record.error
            for some in _portions([*metrics, *self._curves(record)]):
                client.log_batch(run_id, metrics=some)
            for few in _portions([RunTag(name, text[:LONGEST_TAG]) for name, text in tags.items()]):
                client.log_batch(run_id, tags=few)
            self._log_dataset(client, run_id, record)
            client.set_terminated(run_id, record.state, end)

    def attach(self, run_id: str, files: Iterable[Path]) -> None:
        """Copy files into the run, each under its own name.

        Raises:
            TrackingError: If MLflow is away.
        """
        with plain_errors(self.address):
            client = self._open()
            for file in files:
                client.log_artifact(run_id, str(file))

    def close_orphans(self, known: Container[str]) -> int:
        """Mark MLflow runs that dead processes of this machine left RUNNING as KILLED.

        Args:
            known: Ids of the runs whose records exist: these are closed by their records.

        Returns:
            How many were closed.

        Raises:
            TrackingError: If MLflow is away.
        """
        with plain_errors(self.address):
            client = self._open()
            host = socket.gethostname().replace("'", "")
            query = f"attributes.status = 'RUNNING' and tags.host = '{host}'"
            closed = 0
            for run in client.search_runs([self._experiment], query, max_results=1000):
                record = from_tags(run.data.tags)
                if record is not None and record.id not in known and is_abandoned(record):
                    client.set_terminated(run.info.run_id, "KILLED")
                    closed += 1
            return closed

    def forget(self) -> None:
        """Ask MLflow anew for everything at the next call: it was away, and may have changed."""
        self._client = None
        self._ids.clear()

    def _open(self) -> MlflowClient:
        database = self.address.database
        if self._client is not None and database is not None and _inode(database) != self._inode:
            self._client = None  # deleted under our hands: begin anew
            self._generation += 1
            self._ids.clear()
        if self._client is None:
            self._client, self._experiment = connect(self.address, generation=self._generation)
            self._inode = None if database is None else _inode(database)
        return self._client

    def _find(self, client: MlflowClient, record: RunRecord) -> str | None:
        if record.id in self._ids:
            return self._ids[record.id]
        query = f"tags.`{RUN_ID_TAG}` = '{record.id}'"
        for run in client.search_runs([self._experiment], query, max_results=1):
            self._ids[record.id] = str(run.info.run_id)
            return self._ids[record.id]
        return None

    def _curves(self, record: RunRecord) -> Iterator[Metric]:
        from mlflow.entities import Metric

        for stage in _TRAINED:
            if stage not in record.stages:
                continue
            passed = record.started
            times = self._read(record, stage, "epoch_timings.json")
            seconds = chain(times if isinstance(times, list) else (), repeat(None))
            rows = _rows(self._read(record, stage, "history.json"))
            for epoch, took in zip(rows, seconds, strict=False):
                passed += _number(took) or 0.0
                step = round(_number(epoch.get("epoch")) or 0)
                for name in _CURVES:
                    value = _number(epoch.get(name))
                    if value is not None:
                        yield Metric(f"{stage}.{name}", value, round(passed * 1000), step)

    def _log_dataset(self, client: MlflowClient, run_id: str, record: RunRecord) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        facts = self._read(record, "dataset", "dataset.json")
        if not isinstance(facts, dict) or not facts.get("digest"):
            return
        name = record.choices.get("dataset", "dataset")
        classes = facts.get("classes")
        profile = {
            "classes": len(classes) if isinstance(classes, list) else None,
            "images": facts.get("images"),
            "image_shape": facts.get("image_shape"),
        }
        dataset = Dataset(
            name,
            str(facts["digest"])[:_LONGEST_DIGEST],
            source_type="coralexp",
            source=json.dumps({"entry": f"dataset/{record.stages['dataset'].key}"}),
            profile=json.dumps(profile),
        )
        tags = [InputTag("mlflow.data.context", "training")]
        client.log_inputs(run_id, datasets=[DatasetInput(dataset, tags)])

    def _read(self, record: RunRecord, stage: str, name: str) -> Json:
        """Return what a JSON file of an entry holds; None if the entry is gone."""
        if stage not in record.stages:
            return None
        try:
            text = (self._store / stage / record.stages[stage].key / name).read_text("utf-8")
            content: Json = json.loads(text)
        except (OSError, ValueError):
            return None
        return content


def _log_params(client: MlflowClient, run_id: str, values: Mapping[str, Json]) -> None:
    from mlflow.entities import Param

    params = [Param(name, _text(value)) for name, value in values.items()]
    for some in _portions(params):
        client.log_batch(run_id, params=some)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _portions(things: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(things), _PER_BATCH):
        yield things[start : start + _PER_BATCH]


def _rows(content: Json) -> Iterator[dict[str, Json]]:
    if isinstance(content, list):
        yield from (row for row in content if isinstance(row, dict))


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None
