"""What makes the compiler refuse a whole model: types, sizes, custom operators, nothing at all."""

from __future__ import annotations

import pytest

from coralexp.edgetpu.place import place


def rejections(network) -> list[str]:
    return [rejection.text for rejection in place(network.model).rejections]


def test_a_model_of_integers_is_accepted(make) -> None:
    network, at = make.network()
    network.relu(at)

    assert place(network.model).accepted


def test_a_model_without_operators_is_refused(make) -> None:
    network, _ = make.network()

    assert rejections(network) == ["Did not get operators, tensors, or buffers in subgraph 0."]
    assert not place(network.model).mapped_ratio


@pytest.mark.parametrize("dtype", ["float32", "float16", "int16"])
def test_a_model_that_computes_in_something_else_is_not_quantized(make, dtype) -> None:
    network = make.empty()
    at = network.input(make.computed(1, 8, dtype=dtype))
    network.add("RELU", [at], make.computed(1, 8, dtype=dtype))

    assert rejections(network) == ["Model not quantized"]


def test_weights_that_alone_are_integers_do_not_make_a_quantized_model(make) -> None:
    network = make.empty()
    at = network.input(make.computed(1, 8, dtype="float32"))
    weights = network.tensor(make.weights(4, 8))
    network.add("FULLY_CONNECTED", [at, weights], make.computed(1, 4, dtype="float32"))

    (rejection,) = place(network.model).rejections

    assert rejection.text == "Model not quantized"
    assert rejection.reason == "Only the weights are integers; the operators write float32."
    assert "representative dataset" in rejection.advice


def test_real_numbers_at_the_ends_are_accepted(make) -> None:
    network = make.empty()
    at = network.input(make.computed(1, 8, 8, 4, dtype="float32"))
    inside = network.relu(network.add("QUANTIZE", [at]))
    network.add("DEQUANTIZE", [inside], make.computed(1, 8, 8, 4, dtype="float32"))

    placement = place(network.model)

    assert placement.accepted
    assert placement.count("edgetpu") == 1


def test_a_batch_that_is_not_fixed_is_refused(make) -> None:
    network = make.empty()
    network.relu(network.input(make.computed(-1, 8, 8, 4)))

    (rejection,) = place(network.model).rejections

    assert "dynamic-sized tensors" in rejection.text
    assert "[-1, 8, 8, 4]" in rejection.reason
    assert "batch 1" in rejection.advice


def test_a_shape_that_the_graph_computes_is_refused(make) -> None:
    network, at = make.network()
    shape = network.add("SHAPE", [at], make.computed(4, dtype="int32"))
    network.add("RESHAPE", [network.relu(at), shape])

    (rejection,) = place(network.model).rejections

    assert "dynamic-sized tensors" in rejection.text
    assert "RESHAPE (operator 2)" in rejection.reason


def test_a_reshape_to_a_scalar_has_a_shape_without_bytes_and_is_accepted(make) -> None:
    network, at = make.network()
    shape = network.tensor(make.computed(0, dtype="int32"))
    network.add("RESHAPE", [network.relu(at), shape], make.computed())

    placement = place(network.model)

    assert placement.count("edgetpu") == 2


@pytest.mark.parametrize("name", ["WHILE", "IF", "NON_MAX_SUPPRESSION_V5"])
def test_loops_and_counts_are_refused(make, name) -> None:
    network, at = make.network()
    network.add(name, [network.relu(at)])

    assert any("dynamic-sized tensors" in text for text in rejections(network))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Atan", "ERROR: Encountered unresolved custom op: Atan."),
        ("FlexErf", "ERROR: Regular TensorFlow ops are not supported by this interpreter."),
        ("edgetpu-custom-op", ""),
    ],
)
def test_custom_operators_that_the_compiler_does_not_know_are_refused(make, name, text) -> None:
    network, at = make.network()
    network.add(name, [network.relu(at)], is_custom=True)

    (rejection,) = place(network.model).rejections

    assert rejection.text.startswith(text)
    assert rejection.reason
    assert rejection.advice


@pytest.mark.parametrize("name", ["TFLite_Detection_PostProcess", "PosenetDecoderOp"])
def test_decoders_that_coral_knows_are_accepted(make, name) -> None:
    network, at = make.network()
    network.add(name, [network.relu(at)], make.computed(1, 8, dtype="float32"), is_custom=True)

    assert place(network.model).accepted
