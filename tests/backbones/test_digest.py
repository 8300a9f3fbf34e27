"""The digest of weights follows what is read of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from coralexp.backbones.weights.source import digest
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path


def test_no_file_has_no_digest() -> None:
    assert digest(None) == ""
    assert digest("imagenet") == "imagenet"


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "owl.h5"
    file.write_bytes(b"hoo" * 1_000_000)

    assert digest(str(file)) == hashlib.sha256(b"hoo" * 1_000_000).hexdigest()


def test_a_saved_model_has_the_digest_of_its_variables_alone(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.index").write_bytes(b"a")
    (tmp_path / "fingerprint.pb").write_bytes(b"differs each time")
    before = digest(str(tmp_path))
    (tmp_path / "fingerprint.pb").write_bytes(b"as said")
    same = digest(str(tmp_path))
    (tmp_path / "variables" / "variables.index").write_bytes(b"b")

    assert same == before
    assert digest(str(tmp_path)) != before


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"owl\.h5: cannot be read"):
        digest(str(tmp_path / "owl.h5"))
