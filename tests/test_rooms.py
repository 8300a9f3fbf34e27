"""The shape of the project: sizes, names, mirrored tests, small YAMLs, numbered code."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from coralexp.spec.experiment import ROOM_OF_GROUP

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "coralexp").rglob("*.py"))
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]
ROOMS = sorted(path.parent.name for path in (ROOT / "coralexp").glob("*/__init__.py"))
CHOICES = sorted(path for group in ROOM_OF_GROUP for path in (ROOT / "conf" / group).glob("*.yaml"))
NAMES_OF_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "core", "base"}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_no_module_is_longer_than_300_lines() -> None:
    sizes = {short(path): len(lines_of(path)) for path in MODULES}

    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_half_of_the_modules_are_shorter_than_150_lines() -> None:
    sizes = [len(lines_of(path)) for path in MODULES if path.name != "__init__.py"]

    assert statistics.median(sizes) < 150


@pytest.mark.parametrize("folder", ["coralexp", "conf", "tests", "benchmarks"])
def test_every_name_is_a_concept(folder: str) -> None:
    paths = (ROOT / folder).rglob("*")

    assert [short(path) for path in paths if path.stem.lower() in NAMES_OF_NOTHING] == []


@pytest.mark.parametrize("package", PACKAGES, ids=short)
def test_every_package_says_what_it_is_for(package: Path) -> None:
    assert ast.get_docstring(ast.parse(package.read_text(encoding="utf-8")))


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests_in_the_room_of_the_same_name(room: str) -> None:
    if [path.name for path in (ROOT / "coralexp" / room).rglob("*.py")] == ["__init__.py"]:
        pytest.skip(f"coralexp/{room} holds nothing yet")

    assert list((ROOT / "tests" / room).rglob("test_*.py"))


def test_tests_have_no_rooms_of_their_own() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}

    rooms = [path for path in folders if (ROOT / "coralexp" / path).is_dir()]
    assert [str(path) for path in folders if path not in rooms and not (ROOT / path).is_dir()] == []


@pytest.mark.parametrize("choice", CHOICES, ids=short)
def test_a_choice_is_a_few_lines_that_begin_with_what_it_is(choice: Path) -> None:
    lines = lines_of(choice)

    assert lines[0].startswith("# ")
    assert 2 <= len(lines) <= 17


@pytest.mark.parametrize("choice", CHOICES, ids=short)
def test_a_choice_names_a_function_in_the_room_of_its_group(choice: Path) -> None:
    room = ROOM_OF_GROUP[choice.parent.name]

    target = yaml.safe_load(choice.read_text(encoding="utf-8"))["_target_"]

    module, _, function = target.rpartition(".")
    assert module.startswith(f"coralexp.{room}.")
    tree = ast.parse(
        ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
    )
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_code_of_a_stage_or_part_changes_with_its_version_or_is_recorded_anew() -> None:
    check = [sys.executable, ROOT / "tests" / "refresh_code_versions.py", "--check"]

    found = subprocess.run(check, capture_output=True, text=True, check=False)

    assert found.stderr == ""
    assert found.stdout.strip() == ""
    assert found.returncode == 0
