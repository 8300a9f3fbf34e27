"""Finds the compiler: on the PATH, at a path, or in a container; its absence is an answer, too."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from coralexp.edgetpu.compiler.container import (
    PREFIX,
    check_docker,
    container_name,
    image_of,
    stop_container,
    wrapped,
)
from coralexp.edgetpu.compiler.log import VERSION
from coralexp.edgetpu.compiler.process import Ended, run
from coralexp.errors import MissingToolError

PROGRAM = "edgetpu_compiler"
OFF = "none"
_X86_64 = ("x86_64", "amd64", "x64")
_VERSION_LIMIT_S = 30.0
_CONTAINER_LIMIT_S = 120.0
_INSTALL = (
    "to install it on Debian or Ubuntu (x86-64): package edgetpu-compiler of Coral's archive, see "
    "coral.ai/docs/edgetpu/compiler; or machine.compiler=docker:<image> that holds it"
)


@dataclass(frozen=True)
class Compiler:
    """A compiler that answers.

    Attributes:
        program: Path of the program; in a container, its name there.
        image: Of docker; None for a program of this machine.
        version: Such as `16.0.384591198`; None if it does not say.
    """

    program: str
    image: str | None
    version: str | None

    @property
    def name(self) -> str:
        """The compiler in words: name, version, and image."""
        version = f" {self.version}" if self.version else " of unknown version"
        place = f" in {PREFIX}{self.image}" if self.image else ""
        return f"{PROGRAM}{version}{place}"


@dataclass(frozen=True)
class Absent:
    """No compiler, which is no failure: placements are predicted then.

    Attributes:
        reason: Why there is none, and how to get one; one line.
    """

    reason: str


def find_compiler(setting: str | None = None) -> Compiler | Absent:
    """Return the compiler of this machine.

    Args:
        setting: `machine.compiler`: None looks on the PATH; a path or a name of a program;
            `docker:<image>`; `none` goes without.

    Raises:
        MissingToolError: If one was asked for by name and is not there, or does not answer.
        OptionError: If the name of the image cannot be one.
    """
    if setting is None:
        return _on_path()
    if setting == OFF:
        return Absent("switched off (machine.compiler=none); the placement is predicted")
    if setting.startswith(PREFIX):
        return _in_container(image_of(setting))
    return _at(setting)


def _on_path() -> Compiler | Absent:
    found = shutil.which(PROGRAM)
    if found is None:
        if platform.machine().lower() not in _X86_64:
            return Absent(
                f"{PROGRAM} runs on x86-64 only, this machine is {platform.machine()}, so the "
                f"placement is predicted; {PREFIX}<image> works with emulation"
            )
        return Absent(f"{PROGRAM} is not on the PATH, so the placement is predicted; {_INSTALL}")
    try:
        return _answering(found)
    except MissingToolError as error:
        return Absent(f"{error}; the placement is predicted; {_INSTALL}")


def _at(setting: str) -> Compiler:
    if not setting:
        raise MissingToolError("machine.compiler: expected a path, docker:<image>, none, or null")
    path = Path(setting).expanduser()
    if os.sep not in setting and (found := shutil.which(setting)) is not None:
        path = Path(found)
    if not path.exists():
        raise MissingToolError(f"machine.compiler={setting}: there is no such file")
    if path.is_dir():
        raise MissingToolError(
            f"machine.compiler={setting}: is a folder; expected the program, such as "
            f"{path / PROGRAM}"
        )
    if not os.access(path, os.X_OK):
        raise MissingToolError(
            f"machine.compiler={setting}: cannot be executed; chmod +x makes it a program"
        )
    return _answering(str(path.resolve()))


def _answering(program: str) -> Compiler:
    facts = Path(program).stat()
    return _ask(program, facts.st_mtime_ns, facts.st_size, facts.st_ino)


@lru_cache(maxsize=32)
def _ask(program: str, *_stamp: int) -> Compiler:
    """Return the program's answer to `--version`, asked once for each state of the file."""
    try:
        ended = _call([program, "--version"], _VERSION_LIMIT_S)
    except OSError as error:
        raise MissingToolError(f"{program}: cannot be started ({error.strerror})") from error
    return Compiler(program, None, _version(program, ended))


def _in_container(image: str) -> Compiler:
    docker = shutil.which("docker")
    if docker is None:
        raise MissingToolError(
            f"machine.compiler={PREFIX}{image}: docker is not on the PATH; install it, or name a "
            f"program"
        )
    facts = Path(docker).stat()
    return _ask_container(image, docker, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=32)
def _ask_container(image: str, docker: str, *_stamp: int) -> Compiler:
    name = container_name()
    try:
        ended = _call(wrapped(image, None, name, ["--version"]), _CONTAINER_LIMIT_S)
    except OSError as error:
        raise MissingToolError(f"{docker}: cannot be started ({error.strerror})") from error
    if ended.status is None:
        stop_container(name)
    check_docker(image, ended)
    return Compiler(PROGRAM, image, _version(f"{PREFIX}{image}", ended))


def _call(command: list[str], limit_s: float) -> Ended:
    with tempfile.TemporaryDirectory(prefix="coralexp-") as folder:
        return run(command, Path(folder), limit_s)


def _version(name: str, ended: Ended) -> str | None:
    """Return the version in an answer; None if the program answers well without telling it."""
    told = VERSION.search(ended.output)
    if told is not None:
        return told[1]
    if ended.status == 0:
        return None
    how = "in time" if ended.status is None else f"(exit status {ended.status})"
    said = " ".join(ended.output.split())[-200:]
    raise MissingToolError(f"{name}: does not answer --version {how}{f': {said}' if said else ''}")
