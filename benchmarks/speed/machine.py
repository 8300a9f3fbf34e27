"""The machine in words: what decides a time, and nothing that names it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

from coralexp.pipeline.environment import default_threads, version

PACKAGES = (
    "tensorflow",
    "tf-keras",
    "ai-edge-litert",
    "hydra-core",
    "mlflow",
    "numpy",
    "pillow",
)


def machine() -> str:
    """Return processor, cores, memory, system and versions in one line."""
    gib = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{_processor()}, {default_threads()} cores, {gib:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, {packages}"
    )


def load() -> float:
    """Return how many processes wanted a core in the last minute; 0 where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()
