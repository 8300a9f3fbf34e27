"""An inspection as one page that needs nothing else: no network, no framework, no other file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, CoralexpError, Problem
from coralexp.report.inspection import page_tables as tables
from coralexp.report.inspection.figures import best_guess, in_bytes, in_macs, in_ms, interval
from coralexp.report.inspection.folding import verdict, without_time
from coralexp.report.inspection.markup import Markup, element, join
from coralexp.report.inspection.timeline import axis_end, legend, segments, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coralexp.edgetpu.inspection import Inspection
    from coralexp.edgetpu.latency.contract import Latency

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(inspection: Inspection, *, tensors: bool = False) -> str:
    """Return the page.

    Args:
        inspection: What is known of a file.
        tensors: Whether its tensors are listed.
    """
    name = inspection.model.path.name
    times = {name: each for name, each in inspection.latencies.items() if each is not None}
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{name}: on the Edge TPU"),
        element("style", _beside("page.css")),
    )
    body = element(
        "main",
        element("h1", name),
        element("p", verdict(inspection), class_=f"verdict {_mood(inspection)}"),
        _facts(inspection),
        tables.rejections(inspection),
        _devices(inspection, times) if inspection.latencies else None,
        _panels(times) if times else None,
        tables.executables(inspection),
        tables.changes(inspection),
        tables.operators(inspection, times),
        tables.tensors(inspection) if tensors else None,
        element("p", f"sha256 {inspection.sha256}", class_="soft"),
    )
    script = element("script", _beside("page.js"))
    html = element("html", head, element("body", body, script), lang="en")
    return f"<!DOCTYPE html>\n{html}\n"


def check_target(path: Path, model: Path) -> Path:
    """Return where a page may be written: the file that a link leads to.

    Args:
        path: As the user named it.
        model: The inspected file, which is never written.

    Raises:
        ConfigError: If the page cannot lie there.
    """
    try:
        target = path.expanduser().resolve()
        if target.exists() and model.exists() and target.samefile(model):
            text = "is the model itself; the page needs a name of its own"
        elif target.is_dir():
            text = "is a folder; expected the name of a file"
        elif target.exists() and not target.is_file():
            text = "is no plain file"
        elif not target.parent.is_dir():
            text = f"there is no folder {str(target.parent)!r}; make it first"
        else:
            return target
    except (OSError, RuntimeError, ValueError) as error:
        text = f"cannot be written ({error})"
    raise ConfigError([Problem("--html", f"{str(path)!r}: {text}")])


def write_page(text: str, target: Path) -> None:
    """Write a page, whole or not at all.

    Raises:
        CoralexpError: If it cannot be written.
    """
    draft = None
    try:
        number, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(draft).chmod(0o666 & ~mask)  # as any new file; drafts are for the owner alone
        Path(draft).replace(target)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise CoralexpError(f"{target}: cannot be written ({error.strerror})") from error


def _beside(name: str) -> Markup:
    return Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _mood(inspection: Inspection) -> str:
    if not inspection.accepted or not inspection.count("edgetpu"):
        return "bad"
    return "good" if inspection.mapped_ratio == 1 else "warn"


def _facts(inspection: Inspection) -> Markup:
    graph = inspection.model.main
    facts = {
        "file": f"{inspection.kind}, {in_bytes(inspection.model.size_bytes)}",
        "multiplications": in_macs(inspection.macs),
        "parameters": in_bytes(inspection.parameter_bytes),
        "stay on the chip": in_bytes(inspection.on_chip_bytes),
        "sent each time": in_bytes(inspection.off_chip_bytes),
        "input": tables.ends(graph, graph.inputs),
        "output": tables.ends(graph, graph.outputs),
    }
    if inspection.compiled is not None:
        facts["needs runtime"] = str(inspection.compiled.minimum_runtime or "any")
        facts["compiler"] = inspection.compiled.compiler or "not named"
    rows = (element("div", element("dt", k), element("dd", v)) for k, v in facts.items())
    return element("dl", *rows, class_="facts")


def _devices(inspection: Inspection, times: Mapping[str, Latency]) -> Markup:
    title = element("h2", "Time of one inference")
    if not times:
        return join(title, element("p", f"No time on any device: {without_time(inspection)}."))
    end_ms = max(map(axis_end, times.values()))
    titles = ("device", "one inference", "90 % interval", "first", "what it goes into")
    sides = (None, "n", "n", "n", None)
    head = element(
        "tr",
        *(element("th", t, scope="col", class_=s) for t, s in zip(titles, sides, strict=True)),
    )
    rows = [_device(name, each, end_ms) for name, each in inspection.latencies.items()]
    missing = [name for name, each in inspection.latencies.items() if each is None]
    notes = [
        "A tilde marks what is estimated, not measured on a chip.",
        f"No time for {', '.join(missing)}: {without_time(inspection)}." if missing else None,
    ]
    return join(
        title,
        element("div", element("table", head, *rows), class_="scroll"),
        element("p", " ".join(note for note in notes if note), class_="soft"),
        legend(times.values()),
    )


def _device(name: str, latency: Latency | None, end_ms: float) -> Markup:
    if latency is None:
        cells: list[str] = ["-", "-", "-", ""]
    else:
        first = "-" if latency.first_ms is None else f"{in_ms(latency.first_ms)} ms"
        cells = [best_guess(latency), interval(latency), first, segments(latency, end_ms)]
    told = (element("td", cell, class_="n" if n < 3 else "wide") for n, cell in enumerate(cells))  # noqa: PLR2004
    return element("tr", element("th", name, scope="row"), *told)


def _panels(times: Mapping[str, Latency]) -> Markup:
    options = (element("option", name, value=f"d{n}") for n, name in enumerate(times))
    chooser = element(
        "p",
        element("label", "Device ", for_="device"),
        element("select", *options, id="device"),
        hidden=True,  # shown by the script that it needs
    )
    panels = (_panel(f"d{n}", name, latency) for n, (name, latency) in enumerate(times.items()))
    return join(element("h2", "Operators on the time axis"), chooser, *panels)


def _panel(key: str, name: str, latency: Latency) -> Markup:
    return element(
        "section",
        element("h3", f"{name}: {best_guess(latency)}, 90 % interval {interval(latency)}"),
        *_warnings(latency),
        timeline(latency, name) if latency.spans else None,
        element("output", aria_live="polite"),
        class_="panel",
        data_d=key,
    )


def _warnings(latency: Latency) -> Iterator[Markup]:
    for warning in latency.warnings:
        yield element("p", warning, class_="warn")
