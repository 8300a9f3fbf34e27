"""Bundles of a drawn run, and the bare environment in which they are started."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from bare_python import bare
from drawn_run import drawn_run, edge_tpu_network

from coralexp.artifacts.store import Store
from coralexp.bundle.contents import contents_of
from coralexp.bundle.written import write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def run(store: Store) -> RunRecord:
    return drawn_run(store)


@pytest.fixture(scope="session")
def compiled_run(store: Store) -> RunRecord:
    return drawn_run(store, compiled=edge_tpu_network())


@pytest.fixture
def bundle(store: Store, run: RunRecord, tmp_path: Path) -> Path:
    """A bundle of the test's own."""
    write_bundle(contents_of(store, run, "pc"), tmp_path / "out", "bundle")
    return tmp_path / "out"


@pytest.fixture
def compiled_bundle(store: Store, compiled_run: RunRecord, tmp_path: Path) -> Path:
    write_bundle(contents_of(store, compiled_run, "dev_board"), tmp_path / "out", "bundle")
    return tmp_path / "out"


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of an environment that holds numpy, Pillow and a TFLite runtime alone."""
    return bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def start(bare_python: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a script in the bare environment; its two outputs are apart."""

    def run_it(script: Path, *words: object, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [bare_python, script, *map(str, words)],
            cwd=script.parent.parent,
            env={
                name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
            }
            | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run_it


@pytest.fixture
def told(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[str, str]]:
    """Run a script to its end; return what it said on both outputs."""

    def run_it(script: Path, *words: object, status: int = 0, **more: str) -> tuple[str, str]:
        with start(script, *words, **more) as process:
            said, complained = process.communicate(timeout=120)
        assert process.returncode == status, complained
        return said, complained

    return run_it


@pytest.fixture(scope="session")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs chromium: apt-get install chromium")
    return found
