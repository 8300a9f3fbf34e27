"""The YAML files that travel with the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coralexp.spec.compose import parse
from coralexp.spec.experiment import GROUPS
from coralexp.spec.folders import find_conf, packaged_conf

ROOT = Path(__file__).resolve().parents[2]

CHECK_ALL = """
import sys
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse

sweep = ["backbone=glob(*)", "dataset=glyphs,digits", "dataset.side_px=96", "head=mlp"]
request = parse(sweep, check=problems)
print(len(request.experiments) >= 8)
heavy = ["tensorflow", "tf_keras", "mlflow", "matplotlib", "sklearn", "pandas"]
print([name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize("group", GROUPS)
def test_every_choice_parses(group: str) -> None:
    names = list(find_conf().choices(group))
    path = ["dataset.path=somewhere"]
    needed = {"folder": path, "npz": path, "tfds": ["dataset.name=beans"]}

    for name in names:
        taken = needed.get(name, []) if group == "dataset" else []
        (experiment,) = parse([f"{group}={name}", *taken]).experiments
        assert experiment[group].choice == name


def test_every_default_exists() -> None:
    conf = find_conf()

    assert {group for group in GROUPS if conf.defaults.get(group) in conf.choices(group)} == {
        *GROUPS
    }


def test_in_a_checkout_the_packaged_folder_is_beside_the_package() -> None:
    assert packaged_conf() == ROOT / "conf"


@pytest.mark.slow
def test_checking_many_real_jobs_imports_nothing_heavy() -> None:
    command = [sys.executable, "-c", CHECK_ALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["True", "[]"]
