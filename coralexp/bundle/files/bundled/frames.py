"""Pictures one after another: from a camera, a video, or a folder of pictures.

What Pillow can read alone (GIF, animated PNG and WebP, MJPEG, folders) needs nothing else; V4L2
cameras and other videos need OpenCV; a Raspberry Pi's camera needs picamera2 or `rpicam-vid`, and
one of them is on every Raspberry Pi OS.
"""

from __future__ import annotations

import importlib
import io
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageSequence

from coralexp.bundle.files.bundled.manifest import BundleError
from coralexp.bundle.files.bundled.pictures import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import ModuleType
    from typing import IO

RASPBERRY = "raspberry"
ANIMATIONS = (".gif", ".png", ".apng", ".webp")
MJPEG = (".mjpeg", ".mjpg")
_TOOLS = ("rpicam-vid", "libcamera-vid")  # the same, before it was renamed
_END, _NEXT = b"\xff\xd9", b"\xff\xd9\xff\xd8"  # of a JPEG; and the beginning of one more
_AT_ONCE_BYTES = 65536
_LARGEST_BYTES = 64 * 1024 * 1024
_INSTALL = "python3 -m pip install opencv-python, or apt-get install python3-opencv"


def pictures_of(
    source: str, size: tuple[int, int], fps: float, *, loop: bool = False
) -> Generator[Image.Image, None, None]:
    """Yield pictures of mode RGB until the source ends, or for ever.

    Args:
        source: `0`, `1`, ... or `/dev/video0`: a V4L2 camera; `raspberry`: the camera of a
            Raspberry Pi; else a video file or a folder of pictures.
        size: Width and height wanted of a camera, in pixels.
        fps: Pictures a second: wanted of a camera, kept for files.
        loop: Whether a file begins again when it ends.

    Raises:
        BundleError: If there is no such source, or it cannot be read.
    """
    if source == RASPBERRY:
        yield from _raspberry(size, fps)
    elif source.isdigit() or source.startswith("/dev/video"):
        yield from _v4l2(source, size, fps)
    else:
        yield from _paced(Path(source), fps, loop=loop)


def _paced(path: Path, fps: float, *, loop: bool) -> Generator[Image.Image, None, None]:
    """Yield the pictures of a file at its speed, none left out."""
    if not path.exists():
        raise BundleError(f"{path}: there is no such file, folder or camera")
    pause_s = 1 / fps if fps > 0 else 0.0
    while True:
        count, due = 0, time.monotonic()
        for picture in _file(path):
            time.sleep(max(due - time.monotonic(), 0))
            due = max(due, time.monotonic() - pause_s) + pause_s
            count += 1
            yield picture
        if not count:
            raise BundleError(f"{path}: holds no picture")
        if not loop:
            return


def _file(path: Path) -> Generator[Image.Image, None, None]:
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            for file in sorted(path.iterdir()):
                if file.suffix.lower() in SUFFIXES:
                    yield Image.open(file).convert("RGB")
        elif suffix in MJPEG:
            with path.open("rb") as stream:
                yield from map(_decoded, jpegs(stream))
        elif suffix in ANIMATIONS:
            with Image.open(path) as film:
                for picture in ImageSequence.Iterator(film):
                    yield picture.convert("RGB")
        else:
            yield from _opencv(str(path))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error})") from error


def jpegs(stream: IO[bytes], *, latest: bool = False) -> Generator[bytes, None, None]:
    """Yield the JPEG files that lie one behind another in a stream.

    Args:
        stream: What MJPEG files and `rpicam-vid --codec mjpeg` hold.
        latest: Whether to leave out those that came while the last one was worked on.
    """
    held, looked = bytearray(), 0
    read = getattr(stream, "read1", stream.read)
    while True:
        more = read(_AT_ONCE_BYTES)
        held += more
        whole = []
        while True:
            end = held.find(_NEXT, looked)
            if end < 0:
                looked = max(len(held) - len(_NEXT) + 1, 0)
                break
            cut, looked = end + len(_END), 0
            whole.append(bytes(held[:cut]))
            del held[:cut]
        yield from whole[-1:] if latest else whole
        if not more:
            if held.endswith(_END):
                yield bytes(held)
            return
        if len(held) > _LARGEST_BYTES:
            raise BundleError("this is no MJPEG: no picture ends in 64 MiB")


def _decoded(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def _raspberry(size: tuple[int, int], fps: float) -> Generator[Image.Image, None, None]:
    try:
        library = importlib.import_module("picamera2")
    except ImportError:
        yield from _rpicam(size, fps)
        return
    camera = library.Picamera2()
    # BGR888 is picamera2's name for bytes in the order red, green, blue.
    camera.configure(camera.create_video_configuration(main={"size": size, "format": "BGR888"}))
    camera.start()
    try:
        while True:
            yield Image.fromarray(camera.capture_array("main"))
    finally:
        camera.stop()


def _rpicam(size: tuple[int, int], fps: float) -> Generator[Image.Image, None, None]:
    tool = next((found for found in map(shutil.which, _TOOLS) if found), None)
    if tool is None:
        raise BundleError(
            f"{RASPBERRY}: neither picamera2 nor {_TOOLS[0]} is here; apt-get install rpicam-apps"
        )
    command = [tool, "--nopreview", "--timeout", "0", "--codec", "mjpeg", "--output", "-"]
    command += ["--width", str(size[0]), "--height", str(size[1]), "--framerate", f"{fps:g}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if process.stdout is not None:
            yield from map(_decoded, jpegs(process.stdout, latest=True))
        raise BundleError(f"{tool} ended (status {process.wait()}); is the camera connected?")
    finally:
        process.kill()
        process.wait()


def _v4l2(source: str, size: tuple[int, int], fps: float) -> Generator[Image.Image, None, None]:
    cv2 = _cv2(source)
    number = source.replace("/dev/video", "", 1)
    if not number.isdigit():
        raise BundleError(f"{source}: expected /dev/video and a number")
    camera = cv2.VideoCapture(cv2.CAP_V4L2 + int(number))  # the way that OpenCV 3.2 has, too
    for name, value in (("WIDTH", size[0]), ("HEIGHT", size[1])):
        camera.set(getattr(cv2, f"CAP_PROP_FRAME_{name}"), value)
    camera.set(cv2.CAP_PROP_FPS, fps)
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a picture of now, not of a second ago
    try:
        if not camera.isOpened():
            raise BundleError(
                f"{source}: no V4L2 camera can be opened; v4l2-ctl --list-devices names those that"
                " are here, and the user has to be in the group video"
            )
        yield from _read(cv2, camera)
        raise BundleError(f"{source}: the camera gives no more pictures")
    finally:
        camera.release()


def _opencv(path: str) -> Generator[Image.Image, None, None]:
    cv2 = _cv2(path)
    film = cv2.VideoCapture(path)
    try:
        if not film.isOpened():
            raise BundleError(f"{path}: OpenCV cannot read this video")
        yield from _read(cv2, film)
    finally:
        film.release()


def _read(cv2: ModuleType, film: object) -> Generator[Image.Image, None, None]:
    while True:
        there, pixels = film.read()  # type: ignore[attr-defined]
        if not there:
            return
        yield Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def _cv2(source: str) -> ModuleType:
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise BundleError(
            f"{source}: needs OpenCV ({_INSTALL}); {', '.join(ANIMATIONS + MJPEG)} files and"
            " folders of pictures do without"
        ) from error
