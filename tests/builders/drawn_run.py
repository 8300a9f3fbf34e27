"""A finished run whose network tells drawn signs apart, made by hand, without TensorFlow."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from coralexp.artifacts.compiled_model import (
    COMPILED,
    CompiledPart,
    CompileRecord,
    write_record,
)
from coralexp.artifacts.record import RunRecord, StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store, key_of
from coralexp.artifacts.tflite_model import (
    InputContract,
    TensorSpec,
    TfliteModel,
    read_model,
    write_contract,
)
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLASSES = ("disc", "cross", "square")
SIDE = 16
_IMAGES = 30
_UPSCALE = 8


def drawn(sign: str, shift: int = 0) -> Image.Image:
    """Return a large picture of a sign: white on black, grey."""
    side = SIDE * _UPSCALE
    picture = Image.new("L", (side, side))
    draw = ImageDraw.Draw(picture)
    low, high = side // 5 + shift, side - side // 5 + shift
    if sign == "disc":
        draw.ellipse((low + 12, low + 12, high - 12, high - 12), fill=255)
    elif sign == "square":
        draw.rectangle((low, low, high, high), outline=255, width=12)
    else:
        draw.line((low, low, high, high), fill=255, width=12)
        draw.line((low, high, high, low), fill=255, width=12)
    return picture


def pixels(picture: Image.Image) -> np.ndarray:
    """Return a square picture as the network takes it: uint8 `[SIDE, SIDE, 1]`."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.uint8)[..., None]


def drawn_run(
    store: Store, *, compiled: bytes | None = None, standardize: bool = False, **fields: object
) -> RunRecord:
    """Make a run of four or five stages, and its record.

    Args:
        store: Where to.
        compiled: What the Edge TPU compiler is to have made; None stands for no compiler.
        standardize: Whether the host is to standardize each picture.
        fields: Of the record, to be set otherwise.
    """
    record = new_record("run")
    record.overrides = ["dataset=signs", "quant=ptq"]
    record.environment = {"coralexp": "0.1.0"}
    choices = {"dataset": "signs", "backbone": "none", "quant": "ptq", "device": "usb"}
    record.config = {"schema": 2, "seed": 1}
    for group, choice in choices.items():
        part = {"choice": choice, "target": f"coralexp.{group}.f", "options": {}}
        record.config[group] = part
    images, labels = _examples()
    places: dict[str, Path] = {}

    def make(stage: str, write: Callable[[Path], None]) -> None:
        ingredients = {
            "stage": stage,
            "compiled": compiled is not None,
            "standardize": standardize,
        }
        places[stage] = store.make(stage, ingredients, write)
        record.stages[stage] = StageRecord(key_of(ingredients), 1.0, reused=False, made_in_s=1.0)

    make("dataset", lambda folder: _dataset(folder, images, labels))
    make("convert", lambda folder: _convert(folder, standardize=standardize))
    model = read_model(places["convert"])
    make("evaluate", lambda folder: _evaluate(folder, model, images, labels))
    make("compile", lambda folder: _compile(folder, compiled))
    record.metrics = {"accuracy": 1.0, "edgetpu_latency_ms": 0.5, "model_size_bytes": 1000.0}
    record.tags = {"edgetpu_latency_source": "estimated", "compile_source": "predicted"}
    record.state, record.ended = "FINISHED", record.started + 5.0
    for name, value in fields.items():
        setattr(record, name, value)
    store.runs.save(record)
    return record


def _examples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = np.arange(_IMAGES) % len(CLASSES)
    images = []
    for label in labels:
        clean = pixels(drawn(CLASSES[label], int(random.integers(-8, 9)))).astype(int)
        images.append(np.clip(clean + random.integers(0, 40, clean.shape), 0, 255))
    return np.array(images, np.uint8), labels


def _dataset(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    facts = {"classes": CLASSES, "image_shape": [SIDE, SIDE, 1], "digest": "ab" * 32, "skipped": []}
    facts["images"] = {"train": 0, "validation": 0, "test": len(images)}
    (folder / "dataset.json").write_text(json.dumps(facts))
    (folder / "test").mkdir()
    np.save(folder / "test" / "images.npy", images)
    np.save(folder / "test" / "labels.npy", labels)


def _convert(folder: Path, *, standardize: bool) -> None:
    from ai_edge_litert.interpreter import Interpreter

    content = _network()
    (folder / "model.tflite").write_bytes(content)
    made = Interpreter(model_content=content)
    ends = [made.get_input_details()[0], made.get_output_details()[0]]
    source, result = (
        TensorSpec(
            end["name"],
            tuple(int(size) for size in end["shape"]),
            np.dtype(end["dtype"]).name,
            float(end["quantization"][0]),
            int(end["quantization"][1]),
        )
        for end in ends
    )
    contract = InputContract(source, 1.0, -128.0, standardize=standardize)
    write_contract(TfliteModel(folder / "model.tflite", len(content), contract, result, CLASSES))


def _evaluate(folder: Path, model: TfliteModel, images: np.ndarray, labels: np.ndarray) -> None:
    rows = probabilities(model, images, 2)
    np.savez(folder / "predictions.npz", labels=labels, probabilities=rows)


def _compile(folder: Path, compiled: bytes | None) -> None:
    record = CompileRecord("absent", "predicted", "edgetpu_compiler is not on the PATH")
    if compiled is not None:
        (folder / COMPILED).write_bytes(compiled)
        part = CompiledPart(COMPILED, len(compiled), 2, 0, 2, 1, 0, 0, 0, 0)
        record = dataclasses.replace(
            record, status="compiled", compile_source="edgetpu_compiler", parts=(part,)
        )
    write_record(record, folder)


def _network() -> bytes:
    """Return an int8 network: the likeness to each sign, then a softmax."""
    from ai_edge_litert import schema_py_generated as schema

    signs = np.array([pixels(drawn(name)).reshape(-1).astype(float) for name in CLASSES])
    weights = signs - signs.mean(axis=0)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    scale = float(np.abs(weights).max() / 127)
    stored = np.rint(weights / scale).astype(np.int8)
    return built(
        [
            ("image", [1, SIDE, SIDE, 1], None, 1 / 255, -128),
            ("signs", list(stored.shape), stored, scale * 1.5, 0),
            ("likeness", [1, len(CLASSES)], None, 0.25, 0),
            ("probabilities", [1, len(CLASSES)], None, 1 / 256, -128),
        ],
        [
            (schema.BuiltinOperator.FULLY_CONNECTED, [0, 1, -1], [2]),
            (schema.BuiltinOperator.SOFTMAX, [2], [3]),
        ],
    )


def edge_tpu_network() -> bytes:
    """Return a network of the same ends whose one operator is that of the Edge TPU compiler."""
    from ai_edge_litert import schema_py_generated as schema

    return built(
        [
            ("image", [1, SIDE, SIDE, 1], None, 1 / 255, -128),
            ("probabilities", [1, len(CLASSES)], None, 1 / 256, -128),
        ],
        [(schema.BuiltinOperator.CUSTOM, [0], [1])],
    )


def built(
    tensors: list[tuple[str, list[int], np.ndarray | None, float, int]],
    operators: list[tuple[int, list[int], list[int]]],
) -> bytes:
    """Return the .tflite file of a network of int8 tensors.

    Args:
        tensors: Name, shape, content, scale and zero point of each; first what goes in, last what
            comes out.
        operators: Kind, inputs and outputs of each.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description, model.buffers = 3, "drawn", [schema.BufferT()]
    model.operatorCodes, graph.tensors, graph.operators = [], [], []
    for name, shape, content, scale, zero_point in tensors:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, shape, schema.TensorType.INT8
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
        tensor.buffer = 0
        if content is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
        graph.tensors.append(tensor)
    for kind, inputs, outputs in operators:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode, code.version = kind, 4 if kind != schema.BuiltinOperator.CUSTOM else 1
        code.deprecatedBuiltinCode = min(kind, 127)
        operator.opcodeIndex, operator.inputs, operator.outputs = (
            len(model.operatorCodes),
            inputs,
            outputs,
        )
        if kind == schema.BuiltinOperator.FULLY_CONNECTED:
            operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
            operator.builtinOptions = schema.FullyConnectedOptionsT()
        elif kind == schema.BuiltinOperator.SOFTMAX:
            code.version = 2
            operator.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
            operator.builtinOptions = schema.SoftmaxOptionsT()
            operator.builtinOptions.beta = 1.0
        else:
            code.customCode = "edgetpu-custom-op"
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [0], [len(tensors) - 1]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
