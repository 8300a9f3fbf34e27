"""The page holds everything, needs nothing, and believes no name."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.latency.contract import Latency, Span
from coralexp.errors import ConfigError, CoralexpError
from coralexp.report.inspection.page import check_target, page, write_page
from coralexp.report.inspection.timeline import axis_end, bars, ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.edgetpu.inspection import Inspection

VOID = {"meta", "br", "col"}
HOSTILE = "<script>alert(1)</script>\" onload='x' & \x1b"


class Reader(HTMLParser):
    """Reads a page, and notes what is in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        found = [attributes for name, attributes in self.tags if name == tag]
        return [each for each in found if wanted.items() <= each.items()]


def test_every_element_is_closed_and_every_operator_is_there(inspection: Inspection) -> None:
    read = Reader(page(inspection, tensors=True))

    assert read.open == []
    rows = [row["id"] for row in read.all("tr") if (row.get("id") or "").startswith("op")]
    assert rows == [f"op{index}" for index in range(68)]
    names = {tensor.name for tensor in inspection.model.main.tensors}
    assert names <= set(read.texts)


def test_every_device_with_a_time_has_a_timeline(inspection: Inspection) -> None:
    read = Reader(page(inspection))

    assert [option["value"] for option in read.all("option")] == ["d0", "d1"]
    assert [panel["data-d"] for panel in read.all("section")] == ["d0", "d1"]
    told = [bar["title"] or "" for bar in read.all("i", role="img")]
    for operator in inspection.model.main.operators:
        assert sum(title.startswith(f"{operator.index} {operator.name}") for title in told) <= 2
    assert {bar.get("data-o") for bar in read.all("i", role="img")} >= {"0", "30"}


def test_it_asks_nothing_of_the_network(inspection: Inspection) -> None:
    html = page(inspection, tensors=True)
    read = Reader(html)

    assert not [t for t, a in read.tags if {"src", "href", "action", "data"} & a.keys()]
    assert not re.search(r"https?:|//\w|url\(|@import", html)
    (policy,) = read.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_it_is_small(inspection: Inspection) -> None:
    assert len(page(inspection).encode()) < 300_000


def test_names_from_outside_stay_text(inspection: Inspection) -> None:
    operators = list(inspection.placement.operators)
    operators[3] = dataclasses.replace(
        operators[3], op=HOSTILE, status=HOSTILE, reason=HOSTILE, advice=HOSTILE, placement="cpu"
    )
    graph = inspection.model.main
    tensors = [dataclasses.replace(tensor, name=HOSTILE) for tensor in graph.tensors]
    times = {HOSTILE: Latency(1, 1, 2, "estimated", None, (Span(HOSTILE, 1, "cpu", 1, HOSTILE),))}
    hostile = dataclasses.replace(
        inspection,
        model=dataclasses.replace(
            inspection.model,
            path=Path(HOSTILE),
            subgraphs=(dataclasses.replace(graph, tensors=tensors),),
        ),
        placement=dataclasses.replace(inspection.placement, operators=tuple(operators)),
        latencies=times,
    )

    html = page(hostile, tensors=True)

    read = Reader(html)
    assert read.open == []
    assert len(read.all("script")) == 1
    assert not [a for _, a in read.tags if any(name.startswith("on") for name in a)]
    assert "\x1b" not in html


def test_what_was_said_of_the_operator_before_is_not_said_again(inspection: Inspection) -> None:
    operators = [
        dataclasses.replace(each, placement="cpu", reason="It is behind.", advice="go ahead")
        for each in inspection.placement.operators
    ]
    placement = dataclasses.replace(inspection.placement, operators=tuple(operators))

    html = page(dataclasses.replace(inspection, placement=placement))

    assert html.count("It is behind.") == 1
    assert html.count("as operator 0<") == 67


def test_a_refused_model_and_one_without_times_have_a_page(make: Callable[..., Inspection]) -> None:
    html = page(make(rejected=True))

    assert Reader(html).open == []
    assert "Model not quantized" in html
    assert "No time on any device" in html


def test_a_time_without_spans_and_one_of_nothing_have_a_page(inspection: Inspection) -> None:
    times = {
        "a": Latency(2, 1, 3, "measured"),
        "b": Latency(0, 0, 0, "estimated", 0, (Span("input", None, "link", 0.0),)),
    }

    assert Reader(page(dataclasses.replace(inspection, latencies=times))).open == []


def test_spans_that_are_too_thin_to_be_seen_are_drawn_as_one() -> None:
    thin = tuple(Span("ADD", n, "edgetpu", 0.001, "activations") for n in range(5000))
    latency = Latency(5, 4, 6, "estimated", None, (*thin, Span("x", 5000, "cpu", 0.001)))

    drawn = bars(latency, axis_end(latency))

    assert len(drawn) == 2
    assert drawn[0].ms == pytest.approx(5)
    assert drawn[1].start_ms == pytest.approx(5)


@pytest.mark.parametrize("end_ms", [0.003, 0.7, 1.0, 3.2, 47, 999, 1000, 12345])
def test_an_axis_has_a_few_round_ticks(end_ms: float) -> None:
    marks = ticks(end_ms)

    assert 3 <= len(marks) <= 7
    assert marks[0] == 0
    assert marks[-1] <= end_ms


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    write_page("new \udcff π", target)

    assert target.read_text(encoding="utf-8") == "new \\udcff π"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(CoralexpError, match="cannot be written"):
        write_page("new", tmp_path / "absent" / "page.html")


def test_the_page_never_takes_the_place_of_the_model(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(b"x")
    linked, hard = tmp_path / "linked.html", tmp_path / "hard.html"
    linked.symlink_to(model)
    os.link(model, hard)

    for path in (model, linked, hard):
        with pytest.raises(ConfigError, match="is the model itself"):
            check_target(path, model)


@pytest.mark.parametrize(
    ("name", "text"),
    [("", "is a folder"), ("absent/page.html", "there is no folder"), ("pipe", "is no plain file")],
)
def test_a_place_where_no_page_can_lie_is_refused(tmp_path: Path, name: str, text: str) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match=text):
        check_target(tmp_path / name, tmp_path / "model.tflite")


@pytest.mark.browser
def test_a_browser_shows_one_device_and_its_bars(inspection: Inspection, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs chromium: apt-get install chromium")
    walk = """<script>
        const bar = document.querySelector(".panel:not([hidden]) .track .bar");
        bar.focus();
        bar.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
        document.title = document.activeElement.title;
    </script>"""
    html = page(inspection).replace("</body>", f"{walk}</body>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    flags += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]

    shown = subprocess.run(
        [browser, *flags, "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout

    read = Reader(shown)
    assert ["hidden" in panel for panel in read.all("section")] == [False, True]
    assert "hidden" in read.all("td", **{"data-ms": "d1"})[0]
    assert "hidden" not in read.all("td", **{"data-ms": "d0"})[0]
    assert "<title>input: 0.300 ms at 0.400 ms</title>" in shown
    assert "input: 0.300 ms at 0.400 ms</output>" in shown
