"""A .tflite file is read in bounds, and one that is no such file is refused in words."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flatbuffers import Builder
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.edgetpu.executable import read_compiled
from coralexp.errors import ModelFileError
from coralexp.tflite.reader import read_graph, read_model_file

if TYPE_CHECKING:
    from coralexp.tflite.graph import Tensor

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")

LSTM = "keras_lstm_mnist_ptq"


@pytest.fixture(scope="session")
def models(shared: Path) -> Path:
    return shared / "edgetpu" / "models"


def small_model(**changes) -> schema.ModelT:
    """Return a model of one dense layer, to be changed and written."""
    image, kernel, answer = (schema.TensorT() for _ in range(3))
    for index, (tensor, name, shape) in enumerate(
        [(image, "image", [1, 4]), (kernel, "kernel", [2, 4]), (answer, "answer", [1, 2])]
    ):
        tensor.name, tensor.shape, tensor.type = name, shape, schema.TensorType.INT8
        tensor.buffer = 1 if index == 1 else 0
    layer = schema.OperatorT()
    layer.inputs, layer.outputs = [0, 1, -1], [2]
    layer.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    layer.builtinOptions = schema.FullyConnectedOptionsT()
    layer.builtinOptions.keepNumDims = True
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [image, kernel, answer], [layer]
    graph.inputs, graph.outputs, graph.name = [0], [2], "main"
    empty, weights = schema.BufferT(), schema.BufferT()
    weights.data = changes.pop("weights", np.arange(8, dtype=np.uint8))
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [empty, weights]
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def written(folder: Path, model: schema.ModelT) -> Path:
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = folder / "model.tflite"
    path.write_bytes(builder.Output())
    return path


def test_a_model_is_read_whole(tmp_path: Path) -> None:
    graph = read_graph(written(tmp_path, small_model()))
    (layer,) = graph.operators

    assert [tensor.name for tensor in graph.tensors] == ["image", "kernel", "answer"]
    assert graph.tensors[1].values().tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert (layer.name, layer.version, layer.inputs, layer.macs) == (
        "FULLY_CONNECTED",
        1,
        (0, 1, -1),
        8,
    )
    assert layer.options["keep_num_dims"] is True
    assert layer.options["fused_activation_function"] == "NONE"
    assert layer.options["weights_format"] == "DEFAULT"


WORDS = {"padding", "fused_activation_function", "weights_format", "in_data_type"} | {
    "out_data_type",
    "quantized_bias_type",
    "output_type",
}


@pytest.mark.parametrize("name", ["deeplabv3_mnv2_dm05_pascal_quant", LSTM])
def test_the_generated_code_reads_the_same(models: Path, name: str) -> None:
    path = models / f"{name}.tflite"
    theirs = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    ours = read_model_file(path)

    for graph, expected in zip(ours.subgraphs, theirs.subgraphs, strict=True):
        for tensor, other in zip(graph.tensors, expected.tensors, strict=True):
            data = theirs.buffers[other.buffer].data
            assert bytes(tensor.data) == (b"" if data is None else bytes(bytearray(data)))
            assert tensor.name == (other.name or b"").decode()
        for operator, other in zip(graph.operators, expected.operators, strict=True):
            assert (list(operator.inputs), list(operator.outputs)) == (
                list(other.inputs),
                list(other.outputs),
            )
            options = {} if other.builtinOptions is None else vars(other.builtinOptions)
            numbers = [v for field, v in operator.options.items() if field not in WORDS]
            assert len(operator.options) == len(options)
            assert all(value in options.values() for value in numbers if value != ())


def test_options_of_the_second_union_are_read(tmp_path: Path) -> None:
    model = small_model()
    (layer,) = model.subgraphs[0].operators
    layer.builtinOptionsType, layer.builtinOptions = 0, None
    layer.builtinOptions2Type = schema.BuiltinOptions2.StablehloTransposeOptions
    layer.builtinOptions2 = schema.StablehloTransposeOptionsT()
    layer.builtinOptions2.permutation = [1, 0]

    (layer,) = read_graph(written(tmp_path, model)).operators

    assert layer.options == {"permutation": (1, 0)}


def test_every_subgraph_is_read(tmp_path: Path) -> None:
    model = small_model()
    model.subgraphs *= 2

    assert len(read_model_file(written(tmp_path, model)).subgraphs) == 2


def test_an_operator_of_a_newer_schema_keeps_its_number(tmp_path: Path) -> None:
    model = small_model()
    model.operatorCodes[0].builtinCode = 9999
    model.subgraphs[0].operators[0].builtinOptionsType = 0
    model.subgraphs[0].operators[0].builtinOptions = None

    (layer,) = read_graph(written(tmp_path, model)).operators

    assert (layer.name, layer.is_custom, layer.macs) == ("BUILTIN_9999", False, 0)


def test_a_model_of_another_version_of_the_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="version 2 of the schema instead of 3"):
        read_graph(written(tmp_path, small_model(version=2)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda graph: setattr(graph.operators[0], "inputs", [0, 7]), "tensor 7 of 3"),
        (lambda graph: setattr(graph.operators[0], "outputs", [-2]), "is read or written"),
        (lambda graph: setattr(graph, "inputs", [9]), "tensor 9 of 3"),
        (lambda graph: setattr(graph.operators[0], "opcodeIndex", 5), "code 5 of 1"),
        (lambda graph: setattr(graph.tensors[0], "buffer", 5), "buffer 5 of 2"),
        (lambda graph: setattr(graph.tensors[0], "type", 99), "type 99"),
        (lambda graph: setattr(graph.tensors[0], "shape", [-5]), "-5 elements"),
        (lambda graph: setattr(graph.tensors[0], "shape", [1] * 65), "65 dimensions"),
    ],
)
def test_references_that_lead_nowhere_are_told(tmp_path: Path, change, words: str) -> None:
    model = small_model()
    change(model.subgraphs[0])

    with pytest.raises(ModelFileError, match=f"is damaged .*{words}"):
        read_graph(written(tmp_path, model))


def test_values_that_do_not_fit_are_told_when_they_are_asked_for(tmp_path: Path) -> None:
    graph = read_graph(written(tmp_path, small_model(weights=np.zeros(7, np.uint8))))

    with pytest.raises(ModelFileError, match="'kernel' holds 7 bytes; its shape"):
        graph.tensors[1].values()


def test_scales_that_are_no_numbers_are_given_as_they_are(tmp_path: Path) -> None:
    model = small_model()
    quantization = schema.QuantizationParametersT()
    quantization.scale = [float("nan"), -1.0]
    model.subgraphs[0].tensors[0].quantization = quantization

    stored = read_graph(written(tmp_path, model)).tensors[0].quantization

    assert stored is not None
    assert stored.scales[0] != stored.scales[0]
    assert (stored.scales[1], stored.zero_points) == (-1.0, (0, 0))


@pytest.mark.slow
def test_a_large_model_is_mapped_and_its_constants_stay_in_the_file(tmp_path: Path) -> None:
    weights = np.ones(110_000_000, np.uint8)
    path = written(tmp_path, small_model(weights=weights))
    path.chmod(0o444)

    graph = read_graph(path)

    assert graph.parameter_bytes == 110_000_000
    assert bytes(graph.tensors[1].data[-4:]) == b"\x01" * 4
    assert graph.tensors[1].data.readonly


def repeated(count: int) -> bytes:
    """Return a model whose list of tensors names one tensor again and again."""
    builder = Builder(1024)
    name = builder.CreateString("x")
    schema.TensorStart(builder)
    schema.TensorAddName(builder, name)
    tensor = schema.TensorEnd(builder)
    schema.SubGraphStartTensorsVector(builder, count)
    for _ in range(count):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_list_that_names_one_table_again_and_again_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(repeated(100_000))

    with pytest.raises(ModelFileError, match="lists are longer than those of any file"):
        read_graph(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"missing\.tflite: cannot be read \(No such file"):
        read_graph(tmp_path / "missing.tflite")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"TFL3", "its identifier is not TFL3"),
        (bytes(100), "its identifier is not TFL3"),
        (b"\x89PNG\r\n\x1a\n" * 10, "a picture"),
        (b"\x1f\x8b\x08\x00" * 10, "a GZIP archive; unpack it first"),
        (b"PK\x03\x04" * 10, "a ZIP archive, as .keras"),
        (b"\x89HDF\r\n\x1a\n" * 10, "an HDF5 file, as Keras's"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\n  <html><body>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "a pointer of Git LFS"),
        (b"\x10\x00\x00\x00TFL2" + bytes(50), "another version of the format, TFL2"),
        (b"\x10\x00\x00\x00DWN1" + bytes(50), "an Edge TPU package without the model"),
    ],
)
def test_a_foreign_file_is_called_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)

    with pytest.raises(ModelFileError, match=f"is no TensorFlow Lite model; .*{words}"):
        read_graph(path)


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ModelFileError, match=r"is a folder \(a SavedModel; convert it first\)"):
        read_graph(tmp_path)
    with pytest.raises(ModelFileError, match="is no regular file"):
        read_graph(tmp_path / "pipe")


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_graph(Path("a\0b"))


def test_a_cut_file_is_damaged(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes((models / f"{LSTM}.tflite").read_bytes()[:1000])

    with pytest.raises(ModelFileError, match="is damaged"):
        read_graph(path)


def test_replacing_a_file_does_not_change_what_was_read(tmp_path: Path) -> None:
    path = written(tmp_path, small_model())
    graph = read_graph(path)

    path.write_bytes(b"")

    assert graph.tensors[1].values().sum() == 28


def use(tensor: Tensor) -> None:
    try:
        tensor.values()
    except ModelFileError:
        return


def read_harmed(data: bytes) -> None:
    """Read a harmed file and use everything that is offered."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(data)
        try:
            model = read_model_file(path)
        except ModelFileError:
            return
    for graph in model.subgraphs:
        assert graph.macs >= 0
        assert graph.parameter_bytes >= 0
        assert graph.bytes_of((*graph.inputs, *graph.outputs)) >= 0
        graph.real_valued()
        for tensor in graph.tensors:
            use(tensor)
    try:
        repr(read_compiled(model))
    except ModelFileError:
        return


SMALL_FILES = st.sampled_from([LSTM, "model_invoking_error", f"{LSTM}_edgetpu"])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_random_changes_give_a_graph_or_an_error_of_ours(models: Path, data: st.DataObject) -> None:
    harmed = bytearray((models / f"{data.draw(SMALL_FILES)}.tflite").read_bytes())
    places = st.integers(8, len(harmed) - 4)  # behind the identifier
    extremes = st.sampled_from([0, 1, len(harmed), 2**31 - 1, 2**31, 2**32 - 1])
    for place in data.draw(st.lists(places, min_size=1, max_size=20)):
        number = data.draw(extremes | st.integers(0, 2**32 - 1))
        struct.pack_into("<I", harmed, place, number)

    read_harmed(bytes(harmed))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_truncation_gives_a_graph_or_an_error_of_ours(models: Path, data: st.DataObject) -> None:
    whole = (models / f"{data.draw(SMALL_FILES)}.tflite").read_bytes()

    read_harmed(whole[: data.draw(st.integers(0, len(whole) - 1))])
