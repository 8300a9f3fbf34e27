"""Says what pictures show, with the network of this bundle.

    python3 classify.py photo.jpg folder/      the most probable labels of each picture
    python3 classify.py --self-check           does it answer here as it did where it was made

Exit status: 0; 1 if a picture cannot be read or the self-check fails; 2 if nothing can be done.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from coralexp.bundle.files.bundled.classifier import Classifier, add_options, best
from coralexp.bundle.files.bundled.ending import ended
from coralexp.bundle.files.bundled.manifest import BundleError, Json, read_manifest
from coralexp.bundle.files.bundled.pictures import SUFFIXES, read_picture
from coralexp.bundle.files.bundled.self_check import check, in_words

FOLDER = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Classify pictures; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="*", type=Path, metavar="PICTURE", help="or a folder")
    parser.add_argument("--top", type=int, default=3, metavar="N", help="labels each (default 3)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a picture")
    parser.add_argument("--self-check", action="store_true", help="compare with the run's answers")
    add_options(parser)
    asked = parser.parse_args(arguments)
    if not asked.pictures and not asked.self_check:
        parser.error("name a picture or a folder, or ask for --self-check")
    try:
        manifest = read_manifest(FOLDER, unchecked=asked.unchecked)
        classifier = Classifier(FOLDER, manifest, asked)
        sys.stderr.write(f"{classifier.told}\n")
        failed = asked.self_check and not _self_check(manifest, classifier)
        for path in _files(asked.pictures):
            failed = not _told(path, classifier, asked) or failed
    except BundleError as error:
        sys.stderr.write(f"{Path(__file__).name}: {error}\n")
        return 2
    return int(failed)


def _self_check(manifest: dict[str, Json], classifier: Classifier) -> bool:
    answers = check(FOLDER, manifest, classifier)
    sys.stdout.write("".join(f"{line}\n" for line in in_words(answers)))
    return all(answer.agrees for answer in answers)


def _files(paths: list[Path]) -> list[Path]:
    """Return the pictures, those of folders in the order of their names."""
    found = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
        if not inside:
            raise BundleError(f"{path}: no {', '.join(SUFFIXES)} in this folder")
        found += sorted(inside)
    return found


def _told(path: Path, classifier: Classifier, asked: argparse.Namespace) -> bool:
    """Print what one picture shows; return whether it could be read."""
    try:
        pixels = read_picture(path, classifier.side_px, classifier.channels, classifier.resize)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return False
    row, spent_ms = classifier.classify(pixels)
    labels = best(row, classifier.labels, asked.top)
    if asked.json:
        fields = {
            "image": str(path),
            "labels": [{"label": label, "probability": share} for label, share in labels],
            "ms": round(spent_ms, 3),
            "processor": classifier.processor,
        }
        sys.stdout.write(json.dumps(fields) + "\n")
    else:
        told = "  ".join(f"{label} {share:.3f}" for label, share in labels)
        sys.stdout.write(f"{path}  {told}  ({spent_ms:.2f} ms)\n")
    return True


if __name__ == "__main__":
    sys.exit(ended(main))
