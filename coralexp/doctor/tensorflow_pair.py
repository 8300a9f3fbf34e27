"""TensorFlow and legacy Keras: two packages that have to be of one release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.packages import PIP, minor, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = "TensorFlow"
_BUILDS = ("tensorflow", "tensorflow-cpu")
_OPTIMIZATION = "tensorflow-model-optimization"
LEGACY = "TF_USE_LEGACY_KERAS"


def check_tensorflow(
    path: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
) -> Finding:
    """Return whether TensorFlow is here with the Keras that it needs.

    Args:
        path: Folders of packages; None takes those of this interpreter.
        environ: Environment variables; None takes those of this process.
    """
    builds = {build: version_of(build, path) for build in _BUILDS}
    tensorflow = next((version for version in builds.values() if version), None)
    keras, optimization = version_of("tf-keras", path), version_of(_OPTIMIZATION, path)
    names = {"tensorflow": tensorflow, "tf-keras": keras, _OPTIMIZATION: optimization}
    lacking = [name for name, version in names.items() if version is None]
    found = ", ".join(f"{name} {version or 'is not installed'}" for name, version in names.items())
    if tensorflow is None or lacking:
        text = f"{PIP} --no-deps -r requirements.lock (or {PIP} {' '.join(lacking)})"
        return Finding(_NAME, "missing", found, text)
    if minor(tensorflow) != minor(keras or ""):
        number = ".".join(map(str, minor(tensorflow)))
        text = f"{PIP} 'tf-keras=={number}.*' 'tensorflow=={tensorflow}'"
        return Finding(_NAME, "missing", f"{found}: not of one release", text)
    value = (os.environ if environ is None else environ).get(LEGACY)
    if value is not None and value.lower() not in {"1", "true"}:
        told = f"{found}; {LEGACY}={value}, which coralexp overrules in its own processes"
        text = f"unset {LEGACY}, or your own programs get Keras 3, which cannot read these models"
        return Finding(_NAME, "note", told, text)
    return Finding(_NAME, "ok", found)
