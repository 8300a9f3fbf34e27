"""The folder CORALEXP_DATA, where data lie that were fetched at home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.data_folder import SUMS, VARIABLE, read_sums
from coralexp.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_data(environ: Mapping[str, str] | None = None) -> Finding:
    """Return what the data folder holds; the files that its list names are counted, not read.

    Args:
        environ: Environment variables; None takes those of this process.
    """
    named = (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if not named:
        text = "not set; what is to be fetched is fetched from its publisher"
        return Finding(VARIABLE, "absent", text)
    folder = Path(named).expanduser()
    if not folder.is_dir():
        text = f"unset {VARIABLE}, or python -m coralexp fetch ... --to '{folder}'"
        return Finding(VARIABLE, "note", f"{named} names no folder: what is fetched fails", text)
    listed = read_sums(folder)
    gone = [name for name in listed if not (folder / name).is_file()]
    if gone:
        text = f"fetch again: python -m coralexp fetch ... --to '{folder}'"
        found = f"{folder}: {len(gone)} of {len(listed)} listed files are gone, {gone[0]} first"
        return Finding(VARIABLE, "note", found, text)
    if not listed:
        return Finding(VARIABLE, "note", f"{folder}: no {SUMS}, so nothing there is checked")
    return Finding(VARIABLE, "ok", f"{folder}: {len(listed)} listed files are there")
