"""libedgetpu as it is found, asked in another process, and judged beside the runtime."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from coralexp.doctor.libedgetpu import check_libedgetpu
from coralexp.doctor.runtime_pairs import judge

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = """
const char *edgetpu_version(void) { return "BuildLabel(TEST), RuntimeVersion(14)"; }
"""
CRASHING = """
#include <stdlib.h>
__attribute__((constructor)) static void end(void) { abort(); }
"""


def built(folder: Path, source: str) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler; apt-get install gcc brings one")
    (folder / "library.c").write_text(source)
    library = folder / "libedgetpu.so.1.0"
    command = [compiler, "-shared", "-fPIC", str(folder / "library.c"), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


def dpkg(folder: Path, library: Path, version: str) -> Path:
    (folder / "info").mkdir()
    (folder / "info/libedgetpu1-std:amd64.list").write_text(f"/.\n{library}\n")
    status = f"Package: other\nVersion: 1\n\nPackage: libedgetpu1-std\nVersion: {version}\n"
    (folder / "status").write_text(status)
    return folder


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("version", "runtime", "needed", "verdict"),
    [
        ("16.0", ("tflite-runtime", "2.5.0.post1"), True, ("ok", "fits tflite-runtime")),
        ("16.0", ("tflite-runtime", "2.14.0"), True, ("missing", "edgetpu#841")),
        ("16.0", ("tflite-runtime", "2.14.0"), False, ("note", "edgetpu#841")),
        ("16.0TF2.17.0-1", ("tflite-runtime", "2.17.0"), True, ("ok", "fits")),
        ("16.0TF2.17.0-1", ("ai-edge-litert", "2.3.0"), True, ("ok", "LiteRT#3611")),
        ("16.0", ("tflite-runtime", "2.7.0"), True, ("note", "not known")),
    ],
)
def test_a_library_says_its_version_and_whether_it_fits(
    tmp_path, version, runtime, needed, verdict
) -> None:
    library = built(tmp_path, LIBRARY)
    lists = dpkg(tmp_path, library, version)

    found = check_libedgetpu(str(library), needed=needed, runtimes=dict([runtime]), dpkg=lists)

    mark, told = verdict
    assert found.mark == mark
    assert "RuntimeVersion(14)" in found.found
    assert f"package libedgetpu1-std {version}" in found.found
    assert told in found.found


@pytest.mark.toolchain
def test_a_library_that_ends_the_process_ends_another_one(tmp_path) -> None:
    found = check_libedgetpu(str(built(tmp_path, CRASHING)), runtimes={})

    assert found.mark == "missing"
    assert "loading it ends the process (signal 6)" in found.found


@pytest.mark.toolchain
def test_another_library_under_its_name_is_refused(tmp_path) -> None:
    found = check_libedgetpu(str(built(tmp_path, "int nothing;")), runtimes={})

    assert found.mark == "missing"
    assert "it is no libedgetpu" in found.found


def test_a_file_that_is_no_library_is_refused(tmp_path) -> None:
    (tmp_path / "libedgetpu.so.1").write_text("not a library")

    found = check_libedgetpu(str(tmp_path / "libedgetpu.so.1"), runtimes={})

    assert found.mark == "missing"
    assert "invalid ELF header" in found.found or "file too short" in found.found


def test_a_library_that_is_not_there_is_missing_only_where_it_is_asked_for(tmp_path) -> None:
    assert check_libedgetpu(str(tmp_path / "no.so"), runtimes={}).mark == "missing"


def test_pairs_of_two_releases_do_not_fit_and_others_are_not_known() -> None:
    assert judge("16.0TF2.17.0-1", "tflite-runtime", "2.16.1").verdict == "mismatch"
    assert judge("16.0", "ai-edge-litert", "2.3.0").verdict == "unknown"
    assert judge(None, "tflite-runtime", "2.5.0").verdict == "unknown"
