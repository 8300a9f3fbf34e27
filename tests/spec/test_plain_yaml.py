"""YAML from elsewhere takes neither memory nor time, and is taken from nothing but files."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coralexp.errors import ConfigError
from coralexp.spec.plain_yaml import MAX_BYTES, load, load_file

ROOT = Path(__file__).resolve().parents[2]


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, "text")
    return str(caught.value)


def bomb(levels: int) -> str:
    """Return lines that stand for 10**levels values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    began = time.monotonic()

    assert "has aliases" in refusal(bomb(9))
    assert time.monotonic() - began < 1


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(bomb(9))
    with path.open("r+b") as file:
        file.truncate(1 << 30)  # sparse
    program = (
        "import re, sys, pathlib\n"
        "from coralexp.errors import ConfigError\n"
        "from coralexp.spec.plain_yaml import load_file\n"
        "try: load_file(pathlib.Path(sys.argv[1]))\n"
        "except ConfigError as error: print(error)\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"  # ru_maxrss is the parent's, too
        "print(re.search(r'VmHWM:\\s*(\\d+)', status)[1])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert f"is larger than {MAX_BYTES // 1000} kB" in done.stdout
    assert int(done.stdout.split()[-1]) < 300_000  # KiB


@pytest.mark.parametrize(
    "text",
    [
        "[" * (MAX_BYTES - 1),
        "{a: " * (MAX_BYTES // 4 - 1),
        "- " * (MAX_BYTES // 2 - 1),
        "? " * (MAX_BYTES // 2 - 1),
        "a:\n" + "".join(f"{' ' * n}b:\n" for n in range(1, 600)),
    ],
    ids=["lists", "mappings", "items", "keys", "blocks"],
)
def test_deep_nesting_is_refused_soon(text: str) -> None:
    began = time.monotonic()

    assert "nested too deeply" in refusal(text) or "no plain YAML" in refusal(text)
    assert time.monotonic() - began < 10


def test_the_largest_text_is_read_in_bounded_time() -> None:
    lines = "".join(f"k{n}: {n}\n" for n in range(MAX_BYTES // 14))
    began = time.monotonic()

    assert load(lines, "text")["k7"] == 7
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")

    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read \(it is no regular file"):
        load_file(tmp_path / "config.yaml")


def test_a_device_and_a_folder_are_no_files(tmp_path: Path) -> None:
    for path in (Path(os.devnull), tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_file(path)


def test_numbers_are_numbers_and_sixty_is_no_base() -> None:
    text = "{a: 0x1f, b: 1e-3, c: 1:30, d: -12, e: 0, f: 2026-01-01, g: .5, h: 1_000, i: 017}"

    assert load(text, "text") == {
        "a": 31,
        "b": 1e-3,
        "c": "1:30",
        "d": -12,
        "e": 0,
        "f": "2026-01-01",
        "g": 0.5,
        "h": 1000,
        "i": 15,
    }


def test_memory_stays_small() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refusal(bomb(9) * 20)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
