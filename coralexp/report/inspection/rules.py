"""The manual of the rules: what an operator has to keep to run on the Edge TPU."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.table import manual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from coralexp.edgetpu.rules.contract import Rule

_WIDTH = 96


def print_rules(to: TextIO) -> None:
    """Write each rule in the order in which they are asked, with what breaks it and its source.

    Args:
        to: Where.
    """
    to.writelines(
        "\n".join(_lines(number, rule)) + "\n\n" for number, rule in enumerate(manual(), 1)
    )


def _lines(number: int, rule: Rule) -> Iterator[str]:
    yield from textwrap.wrap(f"{number}. {rule.text}", _WIDTH, subsequent_indent="   ")
    about = ", ".join(sorted(rule.operators)) or "every operator"
    for title, text in (
        ("about", about),
        ("else", rule.status),
        ("advice", rule.advice),
        ("source", rule.source),
    ):
        if text:
            yield from textwrap.wrap(
                f"   {title:7} {text}", _WIDTH, subsequent_indent=" " * 11, break_on_hyphens=False
            )
