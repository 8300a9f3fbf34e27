"""Runs of other machines are theirs to log, unless a file brought them into this store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from coralexp.tracking.address import Address
from coralexp.tracking.identity import identity_tags
from coralexp.tracking.scribe import Scribe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Jobs


def test_imported_runs_are_logged_and_others_of_their_machine_are_not(
    jobs: Jobs, tmp_path: Path
) -> None:
    theirs, imported, logged = (jobs.end(jobs.begin(quant)) for quant in ("ptq", "qat", "none"))
    for record in (theirs, imported, logged):
        record.host = "another-machine"
    imported.imported = logged.imported = "07.zip"
    imported.ended = time.time()  # a moment ago: nobody here is about to log it
    logged.logged = True
    for record in (theirs, imported, logged):
        jobs.runs.save(record)
    scribe = Scribe(
        jobs.runs, jobs.store, tmp_path, lambda *_: [], lambda text: None, Address("sqlite:///x")
    )

    assert [record.id for record in scribe.earlier(set())] == [imported.id]
    assert list(scribe.earlier({imported.id})) == []


def test_an_imported_run_says_which_file_brought_it(jobs: Jobs) -> None:
    record = jobs.begin()
    assert "imported_from" not in identity_tags(record)

    record.imported = "07.zip"

    assert identity_tags(record)["imported_from"] == "07.zip"
