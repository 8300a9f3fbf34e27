"""Python, TensorFlow with its Keras, runtimes, extras and pycoral, from packages' metadata."""

from __future__ import annotations

import sys

import pytest

from coralexp.doctor.extras import check_tfds
from coralexp.doctor.interpreter import check_python
from coralexp.doctor.pycoral import check_pycoral
from coralexp.doctor.runtimes import check_runtimes, runtimes_of
from coralexp.doctor.tensorflow_pair import check_tensorflow

WHOLE = {"tensorflow": "2.21.0", "tf-keras": "2.21.1", "tensorflow-model-optimization": "0.8.1"}


@pytest.mark.parametrize(
    ("version", "mark"),
    [("3.11.9", "ok"), ("3.13.0", "ok"), ("3.10.12", "missing"), ("3.14.0", "missing")],
)
def test_a_python_for_which_there_is_no_tensorflow_is_told(version: str, mark: str) -> None:
    found = check_python(version)

    assert found.mark == mark
    assert bool(found.remedy) == (mark == "missing")


def test_a_whole_tensorflow_is_well(packages) -> None:
    assert check_tensorflow(packages(WHOLE), {}).mark == "ok"


def test_a_keras_of_another_release_is_missing_with_the_line_that_fixes_it(packages) -> None:
    found = check_tensorflow(packages(WHOLE | {"tf-keras": "2.20.0"}), {})

    assert found.mark == "missing"
    assert "not of one release" in found.found
    assert "tf-keras==2.21.*" in found.remedy


def test_a_tensorflow_without_legacy_keras_is_missing(packages) -> None:
    found = check_tensorflow(packages({"tensorflow": "2.21.0"}), {})

    assert found.mark == "missing"
    assert "tf-keras is not installed" in found.found


@pytest.mark.parametrize(("value", "mark"), [("1", "ok"), ("True", "ok"), ("0", "note")])
def test_an_environment_that_turns_legacy_keras_off_is_told(packages, value, mark) -> None:
    found = check_tensorflow(packages(WHOLE), {"TF_USE_LEGACY_KERAS": value})

    assert found.mark == mark
    assert ("unset TF_USE_LEGACY_KERAS" in found.remedy) == (mark == "note")


def test_the_pycoral_of_the_public_index_is_not_corals(packages) -> None:
    path = packages({"pycoral": "0.2.0"}, "pycoral/cli.py,,\n", "Client of another Coral")

    found = check_pycoral(path)

    assert found.mark == "note"
    assert "not Coral's" in found.found
    assert "Client of another Coral" in found.found
    assert "uninstall pycoral" in found.remedy


def test_corals_own_pycoral_is_known_by_its_files(packages) -> None:
    found = check_pycoral(packages({"pycoral": "2.0.0"}, "pycoral/utils/edgetpu.py,,\n"))

    assert (found.mark, found.found) == ("ok", "2.0.0, Coral's own")


def test_no_pycoral_is_no_failure(packages) -> None:
    assert check_pycoral(packages({})).mark == "absent"


@pytest.mark.parametrize(("needed", "mark"), [(True, "missing"), (False, "absent")])
def test_tfds_is_missing_only_where_a_job_reads_it(packages, needed, mark) -> None:
    found = check_tfds(needed=needed, path=packages({}))

    assert found.mark == mark
    assert "coralexp[tfds]" in found.remedy


def test_another_interpreter_is_asked_for_its_runtimes() -> None:
    found = check_runtimes(sys.executable)

    assert found.mark == "ok"
    assert "ai-edge-litert" in found.found
    assert sys.executable in found.found


@pytest.mark.parametrize("python", ["/nowhere/python3.9", "/bin/false"])
def test_an_interpreter_that_does_not_answer_is_missing(python: str) -> None:
    found = check_runtimes(python)

    assert found.mark == "missing"
    assert python in found.found


def test_no_runtime_at_all_is_missing() -> None:
    assert check_runtimes(installed={}).mark == "missing"


def test_the_runtime_that_judges_models_cannot_be_another() -> None:
    found = check_runtimes(installed={"tflite-runtime": "2.14.0"})

    assert found.mark == "missing"
    assert "no ai-edge-litert" in found.found


def test_corals_pycoral_measures_with_tflite_runtime(packages, monkeypatch) -> None:
    path = packages({"ai-edge-litert": "2.3.0", "tflite-runtime": "2.5.0"})
    monkeypatch.setattr(sys, "path", path)
    assert list(runtimes_of(None)) == ["ai-edge-litert", "tflite-runtime"]

    packages({"pycoral": "2.0.0"}, "pycoral/utils/edgetpu.py,,\n")

    assert list(runtimes_of(None)) == ["tflite-runtime", "ai-edge-litert"]
