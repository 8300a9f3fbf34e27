"""What an inspection tells, under its public names, of real files."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coralexp.edgetpu import inspection as module
from coralexp.edgetpu.inspection import inspect
from coralexp.edgetpu.inspection_record import tensor_record
from coralexp.edgetpu.latency.platform import Host, Link, Platform
from coralexp.errors import ModelFileError
from coralexp.tflite.graph import Quantization, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = json.loads(Path(module.__file__).with_name("inspection.schema.json").read_text("utf-8"))
USB = Platform(Link(0.4, 400.0, 60.0, 450.0), 500.0, Host("a desktop", 1.0))
SOURCES = (
    "deeplabv3_mnv2_dm05_pascal_quant",
    "keras_lstm_mnist_ptq",
    "mobilenet_v2_1.0_224_quant",
    "model_invoking_error",
    "tf2_mobilenet_v2_1.0_224_ptq",
)
COMPILED = (
    "deeplabv3_mnv2_dm05_pascal_quant_edgetpu",
    "keras_lstm_mnist_ptq_edgetpu",
    "mobilenet_v1_0.25_128_quant_edgetpu",
    "posenet_mobilenet_v1_075_353_481_16_quant_decoder_edgetpu",
)
TYPES = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def told(shared: Path, name: str, **options: bool) -> dict[str, Any]:
    path = shared / "edgetpu" / "models" / f"{name}.tflite"
    text = inspect(path, {"usb": USB, "cpu": None}).to_json(**options)
    record: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    return record


def check(value: Any, schema: Mapping[str, Any], place: str = "") -> None:
    """Hold a value to a JSON Schema, as far as ours goes."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = next(s for s in schema["anyOf"] if (value is None) == (s.get("type") == "null"))
        check(value, schema, place)
        return
    if {"const", "enum"} & schema.keys():
        assert value in schema.get("enum", [schema.get("const")]), place
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = [isinstance(value, TYPES[name]) for name in names]
        assert any(fits), f"{place} is {value!r}, expected {names}"
        assert not isinstance(value, bool) or "boolean" in names, place
    if isinstance(value, int | float):
        assert schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf), place
    if isinstance(value, dict):
        known = schema.get("properties", {})
        assert set(schema.get("required", [])) <= set(value), place
        further = schema.get("additionalProperties", True)
        assert further is not False or set(value) <= set(known), place
        for name, each in value.items():
            check(each, known.get(name, further if isinstance(further, dict) else {}), name)
    if isinstance(value, list):
        for number, each in enumerate(value):
            check(each, schema.get("items", {}), f"{place}[{number}]")


@pytest.mark.parametrize("name", SOURCES + COMPILED)
def test_real_files_are_told_as_the_contract_says(shared: Path, name: str) -> None:
    check(told(shared, name, tensors=True), SCHEMA)


def test_the_check_itself_finds_what_is_wrong(shared: Path) -> None:
    record = told(shared, "keras_lstm_mnist_ptq")
    for wrong in ({"schema": 2}, {"macs": "1"}, {"kind": "other"}, {"new": 1}, {"edgetpu_ops": -1}):
        with pytest.raises(AssertionError):
            check(record | wrong, SCHEMA)
    with pytest.raises(AssertionError):
        check({name: value for name, value in record.items() if name != "sha256"}, SCHEMA)


def test_every_name_of_the_schema_is_explained() -> None:
    from coralexp.edgetpu import inspection_record

    names = {name for part in SCHEMA["$defs"].values() for name in part["properties"]}
    text = inspection_record.__doc__ or ""

    assert [name for name in names | set(SCHEMA["properties"]) if name not in text] == []


@pytest.mark.parametrize("name", SOURCES)
def test_counts_agree_with_the_operators(shared: Path, name: str) -> None:
    record = told(shared, name)

    operators = record["operators"]
    for where in ("edgetpu", "cpu", "unknown"):
        assert record[f"{where}_ops"] == sum(o["placement"] == where for o in operators)
    assert record["mapped_ratio"] == record["edgetpu_ops"] / len(operators)
    assert record["macs"] == sum(operator["macs"] for operator in operators)
    assert record["kind"] == "source"
    assert not {"executables", "minimum_runtime", "compiler"} & record.keys()


def test_a_mapped_model_has_a_time_made_of_its_spans(shared: Path) -> None:
    record = told(shared, "tf2_mobilenet_v2_1.0_224_ptq")

    time = record["latency"]["usb"]
    assert record["accepted"]
    assert record["rejections"] == []
    assert record["mapped_ratio"] == 1
    assert record["input_bytes"] == 224 * 224 * 3
    assert record["output_bytes"] == 1001
    assert record["off_chip_bytes"] == 0
    assert 0.9 * record["parameter_bytes"] < record["on_chip_bytes"] < 2 * record["parameter_bytes"]
    assert time["low_ms"] < time["ms"] < time["high_ms"]
    assert time["first_ms"] > time["ms"]
    assert time["source"] == "estimated"
    assert sum(span["ms"] for span in time["spans"]) == pytest.approx(time["ms"])
    assert record["latency"]["cpu"] is None


def test_what_the_compiler_would_refuse_has_reasons_and_no_time(shared: Path) -> None:
    record = told(shared, "model_invoking_error")

    assert not record["accepted"]
    assert all(rejection["advice"] for rejection in record["rejections"])
    assert record["mapped_ratio"] == 0
    assert record["on_chip_bytes"] is None
    assert record["off_chip_bytes"] is None
    assert record["latency"] == {"usb": None, "cpu": None}


def test_operators_left_out_have_a_status_a_reason_and_advice(shared: Path) -> None:
    record = told(shared, "deeplabv3_mnv2_dm05_pascal_quant")

    left = [operator for operator in record["operators"] if operator["placement"] == "cpu"]
    assert left
    assert all(each["status"] and each["reason"] and each["advice"] for each in left)


@pytest.mark.parametrize("name", COMPILED)
def test_a_compiled_file_is_told_as_its_executables_say(shared: Path, name: str) -> None:
    with (shared / "edgetpu" / "compiled_executables.csv").open(encoding="utf-8") as file:
        (row,) = [row for row in csv.DictReader(file) if Path(row["file"]).stem == name]
    record = told(shared, name)

    executables = {each["type"]: each for each in record["executables"]}
    assert record["kind"] == "compiled"
    assert record["accepted"]
    assert "+".join(sorted(executables)) == "+".join(sorted(row["types"].split("+")))
    assert record["on_chip_bytes"] == int(row["cache_param_blob_bytes"] or 0)
    assert record["off_chip_bytes"] == int(row["exec_param_blob_bytes"])
    assert record["minimum_runtime"] == int(row["min_runtime"])
    assert record["compiler"] == row["compiler"]
    run = executables.get("EXECUTION_ONLY") or executables["STAND_ALONE"]
    assert run["instruction_bytes"] == int(row["exec_instr_bytes"])
    assert run["input_bytes"] == int(row["dma_in_act"])
    assert run["output_bytes"] == int(row["dma_out_act"])
    assert run["scratch_bytes"] == int(row["scratch_bytes"])
    assert record["edgetpu_ops"] == int(row["n_edgetpu_ops"])
    assert record["cpu_ops"] == len(list(filter(None, row["cpu_ops"].split(";"))))


def test_what_a_compiled_file_does_not_tell_is_null(shared: Path) -> None:
    mixed = told(shared, "deeplabv3_mnv2_dm05_pascal_quant_edgetpu")
    whole = told(shared, "mobilenet_v1_0.25_128_quant_edgetpu")

    assert mixed["macs"] is None
    assert mixed["mapped_ratio"] is None
    assert whole["mapped_ratio"] == 1
    custom, *left = mixed["operators"]
    assert (custom["op"], custom["placement"]) == ("edgetpu-custom-op", "edgetpu")
    assert custom["macs"] is None
    assert {operator["status"] for operator in left} == {None}
    assert all(operator["macs"] is not None for operator in left)


def test_the_file_is_named_and_hashed(shared: Path) -> None:
    path = shared / "edgetpu" / "models" / "model_invoking_error.tflite"

    record = told(shared, "model_invoking_error")

    assert record["file"] == str(path)
    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_tensors_are_told_when_they_are_asked_for(shared: Path) -> None:
    assert "tensors" not in told(shared, "tf2_mobilenet_v2_1.0_224_ptq")
    tensors = told(shared, "tf2_mobilenet_v2_1.0_224_ptq", tensors=True)["tensors"]

    channels = [tensor for tensor in tensors if tensor["per_channel"]]
    assert channels
    assert all(tensor["scale"] is None for tensor in channels)
    assert all(tensor["real_min"] < 0 < tensor["real_max"] for tensor in channels)


def test_a_tensor_is_told_with_the_real_values_that_it_spans() -> None:
    record = tensor_record(Tensor("t", (1, -1), "int8", Quantization((9 / 255,), (-43,), 0)))

    assert record["scale"] == pytest.approx(0.0353, abs=5e-5)
    assert record["zero_point"] == -43
    assert (record["real_min"], record["real_max"]) == pytest.approx((-3.0, 6.0))
    assert record["shape"] == [1, -1]
    assert record["per_channel"] is None


def test_numbers_that_json_does_not_know_are_null() -> None:
    broken = Tensor("t", (2,), "int8", Quantization((math.nan, math.inf), (0, 3), 0))

    record = tensor_record(broken)
    single = tensor_record(replace(broken, quantization=Quantization((math.inf,), (1,), 0)))

    json.dumps([record, single], allow_nan=False)
    assert record["zero_point"] is None
    assert single["scale"] is None


def test_what_is_no_model_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"no model at all")

    with pytest.raises(ModelFileError, match=r"x\.tflite"):
        inspect(path, {})


def test_what_the_compiler_made_of_a_model_is_believed(shared: Path) -> None:
    models = shared / "edgetpu" / "models"
    name = "deeplabv3_mnv2_dm05_pascal_quant"

    believed = inspect(
        models / f"{name}.tflite", {"usb": USB}, made_of_it=models / f"{name}_edgetpu.tflite"
    )

    assert (believed.kind, believed.count("edgetpu"), believed.count("cpu")) == ("source", 64, 8)
    assert (believed.on_chip_bytes, believed.off_chip_bytes) == (766_720, 0)
    latency = believed.latencies["usb"]
    assert latency is not None
    (code,) = [span for span in latency.spans if span.label == "instructions"]
    assert code.ms == pytest.approx(160_672 / (USB.link.input_mb_per_s * 1e3))


@pytest.mark.parametrize(
    "other", ["mobilenet_v1_0.25_128_quant_edgetpu", "keras_lstm_mnist_ptq_edgetpu"]
)
def test_a_compiled_file_of_another_model_is_refused(shared: Path, other: str) -> None:
    models = shared / "edgetpu" / "models"

    with pytest.raises(ModelFileError, match="was not made of"):
        inspect(
            models / "mobilenet_v1_0.75_192_quant.tflite",
            {"usb": USB},
            made_of_it=models / f"{other}.tflite",
        )


def test_a_model_is_not_what_the_compiler_made(shared: Path) -> None:
    model = shared / "edgetpu" / "models" / "mobilenet_v1_0.75_192_quant.tflite"

    with pytest.raises(ModelFileError, match="is no file that the Edge TPU compiler wrote"):
        inspect(model, {"usb": USB}, made_of_it=model)
