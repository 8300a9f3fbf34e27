"""`coralexp inspect`: where the operators of a .tflite file run, why, and how long that takes.

Works on any file, ours or not, without TensorFlow, without the chip and without its compiler. Of a
file that the Edge TPU compiler wrote (`*_edgetpu.tflite`) the truth is read; of any other it is
predicted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.cli.named_devices import devices_called
from coralexp.edgetpu.inspection import inspect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.inspection import Inspection

_EPILOG = """\
examples:
  coralexp inspect model.tflite
  coralexp inspect model.tflite --device usb --device dev_board,clock=std
  coralexp inspect model.tflite --json | jq .latency.usb.ms
  coralexp inspect model_edgetpu.tflite --html model.html
  coralexp inspect --rules

Names and meaning of the JSON: coralexp/edgetpu/inspection_record.py; as JSON Schema:
coralexp/edgetpu/inspection.schema.json.
"""


def main(args: Sequence[str]) -> int:
    """Print what is known of a file, or write it as a page.

    Args:
        args: The file and how to tell it.

    Returns:
        0, whatever the verdict: a model that the chip cannot run is an answer, no failure.

    Raises:
        ConfigError: If a device is not known, or the page cannot lie where it was asked for.
        ModelFileError: If the file cannot be read, or is no .tflite model.
        CoralexpError: If the page cannot be written.
    """
    parser = _parser()
    asked = parser.parse_args(args)
    if asked.rules:
        from coralexp.report.inspection.rules import print_rules

        print_rules(sys.stdout)
        return 0
    if asked.file is None:
        parser.error("the following arguments are required: FILE")
    if asked.html is not None:
        from coralexp.report.inspection.page import check_target

        target = check_target(asked.html, asked.file)
    inspection = inspect_model(
        asked.file,
        asked.device or None,
        multiple_subgraphs=asked.multiple_subgraphs,
        compiled=asked.compiled,
        config_folders=asked.config_dir,
    )
    if asked.html is not None:
        from coralexp.report.inspection.page import page, write_page

        write_page(page(inspection, tensors=asked.tensors), target)
    if asked.json:
        sys.stdout.write(inspection.to_json(tensors=asked.tensors) + "\n")
    elif asked.html is None:
        _print(inspection, every=asked.all, tensors=asked.tensors)
    else:
        sys.stderr.write(f"coralexp: wrote {asked.html}\n")
    return 0


def inspect_model(
    path: Path | str,
    devices: Sequence[str] | None = None,
    *,
    multiple_subgraphs: bool = False,
    compiled: Path | str | None = None,
    config_folders: Sequence[Path] = (),
) -> Inspection:
    """Tell where a .tflite file runs and how long that takes, as the command does.

    Args:
        path: Any .tflite file.
        devices: Such as `("usb", "dev_board,clock=std")`: choices of the group `device`, each with
            options behind commas; every device with an Edge TPU if None.
        multiple_subgraphs: Whether the compiler would be asked for several subgraphs (`-a`).
        compiled: What the Edge TPU compiler made of the file; it is believed instead of the rules.
        config_folders: Folders of YAML files that are searched first, as with `--config-dir`.

    Returns:
        What is known; `to_dict()` and `to_json()` give it under public names.

    Raises:
        ConfigError: If a device is not known, or refuses an option.
        ModelFileError: If the file cannot be read, or is no .tflite model.
    """
    known = devices_called(devices, config_folders)
    platforms = {name: device.edge_tpu for name, device in known.items()}
    return inspect(
        Path(path),
        platforms,
        multiple_subgraphs=multiple_subgraphs,
        made_of_it=None if compiled is None else Path(compiled),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coralexp inspect",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a .tflite file")
    parser.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="NAME[,option=value]",
        help="a choice of the group device, with options; may be given several times"
        " (default: every device with an Edge TPU)",
    )
    parser.add_argument("--json", action="store_true", help="the contract for programs, to stdout")
    parser.add_argument("--html", type=Path, metavar="OUT", help="one page that needs nothing else")
    parser.add_argument(
        "--tensors", action="store_true", help="also each tensor, and the real values it spans"
    )
    parser.add_argument(
        "--rules", action="store_true", help="print the rules of placement with their sources"
    )
    parser.add_argument("--all", action="store_true", help="a row for each operator, with reasons")
    parser.add_argument(
        "-a",
        "--multiple-subgraphs",
        action="store_true",
        help="as if the compiler were asked for several subgraphs",
    )
    parser.add_argument(
        "--compiled",
        type=Path,
        metavar="FILE",
        help="what the compiler made of the file: it tells where operators run and what stays on"
        " the chip, instead of the rules",
    )
    parser.add_argument(
        "--config-dir",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a folder of YAML files that is searched first",
    )
    return parser


def _print(inspection: Inspection, *, every: bool, tensors: bool) -> None:
    from rich.console import Console

    from coralexp.report.inspection.tensors import print_tensors
    from coralexp.report.inspection.terminal import print_inspection

    console = Console()
    print_inspection(inspection, console, every=every)
    if tensors:
        print_tensors(inspection.model, console)
