"""Write requirements.lock: exact versions and hashes of everything, for every system and Python.

Called by `make lock`, with uv on the path. Versions that the file already names are kept as long as
pyproject.toml allows them; arguments go to uv, such as `--upgrade` or `--upgrade-package mlflow`.

The file has three sections, in the order in which they are installed. The Makefile takes them apart
by their headings; `pip install -r requirements.lock` takes all of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
HEADING = "# Exact versions of everything that is installed. Written by `make lock`; do not edit.\n"
SECTIONS = {
    "build": "what the others are built with",
    "run": "what coralexp needs",
    "test": "what checks it",
}


def main() -> None:
    """Resolve once, then sort the packages into the sections that need them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = project["dependency-groups"]["build"]
    run = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    # The package itself is here, not in an index: its own extras are written out.
    test = [line for line in extras["test"] if line != "coralexp[tfds]"] + extras["tfds"]
    with tempfile.TemporaryDirectory() as scratch:
        everything = Path(scratch) / "everything.txt"
        if LOCK.exists():
            everything.write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
        entries = resolve([*build, *run, *test], sys.argv[1:], everything)
        same_versions = ["--constraints", str(everything)]
        builders = resolve(build, same_versions, Path(scratch) / "build.txt").keys()
        runners = resolve(run, same_versions, Path(scratch) / "run.txt").keys()
    section_of = {
        name: "build" if name in builders else "run" if name in runners else "test"
        for name in entries
    }
    text = HEADING
    for section, meaning in SECTIONS.items():
        text += f"\n# == {section} == {meaning}\n"
        text += "".join(entries[name] for name in entries if section_of[name] == section)
    LOCK.write_text(text, encoding="utf-8")


def resolve(requirements: list[str], options: list[str], output: Path) -> dict[str, str]:
    """Return the packages that the requirements need, each with its lines of the lock file."""
    command = ["uv", "pip", "compile", "--quiet", "--no-config", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"]
    command += ["--no-emit-index-url", "--no-emit-find-links", *options, "-o", str(output), "-"]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True)
    entries: dict[str, str] = {}
    for entry in re.split(r"^(?=[a-z0-9])", output.read_text(encoding="utf-8"), flags=re.MULTILINE):
        if name := re.match(
            r"[a-z0-9._-]+", entry
        ):  # one name has several entries if markers differ
            entries[name[0]] = entries.get(name[0], "") + entry
    return entries


if __name__ == "__main__":
    main()
