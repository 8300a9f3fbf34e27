"""The compiler in a container: one folder of this machine in it, no network."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import uuid
from typing import TYPE_CHECKING

from coralexp.errors import MissingToolError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.edgetpu.compiler.process import Ended

PREFIX = "docker:"
WORK = "/work"  # where the folder appears in the container
_KILL_LIMIT_S = 20.0
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}")
_DOCKER_FAILED = 125  # docker's own exit status when it could not run the container
_NOT_RUNNABLE = (126, 127)  # the image has no such program, or it cannot be executed
_DAEMON = re.compile(r"docker daemon|docker\.sock|docker API", re.IGNORECASE)
_NO_IMAGE = re.compile(
    r"Unable to find image|pull access denied|No such image|manifest (?:unknown|for)", re.IGNORECASE
)


def image_of(setting: str) -> str:
    """Return the image that `docker:<image>` names.

    Raises:
        OptionError: If it is no name of an image.
    """
    image = setting.removeprefix(PREFIX)
    if not _IMAGE.fullmatch(image):
        raise OptionError("compiler", f"expected docker:<image>, got {setting!r}")
    return image


def container_name() -> str:
    """Return a name by which the container can be ended."""
    return f"coralexp-{uuid.uuid4().hex[:12]}"


def wrapped(image: str, folder: Path | None, name: str, arguments: list[str]) -> list[str]:
    """Return the command that runs the compiler in a container.

    Args:
        image: Checked name.
        folder: Of this machine, seen as `/work` inside; None for a call that needs no files.
        name: Of the container.
        arguments: Of edgetpu_compiler, paths as they are in the container.
    """
    command = ["docker", "run", "--rm", "--name", name, "--network", "none"]
    if folder is not None:
        command += ["-v", f"{folder.resolve()}:{WORK}", "-w", WORK]
    command += ["-u", f"{os.getuid()}:{os.getgid()}"]
    return [*command, image, "edgetpu_compiler", *arguments]


def check_docker(image: str, ended: Ended) -> None:
    """Refuse what docker itself could not do.

    Raises:
        MissingToolError: If the daemon is not reachable, or the image or the program in it absent.
    """
    said = " ".join(ended.output.split())[-300:]
    if ended.status == _DOCKER_FAILED or (ended.status == 1 and _DAEMON.search(said)):
        if _DAEMON.search(said):
            why = "docker's daemon cannot be reached; start it, or join the group 'docker'"
        elif _NO_IMAGE.search(said):
            why = f"docker has no image {image}; build it, or fetch it with 'docker pull {image}'"
        else:
            why = "docker could not run the container"
        raise MissingToolError(f"machine.compiler=docker:{image}: {why} (docker says: {said})")
    if ended.status in _NOT_RUNNABLE:
        raise MissingToolError(
            f"machine.compiler=docker:{image}: the image holds no edgetpu_compiler that runs "
            f"(docker says: {said})"
        )


def stop_container(name: str) -> None:
    """End a container: it outlives the `docker run` that started it."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            ["docker", "kill", name], capture_output=True, check=False, timeout=_KILL_LIMIT_S
        )
