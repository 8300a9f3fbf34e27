"""Says what a camera sees, on a screen or on a page for boards without one.

    python3 camera.py                        /dev/video0, in a window or, without a screen, a page
    python3 camera.py raspberry --page       the Raspberry Pi's own camera, on a page
    python3 camera.py film.mp4 --loop        a video; a folder of pictures is one, too

The page is for this machine alone; the line that is printed brings it to a laptop.
Exit status: 0; 2 if nothing can be done.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.bundle.files.bundled import frames, overlay, window
from coralexp.bundle.files.bundled.classifier import Classifier, add_options, best
from coralexp.bundle.files.bundled.ending import ended
from coralexp.bundle.files.bundled.manifest import BundleError, read_manifest
from coralexp.bundle.files.bundled.page import Page
from coralexp.bundle.files.bundled.pictures import fit

if TYPE_CHECKING:
    from PIL.Image import Image

    from coralexp.bundle.files.bundled.manifest import Json

FOLDER = Path(__file__).resolve().parent
_SHARE = 0.9  # of earlier pictures in the speed that is shown


def main(arguments: list[str]) -> int:
    """Look until the source ends; return the exit status."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        manifest = read_manifest(FOLDER, unchecked=asked.unchecked)
        _look(Classifier(FOLDER, manifest, asked), asked)
    except BundleError as error:
        sys.stderr.write(f"{Path(__file__).name}: {error}\n")
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _look(classifier: Classifier, asked: argparse.Namespace) -> None:
    size = (asked.width, asked.height)
    film = frames.pictures_of(asked.source, size, asked.fps, loop=asked.loop)
    in_window = asked.window or (asked.page is None and not asked.json and window.has_screen())
    wants_page = asked.page is not None or not (in_window or asked.json)
    sys.stderr.write(f"{classifier.told}\n")
    with contextlib.closing(film), contextlib.ExitStack() as ends:
        page = None
        if wants_page:
            page = Page(8080 if asked.page is None else asked.page)
            ends.callback(page.close)
            sys.stderr.write(page.invitation())
            sys.stderr.flush()
        pause_s, last = 0.0, time.monotonic()
        for picture in itertools.islice(film, asked.frames):
            state = _said(classifier, picture, asked.top)
            now = time.monotonic()
            pause_s = _SHARE * pause_s + (1 - _SHARE) * (now - last) if pause_s else now - last
            last = now
            state.update(fps=round(1 / max(pause_s, 1e-6), 2), told=classifier.told)
            if page is not None or in_window:
                shown = _shown(classifier, picture, state)
                if page is not None:
                    page.show(overlay.as_jpeg(shown), state)
                if in_window and not window.show(shown):
                    return
            if asked.json:
                sys.stdout.write(json.dumps(state) + "\n")
                sys.stdout.flush()


def _said(classifier: Classifier, picture: Image, top: int) -> dict[str, Json]:
    pixels = fit(picture, classifier.side_px, classifier.channels, classifier.resize)
    row, spent_ms = classifier.classify(pixels)
    labels: list[Json] = [
        {"label": label, "probability": share} for label, share in best(row, classifier.labels, top)
    ]
    return {"labels": labels, "ms": round(spent_ms, 3), "processor": classifier.processor}


def _shown(classifier: Classifier, picture: Image, state: dict[str, Json]) -> Image:
    """Return the picture with label, confidence and milliseconds on it."""
    labels = state["labels"]
    lines = [
        f"{label['label']} {100 * float(str(label['probability'])):.1f} %"
        for label in (labels if isinstance(labels, list) else [])
        if isinstance(label, dict)
    ]
    where = "Edge TPU" if classifier.processor == "edgetpu" else "CPU"
    lines.insert(1, f"{float(str(state['ms'])):.2f} ms on the {where}")
    return overlay.written(picture, lines, overlay.looked_at(picture.size, classifier.resize))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source",
        nargs="?",
        default="/dev/video0",
        metavar="SOURCE",
        help="number or path of a V4L2 camera, raspberry, a video file or a folder of pictures"
        " (default %(default)s)",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--page",
        nargs="?",
        type=int,
        const=8080,
        metavar="PORT",
        help="a page on 127.0.0.1 (default port 8080; 0 takes any)",
    )
    shown.add_argument("--window", action="store_true", help="a window on this machine's screen")
    parser.add_argument("--json", action="store_true", help="print a line of JSON a picture")
    parser.add_argument("--top", type=int, default=2, metavar="N", help="labels (default 2)")
    parser.add_argument("--frames", type=int, metavar="N", help="end after so many pictures")
    parser.add_argument("--loop", action="store_true", help="begin a file again when it ends")
    parser.add_argument("--fps", type=float, default=15.0, metavar="N", help="pictures a second")
    parser.add_argument("--width", type=int, default=640, metavar="PX", help="of the camera")
    parser.add_argument("--height", type=int, default=480, metavar="PX", help="of the camera")
    add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(ended(main))
