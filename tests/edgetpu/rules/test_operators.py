"""Each rule on an operator: what keeps it is mapped, what breaks it is not, or it is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coralexp.edgetpu.rules.contract import (
    DATA_TYPE,
    IMPRECISE,
    MAPPED,
    NOT_CONSTANT,
    NOT_SUPPORTED,
    RANK,
    ROWS,
    STRIDES,
    UNSPECIFIED,
)
from coralexp.edgetpu.rules.table import RULES, manual


def test_an_operator_that_keeps_every_rule_is_mapped_and_needs_no_words(make) -> None:
    verdict = make.verdict("ADD", [make.computed(1, 8), make.computed(1, 8)], make.computed(1, 8))

    assert (verdict.placement, verdict.status) == ("edgetpu", MAPPED)
    assert verdict.reason == verdict.advice == ""


@pytest.mark.parametrize("dtype", ["float32", "int16", "int32", "int64", "bool"])
def test_what_writes_no_8_bit_integers_works_on_an_unsupported_type(make, dtype) -> None:
    verdict = make.verdict("MUL", [make.computed(1, 8)], make.computed(1, 8, dtype=dtype))

    assert (verdict.placement, verdict.status) == ("cpu", DATA_TYPE)
    assert f"{dtype} [1, 8]" in verdict.reason


def test_a_dequantize_at_the_end_is_told_to_end_in_integers(make) -> None:
    verdict = make.verdict(
        "DEQUANTIZE", [make.computed(1, 8)], make.computed(1, 8, dtype="float32")
    )

    assert verdict.status == DATA_TYPE
    assert "inference_output_type=tf.uint8" in verdict.advice


def test_a_quantize_of_real_numbers_is_left_out_and_one_of_integers_is_not(make) -> None:
    real = make.verdict("QUANTIZE", [make.computed(1, 8, dtype="float32")], make.computed(1, 8))
    integers = make.verdict("QUANTIZE", [make.computed(1, 8, dtype="uint8")], make.computed(1, 8))

    assert (real.placement, real.status) == ("cpu", UNSPECIFIED)
    assert "inference_input_type" in real.advice
    assert integers.placement == "edgetpu"


@pytest.mark.parametrize("name", ["LEAKY_RELU", "HARD_SWISH", "GATHER", "BATCH_MATMUL", "TOPK_V2"])
def test_operators_known_to_stay_on_the_cpu_say_what_to_use_instead(make, name) -> None:
    verdict = make.verdict(name, [make.computed(1, 8)], make.computed(1, 8))

    assert (verdict.placement, verdict.status) == ("cpu", NOT_SUPPORTED)
    assert verdict.advice


def test_an_operator_without_evidence_is_unknown_and_has_no_status(make) -> None:
    verdict = make.verdict("MIRROR_PAD", [make.computed(1, 8)], make.computed(1, 8))

    assert (verdict.placement, verdict.status) == ("unknown", "")
    assert "No public evidence" in verdict.reason


def test_post_processing_is_told_apart_by_what_it_writes(make) -> None:
    verdict = make.verdict(
        "TFLite_Detection_PostProcess",
        [make.computed(1, 8)],
        make.computed(1, 8, dtype="float32"),
        is_custom=True,
    )

    assert (verdict.placement, verdict.status) == ("cpu", DATA_TYPE)


@pytest.mark.parametrize(
    ("shape", "placement"),
    [
        ((7,), "edgetpu"),
        ((5, 7), "edgetpu"),
        ((3, 5, 7), "edgetpu"),
        ((1, 3, 5, 7), "edgetpu"),
        ((1, 1, 3, 5, 7), "edgetpu"),
        ((2, 3, 5, 7), "cpu"),
        ((1, 3, 2, 5, 7), "cpu"),
    ],
    ids=str,
)
def test_only_three_innermost_dimensions_may_be_larger_than_one(make, shape, placement) -> None:
    verdict = make.verdict("RELU", [make.computed(*shape)], make.computed(*shape))

    assert (verdict.placement, verdict.status) == (
        placement,
        MAPPED if placement != "cpu" else RANK,
    )


def test_weights_that_are_computed_are_no_parameters(make) -> None:
    read = [make.computed(1, 8), make.computed(4, 8), make.constant([0] * 4)]

    assert make.verdict("FULLY_CONNECTED", read, make.computed(1, 4)).status == NOT_CONSTANT


def test_a_state_is_neither_computed_nor_a_parameter(make) -> None:
    state = replace(make.computed(1, 20, dtype="int16"), is_variable=True)
    read = [make.computed(1, 28, 28), *[None] * 18, state]

    verdict = make.verdict("UNIDIRECTIONAL_SEQUENCE_LSTM", read, make.computed(1, 28, 20))

    assert verdict.placement == "edgetpu"


def test_a_convolution_without_a_bias_is_mapped(make) -> None:
    read = [make.computed(1, 8, 8, 3), make.weights(4, 3, 3, 3), None]

    assert make.verdict("CONV_2D", read, make.computed(1, 8, 8, 4)).placement == "edgetpu"


@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize(("dilation", "placement"), [(2, "edgetpu"), (3, "cpu")])
def test_the_dilation_is_the_same_in_both_directions(make, name, dilation, placement) -> None:
    verdict = make.verdict(
        name,
        [make.computed(1, 8, 8, 3), make.weights(4, 3, 3, 3)],
        make.computed(1, 8, 8, 4),
        dilation_w_factor=2,
        dilation_h_factor=dilation,
    )

    assert verdict.placement == placement


@pytest.mark.parametrize(
    ("rows", "weights_format", "status"),
    [(1, "DEFAULT", MAPPED), (5, "DEFAULT", ROWS), (1, "SHUFFLED4x16INT8", UNSPECIFIED)],
)
def test_a_dense_layer_gives_one_row_from_plain_weights(make, rows, weights_format, status) -> None:
    verdict = make.verdict(
        "FULLY_CONNECTED",
        [make.computed(rows, 8), make.weights(4, 8)],
        make.computed(rows, 4),
        weights_format=weights_format,
    )

    assert verdict.status == status


@pytest.mark.parametrize(
    ("before", "after", "placement"),
    [
        ((1, 16, 16, 64), (1, 32, 32, 32), "edgetpu"),
        ((1, 128, 128, 64), (1, 256, 256, 64), "unknown"),
        ((1, 32, 32, 1024), (1, 64, 64, 512), "cpu"),
    ],
    ids=str,
)
def test_a_transposed_convolution_is_small(make, before, after, placement) -> None:
    read = [
        make.constant(after),
        make.weights(after[-1], 2, 2, before[-1]),
        make.computed(*before),
    ]

    assert make.verdict("TRANSPOSE_CONV", read, make.computed(*after)).placement == placement


@pytest.mark.parametrize("name", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize(("fused", "placement"), [("NONE", "edgetpu"), ("RELU6", "cpu")])
def test_pooling_fuses_no_activation(make, name, fused, placement) -> None:
    verdict = make.verdict(
        name,
        [make.computed(1, 8, 8, 4)],
        make.computed(1, 4, 4, 4),
        fused_activation_function=fused,
    )

    assert verdict.placement == placement


@pytest.mark.parametrize(("classes", "placement"), [(16_000, "edgetpu"), (16_001, "cpu")])
def test_a_softmax_is_over_few_classes(make, classes, placement) -> None:
    read = [make.computed(1, classes)]

    assert make.verdict("SOFTMAX", read, make.computed(1, classes)).placement == placement


@pytest.mark.parametrize(
    ("slopes", "placement"), [((1, 1, 4), "edgetpu"), ((8, 8, 4), "cpu")], ids=str
)
def test_a_prelu_has_one_slope_a_channel(make, slopes, placement) -> None:
    read = [make.computed(1, 8, 8, 4), make.weights(*slopes)]
    verdict = make.verdict("PRELU", read, make.computed(1, 8, 8, 4))

    assert verdict.placement == placement
    assert placement == "edgetpu" or "shared_axes=[1, 2]" in verdict.advice


@pytest.mark.parametrize(
    ("shape", "axes", "placement"),
    [
        ((1, 7, 7, 1280), [1, 2], "edgetpu"),
        ((1, 7, 7, 1280), [-2, -3], "edgetpu"),
        ((1, 7, 7, 1280), [3], "edgetpu"),
        ((1, 7, 7, 3), [-1], "cpu"),
        ((1, 7, 7, 4), [0, 1], "cpu"),
        ((1, 64, 128, 3), [1, 2], "edgetpu"),
        ((1, 128, 128, 3), [1, 2], "unknown"),
        ((1, 256, 128, 3), [1, 2], "cpu"),
        ((1, 7, 7, 4), [9], "edgetpu"),  # damaged: no rule can say anything of it
    ],
    ids=str,
)
def test_a_mean_is_small_and_keeps_the_batch(make, shape, axes, placement) -> None:
    read = [make.computed(*shape), make.constant(axes)]

    assert make.verdict("MEAN", read, make.computed(1, shape[-1])).placement == placement


@pytest.mark.parametrize("name", ["SUM", "REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize(("axis", "placement"), [(1, "edgetpu"), (0, "cpu"), (-4, "cpu")])
def test_a_reduction_keeps_the_batch(make, name, axis, placement) -> None:
    read = [make.computed(1, 8, 8, 4), make.constant([axis])]

    assert make.verdict(name, read, make.computed(1, 8, 4)).placement == placement


@pytest.mark.parametrize(
    ("values", "others", "placement"),
    [
        ([7, 7], 1, "edgetpu"),
        ([7, 8], 1, "cpu"),
        ([7, 7], 2, "cpu"),
    ],
    ids=str,
)
def test_only_zeros_are_joined_to_one_other_tensor(make, values, others, placement) -> None:
    zeros = make.constant([values], "int8", zero_point=7)
    read = [zeros, *[make.computed(1, 2)] * others]

    verdict = make.verdict("CONCATENATION", read, make.computed(1, 4))

    assert verdict.placement == placement


@pytest.mark.parametrize(("axis", "placement"), [(1, "edgetpu"), (0, "cpu")])
def test_nothing_is_packed_split_or_padded_along_the_batch(make, axis, placement) -> None:
    paddings = [[0, 0], [0, 0], [0, 0], [0, 0]]
    paddings[axis] = [0, 1]
    image = make.computed(1, 8, 8, 4)

    verdicts = [
        make.verdict("PACK", [make.computed(1, 4)] * 2, make.computed(1, 2, 4), axis=axis),
        make.verdict("SPLIT", [make.constant(axis), image], make.computed(1, 4, 8, 4)),
        make.verdict("PAD", [image, make.constant(paddings)], make.computed(1, 8, 8, 4)),
    ]

    assert [verdict.placement for verdict in verdicts] == [placement] * 3


@pytest.mark.parametrize(
    ("strides", "mask", "status"),
    [
        ([1, 1, 1, 1], 0, MAPPED),
        ([1, 2, 2, 1], 0, STRIDES),
        ([1, 1, 1, 1], 2, UNSPECIFIED),
    ],
    ids=str,
)
def test_a_strided_slice_has_strides_of_one(make, strides, mask, status) -> None:
    places = [make.constant([0, 0, 0, 0]), make.constant([1, 4, 4, 4]), make.constant(strides)]
    verdict = make.verdict(
        "STRIDED_SLICE",
        [make.computed(1, 8, 8, 4), *places],
        make.computed(1, 4, 4, 4),
        new_axis_mask=mask,
    )

    assert verdict.status == status


@pytest.mark.parametrize(
    ("before", "after", "placement"),
    [
        ((1, 1, 1, 10), (1, 10), "edgetpu"),
        ((1, 1, 5, 10), (5, 10), "edgetpu"),
        ((1, 5, 1, 10), (1, 5, 10), "cpu"),
    ],
    ids=str,
)
def test_leading_dimensions_are_squeezed(make, before, after, placement) -> None:
    verdict = make.verdict("SQUEEZE", [make.computed(*before)], make.computed(*after))

    assert verdict.placement == placement


@pytest.mark.parametrize(
    ("shape", "order", "placement"),
    [
        ((1, 20, 20, 144), [0, 3, 1, 2], "edgetpu"),
        ((1, 40, 60, 42), [0, 3, 1, 2], "unknown"),
        ((1, 3, 224, 224), [0, 2, 3, 1], "cpu"),
        ((1, 1, 999, 999), [1, 0, 2, 3], "edgetpu"),  # nothing moves
        ((1, 8, 8, 4), [0, 1], "unknown"),  # damaged
    ],
    ids=str,
)
def test_a_transposition_moves_little(make, shape, order, placement) -> None:
    read = [make.computed(*shape), make.constant(order)]

    assert make.verdict("TRANSPOSE", read, make.computed(1, 1)).placement == placement


@pytest.mark.parametrize(
    ("before", "after", "placement"),
    [
        ((1, 32, 32, 255), (1, 1024, 3, 85), "edgetpu"),
        ((1, 40, 40, 255), (1, 1600, 3, 85), "unknown"),
        ((1, 64, 64, 255), (1, 4096, 3, 85), "cpu"),
        ((1, 40, 40, 810), (1, 14400, 90), "edgetpu"),
        ((1, 56, 56, 256), (1, 802816), "edgetpu"),
        ((1, 999, 999, 8), (1, 998001, 8), "unknown"),
        ((1, 1, 1, 5_000), (1, 5_000), "edgetpu"),
    ],
    ids=str,
)
def test_a_large_reshape_lays_out_rows(make, before, after, placement) -> None:
    read = [make.computed(*before), make.constant(after)]

    assert make.verdict("RESHAPE", read, make.computed(*after)).placement == placement


@pytest.mark.parametrize(
    ("before", "placement"), [((1, 1, 1, 8), "edgetpu"), ((1, 2, 1, 8), "unknown")], ids=str
)
def test_one_pixel_is_tiled(make, before, placement) -> None:
    read = [make.computed(*before), make.constant([1, 4, 4, 1])]

    assert make.verdict("TILE", read, make.computed(1, 4, 4, 8)).placement == placement


@pytest.mark.parametrize(
    ("before", "after", "corners", "status"),
    [
        (16, 32, False, MAPPED),
        (17, 33, True, MAPPED),
        (33, 33, True, MAPPED),
        (17, 33, False, ""),
        (16, 64, False, ""),
        (1, 33, True, IMPRECISE),
        (33, 513, True, UNSPECIFIED),
    ],
    ids=str,
)
def test_bilinear_resizing_keeps_or_doubles_a_small_picture(
    make, before, after, corners, status
) -> None:
    channels = 21
    verdict = make.verdict(
        "RESIZE_BILINEAR",
        [make.computed(1, before, before, channels), make.constant([after, after])],
        make.computed(1, after, after, channels),
        align_corners=corners,
    )

    assert verdict.status == status


@pytest.mark.parametrize(
    ("size", "channels", "placement"),
    [(80, 128, "edgetpu"), (256, 16, "unknown"), (1024, 3, "cpu")],
)
def test_nearest_neighbor_resizing_is_mapped_up_to_a_size(make, size, channels, placement) -> None:
    verdict = make.verdict(
        "RESIZE_NEAREST_NEIGHBOR",
        [make.computed(1, 5, 5, channels), make.constant([size, size])],
        make.computed(1, size, size, channels),
    )

    assert verdict.placement == placement


@pytest.mark.parametrize(
    ("features", "peephole", "placement"),
    [(28, False, "edgetpu"), (1280, False, "unknown"), (28, True, "unknown")],
)
def test_a_plain_lstm_of_few_features_is_mapped(make, features, peephole, placement) -> None:
    gates = [make.weights(20, features)] * 4 + [make.weights(20, 20)] * 4
    peepholes = [make.weights(20) if peephole else None] * 3
    biases = [make.constant([0] * 20)] * 4
    read = [make.computed(1, 28, features), *gates, *peepholes, *biases]

    verdict = make.verdict("UNIDIRECTIONAL_SEQUENCE_LSTM", read, make.computed(1, 28, 20))

    assert verdict.placement == placement


def test_the_manual_has_a_sentence_a_status_an_advice_and_a_source_for_each_rule() -> None:
    rules = manual()

    assert list(rules) == list(RULES)
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.text.endswith(".")
        assert rule.status
        assert rule.advice
        assert "\n" not in rule.advice
        assert rule.source
