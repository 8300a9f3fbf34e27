"""The manual has every rule with its source."""

from __future__ import annotations

import io

from coralexp.edgetpu.rules.table import manual
from coralexp.report.inspection.rules import print_rules


def test_every_rule_is_told_with_its_source() -> None:
    to = io.StringIO()

    print_rules(to)

    told = " ".join(to.getvalue().split())
    for rule in manual():
        assert rule.text in told
        assert " ".join(rule.source.split()) in told
    assert max(len(line) for line in to.getvalue().splitlines()) <= 200
