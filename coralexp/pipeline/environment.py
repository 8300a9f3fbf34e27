"""What the machine is: versions, processor, commit. No heavy import: everything is read."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "ai-edge-litert",
    "coralexp",
    "hydra-core",
    "mlflow",
    "numpy",
    "omegaconf",
    "pillow",
    "scikit-learn",
    "tensorflow",
    "tensorflow-model-optimization",
    "tf-keras",
)


@functools.cache
def version(package: str) -> str:
    """Return the version of an installed package; `absent` if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


@functools.cache
def processor() -> str:
    """Return the kind of processor with its vector instructions: sums depend on it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}".strip()
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    wanted = sorted(flag for flag in flags if flag.startswith(("avx", "fma", "amx", "f16c")))
    return " ".join([platform.machine(), *wanted])


def environment() -> dict[str, str]:
    """Return package names to versions, and `python`, `platform`, `processor`."""
    return {
        **{package: version(package) for package in PACKAGES},
        "python": platform.python_version(),
        # Without the kernel's release, which decides no bit and tells of one machine.
        "platform": "-".join([platform.system(), platform.machine(), *platform.libc_ver()]),
        "processor": processor(),
    }


def default_threads() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def git_commit() -> str | None:
    """Return the working folder's commit, `-dirty` if files differ; None outside git."""
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
