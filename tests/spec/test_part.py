"""Which functions a configuration may name, and what their signatures say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from coralexp.errors import ConfigError
from coralexp.spec.experiment import Part
from coralexp.spec.part import bind, resolve, schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    (problem,) = caught.value.problems
    return str(problem)


def test_a_function_in_the_room_of_its_group_is_found() -> None:
    function = resolve("coralexp.backbones.convnet.build", "backbone")

    assert function.__module__ == "coralexp.backbones.convnet"
    assert "filters" in schema(function)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "coralexp.heads.linear.attach",  # another room
        "coralexp.backbonesx.f",
        "coralexp.backbones.contract.BuildBackbone",  # no function
        "coralexp.backbones.convnet._sizes",
        "coralexp.backbones.convnet.annotations",
        "build",
        "",
        "coralexp.backbones.weights.download.fetch",  # below the room
        "coralexp.backbones.weights.hdf5.read",
        "coralexp.backbones.mobilenetv2.load",  # imported from below
        "coralexp.backbones.mobilenetv2.require_width",  # imported from beside
        "coralexp.backbones.limits.require_multiple",  # takes more than the shape of an image
        "coralexp.backbones.convnet.keras",
        "smalllab.parts.halving",  # not named as a plugin
    ],
)
def test_any_other_function_is_refused(lab: Path, target: str) -> None:
    before = set(sys.modules)

    text = refusal(lambda: resolve(target, "backbone"))

    assert text.startswith("backbone._target_: ")
    assert "not a public function of coralexp.backbones" in text or "has no" in text
    assert "smalllab.parts" not in set(sys.modules) - before  # it was not even imported


def test_a_missing_module_is_named() -> None:
    text = refusal(lambda: resolve("coralexp.quant.qat2.plan", "quant"))

    assert text == "quant._target_: cannot be found (No module named 'coralexp.quant.qat2')"


def test_a_missing_function_is_named() -> None:
    text = refusal(lambda: resolve("coralexp.quant.qat.plna", "quant"))

    assert text == "quant._target_: cannot be found (module 'coralexp.quant.qat' has no 'plna')"


def test_a_plugin_may_be_named_but_not_what_it_only_imports(lab: Path) -> None:
    assert resolve("smalllab.parts.halving", "backbone", ["smalllab"]).__name__ == "halving"
    text = refusal(lambda: resolve("smalllab.parts.rmtree", "backbone", ["smalllab"]))
    assert "not a public function" in text


def test_a_plugin_that_is_not_installed_is_told_with_a_way_out() -> None:
    text = refusal(lambda: resolve("nolab.parts.f", "head", ["nolab"]))

    assert "No module named 'nolab'" in text
    assert "`python -m coralexp` in the folder that holds it" in text


def test_a_plugin_that_cannot_be_imported_is_told(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "sadlab.py").write_text("1 / 0\n")

    text = refusal(lambda: resolve("sadlab.f", "head", ["sadlab"]))

    assert text == "head._target_: importing sadlab raised ZeroDivisionError: division by zero"


def test_binding_leaves_open_what_the_pipeline_passes(lab: Path) -> None:
    part = Part("device", "board", "smalllab.parts.board", {"clock": "max", "links": (2.0,)})

    assert vars(bind(part, ["smalllab"])()) == {"clock": "max", "links": (2.0,)}


def test_the_signature_is_the_schema(lab: Path) -> None:
    options = schema(resolve("smalllab.parts.course", "training", ["smalllab"]))

    assert list(options) == ["epochs", "learning_rate", "augment", "sides"]
    assert options["epochs"].required
    assert not options["augment"].required
    assert options["learning_rate"].default == pytest.approx(1e-3)
    assert options["sides"].kind.words() == "a list of whole numbers or null"


def test_positional_arguments_are_not_options(lab: Path) -> None:
    assert "input_shape" not in schema(resolve("smalllab.parts.halving", "backbone", ["smalllab"]))
