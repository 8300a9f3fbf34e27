"""Where MLflow's data are, and what of it may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from coralexp.tracking.address import tracking_address


def test_runs_go_to_mlruns_in_the_working_folder(tmp_path: Path) -> None:
    address = tracking_address(tmp_path, {})

    assert address.uri == f"sqlite:///{tmp_path.resolve().as_posix()}/mlruns/mlflow.db"
    assert address.artifacts == (tmp_path.resolve() / "mlruns" / "artifacts").as_uri()
    assert not address.is_server


@pytest.mark.parametrize("name", ["100%20", "why?"])
def test_a_folder_whose_name_breaks_a_uri_is_named_relatively(tmp_path: Path, name: str) -> None:
    address = tracking_address(tmp_path / name, {})

    assert address.uri == "sqlite:///mlruns/mlflow.db"
    assert address.database == tmp_path.resolve() / name / "mlruns" / "mlflow.db"


def test_the_variable_wins(tmp_path: Path) -> None:
    address = tracking_address(tmp_path, {"MLFLOW_TRACKING_URI": "http://lab:5000"})

    assert (address.uri, address.database, address.artifacts) == ("http://lab:5000", None, None)
    assert address.is_server


def test_files_lie_beside_a_database_of_ones_own(tmp_path: Path) -> None:
    address = tracking_address(tmp_path, {"MLFLOW_TRACKING_URI": "sqlite:///lab/runs.db"})

    assert address.database == tmp_path.resolve() / "lab" / "runs.db"
    assert address.artifacts == (tmp_path.resolve() / "lab" / "artifacts").as_uri()


@pytest.mark.parametrize(
    ("uri", "public"),
    [
        ("http://ada:s3cret@lab:5000/x", "http://lab:5000/x"),
        ("postgresql://ada:s3cret@lab/runs", "postgresql://lab/runs"),
        ("postgresql://lab/runs?user=ada&password=s3cret", "postgresql://lab/runs"),
    ],
)
def test_credentials_are_never_shown(uri: str, public: str) -> None:
    address = tracking_address(Path(), {"MLFLOW_TRACKING_URI": uri})

    assert address.public == public
    assert "s3cret" not in repr(address)
    assert "s3cret" not in address.redacted(f"cannot reach {uri}/api with password s3cret")
