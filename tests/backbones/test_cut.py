"""`cut_at`: the first layers alone, and what to write if there is no such layer."""

from __future__ import annotations

import pytest

from coralexp.backbones import mobilenetv2
from coralexp.errors import OptionError

SHAPE = (32, 32, 3)


@pytest.mark.tf
def test_a_network_ends_with_the_layer_that_was_named() -> None:
    whole = mobilenetv2.build(SHAPE)
    part = mobilenetv2.build(SHAPE, cut_at="block_3_expand_relu")

    assert part.layers[-1].name == "block_3_expand_relu"
    assert part.output_shape[1:3] == (8, 8)
    names = [layer.name for layer in whole.layers]
    assert [layer.name for layer in part.layers] == names[: len(part.layers)]


@pytest.mark.tf
def test_an_unknown_layer_brings_its_neighbours_to_mind() -> None:
    with pytest.raises(
        OptionError, match="no layer 'block3_expand_relu', did you mean block_3_exp"
    ):
        mobilenetv2.build(SHAPE, cut_at="block3_expand_relu")
    with pytest.raises(OptionError, match=r"did you mean one of .*out_relu"):
        mobilenetv2.build(SHAPE, cut_at="zzz")
    with pytest.raises(OptionError, match="no layer 'image'"):
        mobilenetv2.build(SHAPE, cut_at="image")


@pytest.mark.tf
def test_a_file_of_the_first_layers_is_enough_for_them(tmp_path) -> None:
    part = mobilenetv2.build(SHAPE, cut_at="block_1_project_BN")
    part.save_weights(tmp_path / "part.h5")

    again = mobilenetv2.build(SHAPE, cut_at="block_1_project_BN", weights=str(tmp_path / "part.h5"))

    for ours, theirs in zip(again.get_weights(), part.get_weights(), strict=True):
        assert (ours == theirs).all()
