"""A store of small entries that refer to one another, without a stage having run."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from coralexp.artifacts.key_schema import KEY_SCHEMA, SCHEMA_NAME
from coralexp.artifacts.record import StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import RECORD, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord

DAY_S = 24 * 3600.0


def entry(
    store: Store,
    stage: str,
    *,
    after: Mapping[str, str] | None = None,
    age_s: float = 0.0,
    content: str = "made",
    **ingredients: object,
) -> str:
    """Make an entry; return its key."""

    def write(folder: Path) -> int:
        (folder / "model.h5").write_text(content)
        (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.5}))
        return 1 << 20

    all_of_it = {
        SCHEMA_NAME: KEY_SCHEMA,
        "stage": stage,
        "version": 1,
        "after": dict(after or {}),
        **ingredients,
    }
    if all_of_it[SCHEMA_NAME] == 0:
        del all_of_it[SCHEMA_NAME]
    folder = store.make(stage, all_of_it, write)
    if age_s:  # else the seal stays whole
        grow_old(folder / RECORD, age_s)
    return folder.name


def run(store: Store, age_s: float = 0.0, **keys: str) -> RunRecord:
    """Record a finished run that used these entries, by their stages."""
    record = new_record("run")
    record.started = time.time() - age_s
    record.state, record.ended = "FINISHED", record.started
    record.overrides = ["quant=ptq"]
    record.stages = {
        stage: StageRecord(key, 0.1, reused=False, made_in_s=0.1) for stage, key in keys.items()
    }
    store.runs.save(record)
    return record


def grow_old(path: Path, age_s: float) -> None:
    """Set the time of the last change of a file, or of a folder with all that is in it."""
    then = time.time() - age_s
    for file in [*path.rglob("*"), path]:
        os.utime(file, (then, then))
