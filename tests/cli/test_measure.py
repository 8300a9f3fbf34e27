"""`coralexp measure`: what is wrong with a request is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stored_run import stored_run

from coralexp.artifacts.store import Store
from coralexp.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["export", "nothing", "out.zip"], (2, "run 'nothing': not in")),
        (["export", "2", "there.zip"], (2, "is there already")),
        (["export", "2", "out.zip", "--images", "-1"], (2, "at least 0")),
        (["import", "nowhere.zip"], (2, "there is no such file")),
        (["import", "there.zip"], (1, "refused, nothing of it was taken: is no zip file")),
    ],
)
def test_a_wrong_request_is_told(
    tmp_path: Path, monkeypatch, capsys, words: list[str], answer: tuple[int, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    stored_run(Store(tmp_path / ".coralexp"))
    (tmp_path / "there.zip").write_text("no zip file")

    status, told = answer
    assert main(["measure", *words]) == status

    assert told in capsys.readouterr().err
    assert not (tmp_path / "out.zip").exists()
