"""The first stage: from a source of examples to three splits of pixels and labels on the disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from coralexp.artifacts.downloads import listening
from coralexp.artifacts.examples import INDEX_FILE, DatasetIndex
from coralexp.artifacts.progress import Step
from coralexp.datasets.contract import SPLITS
from coralexp.errors import DatasetError
from coralexp.stages.limit import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.datasets.contract import Dataset, Examples, Pixels, Split

VERSION = 1

TOLD_EVERY_S = 0.25
WORKERS = min(8, os.cpu_count() or 1)  # that decode; what comes out does not depend on it
AHEAD = 4 * WORKERS
SHOWN = 20  # damaged files that a message names


def write_dataset(dataset: Dataset, seed: int, folder: Path, progress: Progress) -> None:
    """Write every example's pixels and label.

    Of each split: `images.npy`, uint8 `[N, H, W, C]`, and `labels.npy`, int64 `[N]`, whose rows go
    round the classes; beside them `dataset.json`, see `DatasetIndex`, `metrics.json`, and of a
    stand-in `tags.json`. A few pictures at a time are in memory.

    Args:
        dataset: What to write.
        seed: Seed of the experiment.
        folder: Empty folder that receives the files.
        progress: Hears of images written, several times a second.

    Raises:
        DatasetError: If pictures are damaged (all are named together), or of another shape than
            promised; or a class is left without an image to train on or to test with.
    """
    with listening(lambda here, total, name: _tell_download(progress, here, total)):
        examples = dataset.open(seed)
    _refuse_gaps(dataset, list(zip(examples.splits, examples.labels, strict=True)))
    limit = len(examples.labels) if dataset.limit is None else dataset.limit
    chosen = choose(examples.splits, examples.labels, limit, seed)
    work = _Work(dataset, examples, len(chosen), progress)

    digest = hashlib.sha256()
    images: dict[Split, int] = {}
    written: list[tuple[Split, int]] = []
    for split in SPLITS:
        (folder / split).mkdir()
        rows = _round([i for i in chosen if examples.splits[i] == split], examples.labels)
        with (folder / split / "images.npy").open("wb") as file:
            kept = _write_images(file, work, rows, digest)
        labels = np.array([examples.labels[i] for i in kept], dtype=np.int64)
        np.save(folder / split / "labels.npy", labels)
        digest.update(labels.tobytes())
        images[split] = len(kept)
        written += [(split, examples.labels[i]) for i in kept]
    work.refuse_damage()
    _refuse_gaps(dataset, written)

    skipped = (*examples.left_out, *work.skipped)
    index = DatasetIndex(dataset.classes, dataset.image_shape, digest.hexdigest(), images, skipped)
    (folder / INDEX_FILE).write_text(index.to_json(), encoding="utf-8")
    if dataset.stands_for:
        tags = {"stand_in": "true", "stands_for": dataset.stands_for}
        (folder / "tags.json").write_text(json.dumps(tags, indent=1), encoding="utf-8")
    metrics = {f"images_{split}": count for split, count in images.items()}
    metrics["images_skipped"] = len(skipped)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")


@dataclass
class _Work:
    """Pictures being made, what became of them, and who is told.

    Attributes:
        total: Pictures to make.
        damaged: What is wrong with those that cannot be made.
        skipped: Names of those left out as the user wished.
    """

    dataset: Dataset
    examples: Examples
    total: int
    progress: Progress
    damaged: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    done: int = 0
    told: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def images(self, rows: Sequence[int]) -> Iterator[tuple[int, Pixels | None]]:
        """Yield pictures in that order; None for one that there is not, which is remembered."""
        made: Iterable[Pixels | DatasetError | None]
        with contextlib.ExitStack() as until_done:
            if self.examples.is_parallel:
                pool = until_done.enter_context(ThreadPoolExecutor(WORKERS))
                until_done.callback(pool.shutdown, cancel_futures=True)
                made = _ahead(pool, self._make, rows)
            else:
                made = map(self._make, rows)
            for i, pixels in zip(rows, made, strict=True):
                yield i, self._take(i, pixels)

    def _make(self, i: int) -> Pixels | DatasetError | None:
        """Make picture `i`, perhaps beside others."""
        try:
            return self.examples.image(i)
        except DatasetError as error:
            return error

    def _take(self, i: int, pixels: Pixels | DatasetError | None) -> Pixels | None:
        """Look at what was made."""
        self._tell()
        if isinstance(pixels, DatasetError):
            self.damaged.append(str(pixels))
            return None
        if pixels is None:
            self.skipped.append(f"{self.examples.name(i)} (damaged)")
            return None
        if pixels.shape != self.dataset.image_shape or pixels.dtype != np.uint8:
            raise DatasetError(
                f"{self.examples.name(i)}: is {pixels.dtype} {list(pixels.shape)}; "
                f"the dataset promised uint8 {list(self.dataset.image_shape)}"
            )
        return pixels

    def refuse_damage(self) -> None:
        """Tell of all pictures that cannot be made, if there are any."""
        if not self.damaged:
            return
        count = "1 image" if len(self.damaged) == 1 else f"{len(self.damaged)} images"
        lines = "".join(f"\n  - {text}" for text in self.damaged[:SHOWN])
        if len(self.damaged) > SHOWN:
            lines += f"\n  - and {len(self.damaged) - SHOWN} more"
        raise DatasetError(
            f"{count} of {self.total} cannot be read; repair or delete them, or leave such files "
            f"out with dataset.skip_corrupt=true (where the dataset has it):{lines}"
        )

    def _tell(self) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self.told >= TOLD_EVERY_S or self.done == self.total:
            self.told = now
            speed = self.done / max(now - self.started, 1e-6)
            self.progress(Step(self.done, self.total, "images", {"images_per_s": speed}))


def _ahead(
    pool: ThreadPoolExecutor,
    make: Callable[[int], Pixels | DatasetError | None],
    rows: Sequence[int],
) -> Iterator[Pixels | DatasetError | None]:
    """Yield what is made of each row in their order; a few are made ahead, not all."""
    waiting: deque[Future[Pixels | DatasetError | None]] = deque()
    for i in rows:
        waiting.append(pool.submit(make, i))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _tell_download(progress: Progress, here: int, total: int | None) -> None:
    megabyte = 1_000_000
    progress(Step(here // megabyte, (total or 0) // megabyte, "MB", {}))


def _write_images(
    file: IO[bytes], work: _Work, rows: Sequence[int], digest: hashlib._Hash
) -> list[int]:
    """Write pictures one after the other, then how many they became; return which."""
    start = _write_head(file, len(rows), work.dataset.image_shape)
    kept = []
    for i, pixels in work.images(rows):
        if pixels is not None:
            data = pixels.tobytes()
            file.write(data)
            digest.update(data)
            kept.append(i)
    file.seek(0)
    if _write_head(file, len(kept), work.dataset.image_shape) != start:
        raise DatasetError("numpy wrote array heads of two lengths; expected one for fewer images")
    return kept


def _write_head(file: IO[bytes], count: int, image_shape: tuple[int, int, int]) -> int:
    """Write the head of an array of pictures and return its length, the same for every count.

    NumPy leaves room in it for a first dimension of 20 digits.
    """
    head = {"descr": "|u1", "fortran_order": False, "shape": (count, *image_shape)}
    np.lib.format.write_array_header_1_0(file, head)
    return file.tell()


def _round(rows: Sequence[int], labels: Sequence[int]) -> list[int]:
    """Return the rows so that each class has had its turn before one has its next."""
    turn: Counter[int] = Counter()
    keys = {}
    for i in rows:
        keys[i] = (turn[labels[i]], labels[i])
        turn[labels[i]] += 1
    return sorted(rows, key=keys.__getitem__)


def _refuse_gaps(dataset: Dataset, present: Sequence[tuple[Split, int]]) -> None:
    """Refuse a class without an image to train on or to test with, and an empty validation."""
    counts = Counter(present)
    splits: tuple[Split, ...] = ("train", "test")
    gaps = [
        f"{name} has no {split} image"
        for label, name in enumerate(dataset.classes)
        for split in splits
        if not counts[split, label]
    ]
    if not any(split == "validation" for split, _ in counts):
        gaps.append("no class has a validation image")
    if gaps:
        more = f"; and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else ""
        raise DatasetError(
            f"{'; '.join(gaps[:SHOWN])}{more}. Give each class at least 3 different images that "
            "can be read"
        )
