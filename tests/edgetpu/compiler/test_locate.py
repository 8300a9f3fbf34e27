"""The compiler is found where the user says, and its absence is an answer, not a failure."""

from __future__ import annotations

import json
import os
import platform
import sys
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.compiler.driver import compile_model
from coralexp.edgetpu.compiler.locate import Absent, Compiler, find_compiler
from coralexp.errors import MissingToolError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import StandIn

IMAGE = "registry.lan:5000/coral/compiler:16"
# Refuses every argument that is not expected, as docker would; runs the stand-in in the folder.
DOCKER = """#!{python}
import json, os, subprocess, sys
said = {said!r}
if said:
    sys.stderr.write(said)
    sys.exit({status})
arguments = sys.argv[1:]
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if arguments[0] == "kill":
    sys.exit(0)
assert arguments[:3] == ["run", "--rm", "--name"], arguments
assert arguments[4:6] == ["--network", "none"], arguments
rest = arguments[6:]
folder = "."
if rest[0] == "-v":
    folder, _, inside = rest[1].rpartition(":")
    assert inside == "/work" and rest[2:4] == ["-w", "/work"], rest
    rest = rest[4:]
assert rest[:2] == ["-u", f"{{os.getuid()}}:{{os.getgid()}}"], rest
assert rest[2:4] == [{image!r}, "edgetpu_compiler"], rest
sys.exit(subprocess.call([{program!r}, *rest[4:]], cwd=folder))
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def docker(path: Path, stand_in: StandIn, said: str = "", status: int = 125) -> Path:
    calls = path.parent / "docker_calls"
    script = path / "docker"
    script.write_text(
        DOCKER.format(
            python=sys.executable,
            said=said,
            status=status,
            calls=str(calls),
            image=IMAGE,
            program=str(stand_in.program),
        )
    )
    script.chmod(0o755)
    return calls


def test_it_is_found_on_the_path(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.prepare()
    monkeypatch.setenv("PATH", str(stand_in.folder))

    found = find_compiler()

    assert found == Compiler(str(stand_in.program), None, "16.0.384591198")
    assert found.name == "edgetpu_compiler 16.0.384591198"


def test_it_is_asked_for_its_version_once(stand_in: StandIn) -> None:
    stand_in.plan()
    find_compiler(str(stand_in.program))

    assert len(stand_in.calls()) == 1


def test_a_replaced_program_is_asked_again(stand_in: StandIn) -> None:
    stand_in.plan()
    os.utime(stand_in.program, (1, 1))
    stand_in.program.write_text(stand_in.program.read_text() + "\n")

    find_compiler(str(stand_in.program))

    assert len(stand_in.calls()) == 2


def test_its_absence_is_one_line_with_the_way_to_install_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    absent = find_compiler()

    assert isinstance(absent, Absent)
    assert "not on the PATH" in absent.reason
    assert "package edgetpu-compiler" in absent.reason
    assert "docker:<image>" in absent.reason
    assert "\n" not in absent.reason


def test_another_processor_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")

    absent = find_compiler()

    assert isinstance(absent, Absent)
    assert "runs on x86-64 only, this machine is aarch64" in absent.reason


def test_it_can_be_switched_off(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in.prepare()
    monkeypatch.setenv("PATH", str(stand_in.folder))

    assert isinstance(find_compiler("none"), Absent)


def test_a_broken_one_on_the_path_is_as_good_as_none(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.prepare(version="Illegal instruction\n", version_status=132)
    monkeypatch.setenv("PATH", str(stand_in.folder))

    absent = find_compiler()

    assert isinstance(absent, Absent)
    assert "does not answer --version (exit status 132): Illegal instruction" in absent.reason
    assert "\n" not in absent.reason


def test_a_version_counts_whatever_the_exit_status(stand_in: StandIn) -> None:
    assert stand_in.plan(version_status=1).version == "16.0.384591198"


def test_a_compiler_that_does_not_tell_its_version_is_taken_without_new_flags(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(version="")

    compile_model(source, tmp_path / "out", compiler)

    assert compiler.name == "edgetpu_compiler of unknown version"
    assert "--search_delegate" not in stand_in.calls()[-1][0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(0o644), "cannot be executed; chmod"),
        (lambda path: path.touch(0o755), r"cannot be started \(Exec format error\)"),
    ],
    ids=["absent", "folder", "not executable", "empty"],
)
def test_a_path_that_is_no_compiler_is_an_error(tmp_path: Path, make, words: str) -> None:
    path = tmp_path / "edgetpu_compiler"
    make(path)

    with pytest.raises(MissingToolError, match=words):
        find_compiler(str(path))


def test_a_named_program_that_does_not_answer_is_an_error(stand_in: StandIn) -> None:
    stand_in.prepare(version="what?\n", version_status=2)

    with pytest.raises(MissingToolError, match=r"does not answer --version \(exit status 2\)"):
        find_compiler(str(stand_in.program))


def test_it_runs_in_a_container_that_sees_one_folder_and_no_network(
    path: Path, stand_in: StandIn, source: Path, compiled: Path, *, logs: Path, tmp_path: Path
) -> None:
    text = (logs / "25_stdout_v16_transpose_first_1_of_191.txt").read_bytes()
    stand_in.prepare(text, {"model_edgetpu.tflite": compiled})
    calls = docker(path, stand_in)

    compiler = find_compiler(f"docker:{IMAGE}")
    assert isinstance(compiler, Compiler)
    record = compile_model(source, tmp_path / "out", compiler).record()

    assert record.status == "compiled"
    assert record.compiler == f"edgetpu_compiler 16.0.384591198 in docker:{IMAGE}"
    assert record.command[0] == "edgetpu_compiler"
    asked, ran = [json.loads(line) for line in calls.read_text().splitlines()]
    assert "-v" not in asked
    assert ran[ran.index("-v") + 1].startswith(str((tmp_path / "out").resolve()))


def test_a_container_that_hangs_is_ended_by_its_name(
    path: Path, stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    stand_in.prepare(hang=True)
    calls = docker(path, stand_in)
    compiler = find_compiler(f"docker:{IMAGE}")
    assert isinstance(compiler, Compiler)

    done = compile_model(source, tmp_path / "out", compiler, limit_s=1.0)

    assert done.status == "timed_out"
    *_, ran, killed = [json.loads(line) for line in calls.read_text().splitlines()]
    assert killed == ["kill", ran[3]]


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ("Cannot connect to the Docker daemon at unix:///x", 125, "daemon cannot be reached"),
        ("permission denied ... Docker daemon socket", 1, "join the group 'docker'"),
        ("Unable to find image 'x' locally", 125, "docker has no image"),
        ("invalid reference format", 125, "docker could not run the container"),
        ('exec: "edgetpu_compiler": not found', 127, "the image holds no edgetpu_compiler"),
    ],
    ids=["no daemon", "no permission", "no image", "other", "no program"],
)
def test_what_docker_cannot_do_is_an_error_in_words(
    path: Path, stand_in: StandIn, said: str, status: int, words: str
) -> None:
    docker(path, stand_in, said, status)

    with pytest.raises(MissingToolError, match=words):
        find_compiler(f"docker:{IMAGE}")


def test_without_docker_its_absence_is_named(path: Path) -> None:
    with pytest.raises(MissingToolError, match="docker is not on the PATH"):
        find_compiler("docker:coral")


@pytest.mark.parametrize(
    "image",
    ["", "-v=/:/host", "--privileged", "a b", "a;b", "a\nb", "$(x)", "x" * 300],
    ids=["empty", "flag", "option", "space", "semicolon", "line", "shell", "long"],
)
def test_what_cannot_be_an_image_is_refused(path: Path, image: str) -> None:
    with pytest.raises(OptionError, match="expected docker:<image>"):
        find_compiler(f"docker:{image}")
