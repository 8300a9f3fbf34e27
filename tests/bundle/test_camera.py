"""The camera script on films of drawn signs: each picture answered, shown on a page."""

from __future__ import annotations

import io
import json
import re
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn_run import CLASSES, drawn
from PIL import Image, ImageDraw

from coralexp.bundle.files.bundled import frames, overlay
from coralexp.bundle.files.bundled.manifest import BundleError

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Generator
    from pathlib import Path

    Told = Callable[..., tuple[str, str]]

SCENES = [CLASSES[number % len(CLASSES)] for number in range(6)]


def scene(sign: str) -> Image.Image:
    """Return a wide picture with the sign in the middle, as a camera would see it."""
    picture = Image.new("RGB", (200, 128))
    picture.paste(drawn(sign).convert("RGB"), (36, 0))
    return picture


def as_jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
def film(tmp_path: Path) -> Callable[[str], Path]:
    """Write the scenes as a film of a kind; return where."""

    def write(kind: str) -> Path:
        path = tmp_path / f"film.{kind}"
        if kind == "folder":
            path.mkdir()
            for number, sign in enumerate(SCENES):
                scene(sign).save(path / f"{number}.png")
        elif kind == "mjpeg":
            path.write_bytes(b"".join(as_jpeg(scene(sign)) for sign in SCENES))
        elif kind in {"gif", "webp"}:
            first, *rest = map(_stamped, range(len(SCENES)), SCENES)
            first.save(path, save_all=True, append_images=rest, duration=100)
        else:
            cv2 = pytest.importorskip(
                "cv2", reason="needs OpenCV: pip install opencv-python-headless"
            )
            video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (200, 128))
            for sign in SCENES:
                video.write(np.asarray(scene(sign))[:, :, ::-1])
            video.release()
        return path

    return write


def _stamped(number: int, sign: str) -> Image.Image:
    """Return a scene that differs from every other: GIF joins those that are equal."""
    picture = scene(sign)
    ImageDraw.Draw(picture).point((number, 0), fill=(255, 255, 255))
    return picture


@pytest.mark.parametrize("kind", ["gif", "webp", "mjpeg", "folder"])
def test_every_picture_of_a_film_is_answered(
    bundle: Path, film: Callable[[str], Path], told: Told, kind: str
) -> None:
    said, where = told(bundle / "camera.py", film(kind), "--json", "--fps", "1000")

    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["labels"][0]["label"] for line in lines] == SCENES
    assert all(line["processor"] == "cpu" and line["ms"] > 0 for line in lines)
    assert "runs on the CPU" in where


def test_opencv_reads_other_videos(film: Callable[[str], Path]) -> None:
    pictures = list(frames.pictures_of(str(film("avi")), (64, 48), 1000))

    assert [picture.size for picture in pictures] == [(200, 128)] * len(SCENES)
    assert np.abs(np.asarray(pictures[0], int) - np.asarray(scene(SCENES[0]), int)).mean() < 5


def test_a_film_begins_again_as_long_as_pictures_are_wanted(
    bundle: Path, film: Callable[[str], Path], told: Told
) -> None:
    said, _ = told(
        bundle / "camera.py", film("folder"), "--json", "--loop", "--frames", 8, "--fps", "1000"
    )

    labels = [json.loads(line)["labels"][0]["label"] for line in said.splitlines()]
    assert labels == [*SCENES, *SCENES[:2]]


@pytest.mark.skipif(sys.platform == "win32", reason="a program of the shell")
def test_a_raspberry_pi_s_camera_is_read_through_its_own_program(
    bundle: Path, film: Callable[[str], Path], told: Told, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    tool = programs / "rpicam-vid"
    tool.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"\n/bin/cat "{film("mjpeg")}"\n')
    tool.chmod(stat.S_IRWXU)

    said, _ = told(
        *(bundle / "camera.py", "raspberry", "--json", "--frames", 1, "--width", 200),
        PATH=str(programs),
    )

    assert json.loads(said)["labels"][0]["label"] in CLASSES
    asked = (tmp_path / "asked").read_text().split()
    assert asked[asked.index("--codec") + 1] == "mjpeg"
    assert asked[asked.index("--width") + 1] == "200"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("absent.mp4", "absent.mp4: there is no such file, folder or camera"),
        ("0", "0: needs OpenCV (python3 -m pip install opencv-python"),
        ("raspberry", "raspberry: neither picamera2 nor rpicam-vid is here"),
        ("words.gif", "words.gif: cannot be read"),
        ("words.mp4", "words.mp4: needs OpenCV"),
        (".", "holds no picture"),
    ],
)
def test_what_cannot_be_seen_is_told(
    bundle: Path, told: Told, source: str, says: str, tmp_path: Path
) -> None:
    for name in ("words.gif", "words.mp4"):
        (tmp_path / name).write_text("no film")

    _, complained = told(bundle / "camera.py", source, "--json", status=2, PATH=str(tmp_path))

    assert f"camera.py: {says}" in complained or says in complained
    assert "Traceback" not in complained


def test_jpegs_are_told_apart_wherever_a_stream_is_cut() -> None:
    whole = [as_jpeg(scene(sign)) for sign in SCENES]

    class Dribble(io.BytesIO):
        def read1(self, size: int = -1) -> bytes:
            return self.read(min(size, 7) if size > 0 else 7)

    assert list(frames.jpegs(Dribble(b"".join(whole)))) == whole
    assert list(frames.jpegs(io.BytesIO(b"".join(whole)[:-1]))) == whole[:-1]
    assert list(frames.jpegs(io.BytesIO(b"".join(whole)), latest=True)) == [whole[-2], whole[-1]]
    with pytest.raises(BundleError, match="no MJPEG"):
        list(frames.jpegs(io.BytesIO(bytes(65 * 1024 * 1024))))


def test_the_answer_is_written_on_the_picture_and_what_was_looked_at_framed() -> None:
    picture = scene("disc")
    box = overlay.looked_at(picture.size, "crop")

    shown = overlay.written(picture, ["disc 98.0 %", "1.2 ms on the CPU", "\u4e00"], box)

    assert box == (36, 0, 164, 128)
    assert shown.size == (600, 384)  # enlarged: the words would not fit
    pixels = np.asarray(shown)
    assert (pixels[:, 36 * 3] == 255).all(axis=-1).mean() > 0.5  # the frame
    assert (pixels[:40, :100] == 255).any()  # words
    assert overlay.looked_at((200, 128), "stretch") == (0, 0, 200, 128)


@pytest.fixture
def page(
    bundle: Path, film: Callable[[str], Path], start: Callable[..., subprocess.Popen[str]]
) -> Generator[tuple[str, list[str], subprocess.Popen[str]]]:
    """Show a film for ever on a page; return its address, and what was printed."""
    words = (film("gif"), "--page", 0, "--loop", "--fps", 20)
    with start(
        bundle / "camera.py", *words, SSH_CONNECTION="192.0.2.1 50022 192.0.2.7 22"
    ) as process:
        try:
            assert process.stderr is not None
            printed = []
            while not printed or "and open" not in printed[-1]:
                printed.append(process.stderr.readline())
                assert printed[-1], "".join(printed)
            url = re.findall(r"http://\S+", "".join(printed))[0]
            yield url, printed, process
        finally:
            process.terminate()


def _opened(url: str, **headers: str) -> http.client.HTTPResponse:
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - of this machine
    return urllib.request.urlopen(asked, timeout=20)  # noqa: S310


def test_the_page_is_for_this_machine_and_the_ssh_line_brings_it_to_a_laptop(
    page: tuple[str, list[str], subprocess.Popen[str]],
) -> None:
    url, printed, process = page
    port = url.rpartition(":")[2].strip("/")

    assert url.startswith("http://127.0.0.1:")
    line = next(line for line in printed if "ssh -N -L" in line)
    assert re.search(rf"ssh -N -L {port}:127\.0\.0\.1:{port} \S+@192\.0\.2\.7$", line)
    with _opened(f"{url}stream.mjpg") as stream:
        assert stream.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
        for _ in range(2):
            assert stream.readline() == b"--picture\r\n"
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            size = int(stream.readline().partition(b":")[2])
            assert stream.readline() == b"\r\n"
            assert Image.open(io.BytesIO(stream.read(size))).size == (600, 384)
            assert stream.readline() == b"\r\n"
    with _opened(f"{url}state.json") as answer:
        assert json.load(answer)["labels"][0]["label"] in CLASSES
    with pytest.raises(urllib.error.HTTPError, match="this machine alone"):
        _opened(f"{url}frame.jpg", Host="elsewhere.example")

    process.terminate()

    assert process.wait(timeout=20) == 0


@pytest.mark.browser
def test_a_browser_shows_the_picture_and_its_answer(
    page: tuple[str, list[str], subprocess.Popen[str]], browser: str, tmp_path: Path
) -> None:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    shot = tmp_path / "shot.png"
    flags += ["--window-size=800,900", "--timeout=3000", f"--screenshot={shot}"]

    for _ in range(5):  # a browser takes its picture when it likes
        subprocess.run([browser, *flags, page[0]], check=True, capture_output=True, timeout=120)
        seen = np.asarray(Image.open(shot).convert("RGB"), int)
        white = (seen > 240).all(axis=-1)
        green = seen[..., 1] > seen[..., 0] + 60  # the bar of the probability
        if green.any():
            break

    assert white[:500].mean() > 0.01  # the sign, its frame and the words on it
    assert white[:500, :60].any()  # words
    assert green[520:640].any()
