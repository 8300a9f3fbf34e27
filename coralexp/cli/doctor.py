"""`coralexp doctor`: what is here, and what to do about what is not.

Overrides say for which configuration, as for a run; without any, for the defaults. `--json` prints
`schema`, `ready` (whether nothing that the configuration needs is missing), `overrides`, and
`findings`, each with `name`, `mark` (`ok`, `absent`, `note`, `missing`), `found` and `remedy`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from coralexp.doctor.examination import examine
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.doctor.finding import Finding

SCHEMA = 1
_USAGE = """\
usage: coralexp doctor [key=value ...] [--json]

Tells what is here and what to do about what is not; nothing is made or changed. The overrides say
for which configuration, as for a run. Marks: ok; -- is not here and not needed; ! there is
something to know; X is missing, and the configuration needs it.

examples:
  coralexp doctor
  coralexp doctor device=usb device.measure=required machine.delegate=/usr/lib/libedgetpu.so.1
  coralexp doctor machine.host=mendel@192.168.100.2
  coralexp doctor --json | jq '.findings[] | select(.mark == "missing")'

exit status: 0; 1 if something is missing that the configuration needs; 2 for a wrong request
"""
_MARKS = {"ok": "ok", "absent": "--", "note": "!", "missing": "X"}
_FLAG = "--json"


def main(args: Sequence[str]) -> int:
    """Print what every check finds.

    Args:
        args: Overrides, and `--json`.

    Returns:
        0, or 1 if something is missing that the configuration needs.

    Raises:
        ConfigError: If the overrides cannot be composed.
    """
    if "--help" in args:
        sys.stdout.write(_USAGE)
        return 0
    overrides = [arg for arg in args if arg != _FLAG]
    findings = examine(parse(overrides))
    missing = [finding for finding in findings if finding.mark == "missing"]
    if _FLAG in args:
        fields = {
            "schema": SCHEMA,
            "ready": not missing,
            "overrides": overrides,
            "findings": [vars(finding) for finding in findings],
        }
        sys.stdout.write(json.dumps(fields, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(findings)) + "\n")
    return 1 if missing else 0


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    wide = max(len(finding.name) for finding in findings)
    for finding in findings:
        yield f"{_MARKS[finding.mark]:2}  {finding.name:{wide}}  {finding.found}"
        if finding.remedy:
            yield f"    {'':{wide}}  > {finding.remedy}"
    missing = [finding.name for finding in findings if finding.mark == "missing"]
    if missing:
        yield f"missing for this configuration: {', '.join(missing)}"
    else:
        yield "nothing that this configuration needs is missing"
