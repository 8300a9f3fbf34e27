"""`coralexp bench`: how long one inference of a .tflite file takes, measured.

A file that was compiled for the Edge TPU (`*_edgetpu.tflite`) is measured on an Edge TPU, any other
on the CPU, and the answer says which. Measured is as in a run: one first inference, a warm-up, then
at least 200 inferences and 5 s.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.order import MeasureOrder
from coralexp.boards.reach import measure_there
from coralexp.errors import ConfigError, OptionError, Problem
from coralexp.pipeline.environment import default_threads
from coralexp.spec.top_level import machine
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.spec.experiment import Machine

_EPILOG = """\
examples:
  coralexp bench model.tflite
  coralexp bench model_edgetpu.tflite
  coralexp bench model_edgetpu.tflite --device usb:1
  coralexp bench model_edgetpu.tflite --delegate ~/libedgetpu.so.1 --python /usr/bin/python3.9
  coralexp bench model_edgetpu.tflite --host mendel@192.168.100.2
  coralexp bench model.tflite --json | jq .measurement.invoke_ms.median
"""


def main(args: Sequence[str]) -> int:
    """Measure a file and print what came of it.

    Args:
        args: The file, and where to measure.

    Returns:
        0.

    Raises:
        ConfigError: If a place cannot be meant.
        ModelFileError: If the file cannot be read, or is no .tflite model.
        BoardError: If it cannot be measured there.
    """
    asked = _parser().parse_args(args)
    place = _machine(asked)
    if asked.threads < 1:
        raise ConfigError([Problem("--threads", f"expected at least 1, got {asked.threads}")])
    read_model_file(asked.file)  # refused here, in words, before anything is started
    order = MeasureOrder(
        asked.file,
        device=asked.device,
        delegate=place.delegate,
        threads=asked.threads,
        job=f"bench of {asked.file.name}",
    )
    measurement = measure_there(order, place)
    if asked.json:
        from coralexp.report.bench import to_json

        sys.stdout.write(to_json(measurement) + "\n")
        return 0
    from rich.console import Console

    from coralexp.report.bench import print_bench

    print_bench(measurement, Console())
    return 0


def _machine(asked: argparse.Namespace) -> Machine:
    try:
        return machine(delegate=asked.delegate, python=asked.python, host=asked.host)
    except OptionError as error:
        raise ConfigError([Problem(f"--{error.option}", error.text)]) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coralexp bench",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a .tflite file")
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="which Edge TPU, where there are several: usb:0, usb:1, pci:0, or usb or pci; or cpu",
    )
    parser.add_argument("--host", metavar="USER@HOST", help="a board, over SSH; HOST:PORT, too")
    parser.add_argument("--delegate", metavar="PATH", help="file of libedgetpu where the device is")
    parser.add_argument(
        "--python", metavar="PATH", help="interpreter that measures, such as one that has pycoral"
    )
    parser.add_argument(
        "--threads", type=int, default=default_threads(), metavar="N", help="of the CPU"
    )
    parser.add_argument("--json", action="store_true", help="everything, with every single time")
    return parser
