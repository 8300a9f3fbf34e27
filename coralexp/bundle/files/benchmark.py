"""Measures one inference of the network of this bundle, by the protocol of `coralexp bench`.

One first inference, which on an Edge TPU uploads the parameters; 10 that are thrown away; then at
least 200 and 5 seconds. Times of `invoke` alone, and with copying in and out.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from coralexp.bundle.files.bundled.classifier import CPU, EDGE_TPU, Classifier, add_options
from coralexp.bundle.files.bundled.ending import ended
from coralexp.bundle.files.bundled.manifest import BundleError, group, read_manifest

FOLDER = Path(__file__).resolve().parent
_COLUMNS = ("median", "mean", "std", "p90", "p95", "p99", "min")


def main(arguments: list[str]) -> int:
    """Measure; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="everything, with every single time")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="shortest time")
    parser.add_argument("--at-least", type=int, default=200, metavar="N", help="fewest inferences")
    add_options(parser)
    asked = parser.parse_args(arguments)
    try:
        manifest = read_manifest(FOLDER, unchecked=asked.unchecked)
        classifier = Classifier(FOLDER, manifest, asked)  # finds out where it can run
        sys.stderr.write(f"{classifier.told}\n")
        processor = classifier.processor
        del classifier  # an Edge TPU has one owner at a time
        result = _measured(str(group(manifest, "models")[processor]), processor, asked)
    except BundleError as error:
        sys.stderr.write(f"{Path(__file__).name}: {error}\n")
        return 2
    if asked.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return 0
    sys.stdout.write("".join(f"{line}\n" for line in _table(result)))
    return 0


def _measured(model: str, processor: str, asked: argparse.Namespace) -> dict[str, object]:
    from coralexp.boards.agent.answer import Refused  # in agent.pyz
    from coralexp.boards.agent.lock import alone
    from coralexp.boards.agent.measurement import measure

    order: dict[str, object] = {
        "model": str(FOLDER / model),
        "device": CPU if processor == CPU else asked.device,
        "delegate": asked.delegate,
        "threads": asked.threads,
        "seconds": asked.seconds,
        "at_least": asked.at_least,
    }
    try:
        with alone(None, 3600.0, f"benchmark.py of {FOLDER.name}"):
            return measure(order)
    except Refused as error:
        raise BundleError(str(error)) from error


def _table(result: dict[str, object]) -> list[str]:
    """Return what was measured as lines."""
    place = "the Edge TPU" if result["processor"] == EDGE_TPU else "the CPU: no Edge TPU took part"
    first = f"the first took {float(str(result['first_ms'])):.3f} ms"
    lines = [
        f"measured on {place}; {result['inferences']} inferences; {first}",
        f"{'ms':<14}" + "".join(f"{name:>9}" for name in _COLUMNS),
    ]
    for title, name in (("invoke alone", "invoke_ms"), ("end to end", "end_to_end_ms")):
        times = result[name]
        if isinstance(times, dict):
            lines.append(f"{title:<14}" + "".join(f"{times[c]:9.3f}" for c in _COLUMNS))
    warnings = result["warnings"]
    return lines + [f"warning: {text}" for text in (warnings if isinstance(warnings, list) else [])]


if __name__ == "__main__":
    sys.exit(ended(main))
