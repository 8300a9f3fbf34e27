"""What the manifest of a bundle tells; `coralexp.bundle.files.bundled.manifest` reads it there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from coralexp.bundle.files.bundled.manifest import DIGEST, NAME, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.artifacts.tflite_model import TensorSpec, TfliteModel

_PLACEMENT = ("edgetpu_mapped_ratio", "edgetpu_ops", "cpu_ops", "unknown_ops")
_MEMORY = ("on_chip_bytes", "off_chip_bytes")


def with_manifest(
    files: Mapping[str, bytes],
    record: RunRecord,
    model: TfliteModel,
    *,
    board: str,
    resize: str,
    models: Mapping[str, Json],
    samples: Sequence[Json],
) -> dict[str, bytes]:
    """Return the files with the manifest of them, and the digest of that.

    Args:
        files: Everything else, by name.
        record: The run.
        model: Its model.
        board: What the bundle is for.
        resize: `crop` or `stretch`: what the dataset of the run did to pictures.
        models: `cpu` and `edgetpu` to file names, or `why_no_edgetpu`.
        samples: See `coralexp.bundle.samples`.
    """
    fields: dict[str, Json] = {
        "schema": SCHEMA,
        "board": board,
        "run": {
            "id": record.id,
            "overrides": list(record.overrides),
            "started": record.started,
            "commit": record.commit,
            "environment": dict(record.environment),
        },
        "config": record.config,
        "metrics": {
            name: {"value": value, "source": source_of(name, record.tags)}
            for name, value in record.metrics.items()
        },
        "input": {
            **_tensor(model.input.tensor),
            "pixel_scale": model.input.pixel_scale,
            "pixel_offset": model.input.pixel_offset,
            "colour": "grey" if model.input.tensor.shape[-1] == 1 else "RGB",
            "resize": resize,
            **_host_steps(model),
        },
        "output": {**_tensor(model.output), "labels": len(model.classes)},
        "models": dict(models),
        "samples": list(samples),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
            for name, content in files.items()
        },
    }
    text = json.dumps(fields, indent=1, sort_keys=True) + "\n"
    content = text.encode()
    digest = f"{hashlib.sha256(content).hexdigest()}  {NAME}\n"  # as sha256sum -c takes it
    return {**files, NAME: content, DIGEST: digest.encode()}


def source_of(name: str, tags: Mapping[str, str]) -> str:
    """Return where a metric comes from, in words.

    Args:
        name: Of the metric.
        tags: Of the run.
    """
    if name.startswith("edgetpu_latency_predicted"):
        return "estimated"
    for start in ("edgetpu_latency", "device_latency"):
        if name.startswith(start):
            return tags.get(f"{start}_source", "unknown")
    if name.startswith("cpu_latency"):
        return "measured on the machine that made the run"
    if name in _PLACEMENT or name in _MEMORY:
        return tags.get("compile_source", "unknown")
    if name == "accuracy":
        return "model.tflite over the whole test split, on the CPU"
    return "the run"


def _host_steps(model: TfliteModel) -> dict[str, Json]:
    """Return what the host does to a picture before the network; nothing for most models."""
    steps: dict[str, Json] = {}
    if model.input.window_of is not None:
        steps["window_of"] = list(model.input.window_of)
    if model.input.standardize:
        steps["standardize"] = True
    return steps


def _tensor(spec: TensorSpec) -> dict[str, Json]:
    return {
        "name": spec.name,
        "shape": list(spec.shape),
        "dtype": spec.dtype,
        "scale": spec.scale,
        "zero_point": spec.zero_point,
    }
