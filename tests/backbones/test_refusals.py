"""What a backbone cannot do is said before TensorFlow is imported, with a way out."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from coralexp.backbones import convnet, efficientnet_lite0, mobilenetv1, mobilenetv2
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = (mobilenetv1, mobilenetv2, efficientnet_lite0)
COLOUR = (96, 96, 3)


@pytest.mark.parametrize("backbone", NETWORKS)
def test_a_side_that_is_no_multiple_of_32_names_its_neighbours(backbone) -> None:
    with pytest.raises(ValueError, match=r"got 100 x 100: set dataset\.side_px to 96 or 128"):
        backbone.build((100, 100, 3))


@pytest.mark.parametrize("backbone", NETWORKS)
def test_a_side_below_the_least_names_the_least(backbone) -> None:
    with pytest.raises(ValueError, match=r"got 20 x 20: set dataset\.side_px to 32"):
        backbone.build((20, 20, 1))


def test_convnet_refuses_a_side_that_cannot_be_halved_so_often() -> None:
    with pytest.raises(ValueError, match="needs sides of 8 px or more; got 7 x 9"):
        convnet.build((7, 9, 1))


@pytest.mark.parametrize("backbone", [*NETWORKS, convnet])
@pytest.mark.parametrize("width", [0, -1.0, float("nan"), float("inf"), 35.0])
def test_a_width_out_of_range_is_refused(backbone, width: float) -> None:
    with pytest.raises(OptionError) as caught:
        backbone.build(COLOUR, width=width)

    assert caught.value.option == "width"


def test_a_width_that_leaves_no_channels_names_the_least() -> None:
    with pytest.raises(OptionError, match=r"0\.01 leaves layers without a channel; .* 0\.03125"):
        mobilenetv1.build(COLOUR, width=0.01)
    with pytest.raises(OptionError, match=r"the least is 0\.5"):
        convnet.build(COLOUR, filters=(2, 4), width=0.3)


@pytest.mark.parametrize(
    ("backbone", "width", "listed"),
    [
        (mobilenetv1, 0.3, r"0\.25, 0\.5, 0\.75, 1\.0, not for 0\.3: write width=0\.25"),
        (mobilenetv2, 0.4, r"0\.35, 0\.5, .*, not for 0\.4: write width=0\.35"),
        (efficientnet_lite0, 0.5, r"width 1\.0, not for 0\.5"),
    ],
)
def test_imagenet_weights_of_another_width_list_those_that_exist(backbone, width, listed) -> None:
    with pytest.raises(OptionError, match=listed):
        backbone.build(COLOUR, width=width, weights="imagenet")


@pytest.mark.parametrize(("backbone", "width"), list(zip(NETWORKS, (0.25, 0.35, 1.0), strict=True)))
def test_imagenet_weights_for_grey_images_are_refused(backbone, width) -> None:
    with pytest.raises(OptionError, match="trained on 3 channels; these images have 1"):
        backbone.build((96, 96, 1), width=width, weights="imagenet")


def test_convnet_has_no_imagenet_weights() -> None:
    with pytest.raises(OptionError, match="does not exist for convnet"):
        convnet.build(COLOUR, weights="imagenet")


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"filters": ()}, "filters"),
        ({"filters": (8, 0)}, "filters"),
        ({"kernel_px": 0}, "kernel_px"),
        ({"convolutions": 0}, "convolutions"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_convnet_refuses_a_stack_of_nothing(options, option) -> None:
    with pytest.raises(OptionError) as caught:
        convnet.build(COLOUR, **options)

    assert caught.value.option == option


@pytest.mark.parametrize("backbone", [*NETWORKS, convnet])
def test_weights_that_are_nowhere_are_refused(backbone, tmp_path: Path) -> None:
    (tmp_path / "owls.h5").touch()
    with pytest.raises(OptionError, match=r"no such file, did you mean .*owls\.h5"):
        backbone.build(COLOUR, weights=str(tmp_path / "owl.h5"))
    with pytest.raises(OptionError, match=r"expected null, imagenet, a file that ends in \.h5"):
        backbone.build(COLOUR, weights=str(tmp_path / "owl.onnx"))
    with pytest.raises(OptionError, match=r"without variables/variables\.index"):
        backbone.build(COLOUR, weights=str(tmp_path))
    with pytest.raises(OptionError, match="did you mean 'imagenet'"):
        backbone.build(COLOUR, weights="imagnet")
    with pytest.raises(OptionError, match="weights=null"):
        backbone.build(COLOUR, weights="none")


def test_no_refusal_imports_tensorflow() -> None:
    program = """
import sys
from coralexp.backbones import convnet, efficientnet_lite0, mobilenetv1, mobilenetv2
from coralexp.heads import linear, mlp
sys.modules["coralexp.tf_runtime"] = None  # the door is shut
for attempt in (
    lambda: mobilenetv2.build((100, 100, 3)),
    lambda: mobilenetv1.build((96, 96, 1), weights="imagenet"),
    lambda: efficientnet_lite0.build((96, 96, 3), weights="nowhere.h5"),
    lambda: convnet.build((32, 32, 1), width=0),
    lambda: linear.attach(None, 10, dropout=1.0),
    lambda: mlp.attach(None, 10, units=(0,)),
):
    try:
        attempt()
    except ImportError:
        sys.exit("the door was tried before the refusal")
    except Exception:
        continue
    sys.exit("nothing was refused")
heavy = {"tensorflow", "tf_keras", "keras", "h5py", "sklearn"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
