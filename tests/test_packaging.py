"""The wheel holds what a user needs, and works from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build backend is absent: `make test` installs it")
    folder = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, ROOT]
    subprocess.run(build, check=True, timeout=120)
    (found,) = folder.glob("coralexp-*.whl")
    return found


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def files(folder: str, pattern: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(pattern)}


def test_every_module_and_every_choice_is_in_the_wheel(contents: set[str]) -> None:
    choices = {f"coralexp/{name}" for name in files("conf", "*.yaml")}

    assert (files("coralexp", "*.py") | choices) - contents == set()


def test_everything_that_a_bundle_holds_is_in_the_wheel(contents: set[str]) -> None:
    tracked = ["git", "-C", str(ROOT), "ls-files", "coralexp/bundle"]
    held = subprocess.check_output(tracked, text=True).split()

    assert "coralexp/bundle/files/bundled/page.html" in held
    assert set(held) - contents == set()


def test_fonts_travel_with_their_licence(contents: set[str]) -> None:
    fonts = [name for name in contents if name.endswith(".ttf")]

    assert fonts
    assert all(str(PurePosixPath(name).with_name("OFL.txt")) in contents for name in fonts)


def test_licences_are_where_installers_look_for_them(contents: set[str]) -> None:
    licences = [name for name in contents if ".dist-info/licenses/" in name]

    assert sorted(Path(name).name for name in licences) == ["LICENSE", "OFL.txt"]


def test_nothing_else_is_in_the_wheel(contents: set[str]) -> None:
    ours = ("coralexp/", "coralexp-")

    assert [name for name in contents if not name.startswith(ours)] == []
    assert [name for name in contents if "/tests/" in name or name.endswith(".pyc")] == []


def test_the_installed_wheel_finds_its_choices_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [*PIP, "install", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(install, check=True, timeout=120)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # PYTHONPATH comes before the environment's own packages, an editable coralexp among them.
    run = {"cwd": elsewhere, "env": os.environ | {"PYTHONPATH": str(site)}, "timeout": 60}

    where = "import coralexp; print(coralexp.__file__)"
    imported = subprocess.check_output([sys.executable, "-c", where], text=True, **run)
    helped = subprocess.check_output([sys.executable, "-m", "coralexp", "--help"], text=True, **run)

    assert Path(imported.strip()).is_relative_to(site)
    for choice in ("mobilenetv2", "glyphs", "ptq", "usb", "standard", "linear"):
        assert choice in helped
