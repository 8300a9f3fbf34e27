"""Read thousands of damaged models: each gives a graph or one error of ours, soon and in bounds.

    python benchmarks/fuzz_reader.py FOLDER [--files 100000] [--seed 0] [--keep FOLDER]

Each file of FOLDER (`*.tflite`) is damaged again and again, mostly where a reader looks: at the
numbers that it took from the whole file. Everything that the readers offer is used. Exit status 1
if anything but `ModelFileError` came out, or a file took longer than the limit.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import resource
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from coralexp.edgetpu import flexbuffer
from coralexp.edgetpu.executable import read_compiled
from coralexp.edgetpu.latency.platform import Host, Link, Platform
from coralexp.edgetpu.latency.predict import predict
from coralexp.edgetpu.place import place
from coralexp.errors import ModelFileError
from coralexp.tflite.flatbuffer import Flatbuffer
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from coralexp.tflite.graph import ModelFile, Tensor

LIMIT_S = 10  # for one file
MOST_VALUES_BYTES = 1 << 20  # constants up to this size are looked at
EXTREMES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
PLATFORM = Platform(Link(0.4, 400.0, 60.0, 450.0), 500.0, Host("a desktop", 1.0))


class TooSlow(BaseException):
    """A file took longer than the limit; no reader may catch it."""


@dataclass(frozen=True)
class Source:
    """A whole file, and where a reader looks in it."""

    name: str
    data: bytes
    places: list[int]


@dataclass
class Tally:
    """What came out."""

    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""


def promise(*, met: bool) -> None:
    """Fail if a promise of the readers is not kept."""
    if not met:
        raise AssertionError("a value is not what was promised")


def use_graphs(model: ModelFile) -> None:
    """Use everything that a graph offers."""
    for graph in model.subgraphs:
        promise(met=graph.macs >= 0)
        promise(met=graph.parameter_bytes >= 0)
        graph.bytes_of((*graph.inputs, *graph.outputs))
        graph.real_valued()
        for operator in graph.operators:
            graph.activation_bytes_of(operator)
            graph.parameter_bytes_of(operator)
            repr(operator)
        for tensor in graph.tensors:
            repr(tensor)
            if tensor.constant_bytes <= MOST_VALUES_BYTES:
                use_values(tensor)


def use_values(tensor: Tensor) -> None:
    """Use a constant; one that cannot be had says so in an error of ours."""
    try:
        values = tensor.values()
    except ModelFileError:
        return
    promise(met=values.shape == tensor.shape)
    values.astype(np.float64).sum()


def use_executables(model: ModelFile) -> None:
    """Use everything that a compiled file offers."""
    compiled = read_compiled(model)
    if compiled is None:
        return
    repr(compiled)
    promise(met=compiled.cached_parameter_bytes >= 0)
    promise(met=compiled.streamed_parameter_bytes >= 0)
    promise(met=compiled.minimum_runtime is None or isinstance(compiled.minimum_runtime, int))
    promise(met=compiled.compiler != "")
    for executable in compiled.executables:
        for name in ("input_bytes", "output_bytes", "input_layer_bytes", "output_layer_bytes"):
            promise(met=getattr(executable, name) >= 0)
        [getattr(executable, each.name) for each in fields(executable)]


def use_placement(model: ModelFile) -> None:
    """Place every operator, in one subgraph and in several; what can be read can be placed."""
    for several in (False, True):
        try:
            placement = place(model, multiple_subgraphs=several)
        except ModelFileError as error:
            raise AssertionError(f"placement refused what was read: {error}") from error
        promise(met=len(placement.operators) == len(model.main.operators))
        promise(met=0 <= placement.mapped_ratio <= 1)
        repr(placement)


def use_prediction(model: ModelFile) -> None:
    """Predict the time of what is left of it."""
    latency = predict(model.main, place(model), PLATFORM)
    if latency is not None and not latency.low_ms <= latency.ms <= latency.high_ms:
        raise AssertionError("an interval without its middle")


# Each takes a model that was read; ModelFileError is all that may come out of one.
TARGETS = [use_graphs, use_executables, use_placement, use_prediction]


def main() -> int:
    """Damage, read, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder that receives files that fail")
    options = parser.parse_args()
    faulthandler.enable()
    signal.signal(signal.SIGALRM, too_slow)
    sources = [source_of(path) for path in sorted(options.folder.glob("*.tflite"))]
    chance, tally = random.Random(options.seed), Tally()  # noqa: S311 - repeatable, no secret
    memory = Path("/dev/shm")  # noqa: S108 - the folder made there is ours alone
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "model.tflite"
        started = time.perf_counter()
        for number in range(options.files):
            source = chance.choice(sources)
            kind = chance.choice(list(DAMAGES))
            path.write_bytes(DAMAGES[kind](source, chance))
            tally.kinds[kind] += 1
            label = f"{source.name} {kind} number {number}"
            if not read(path, label, tally) and options.keep:
                options.keep.mkdir(exist_ok=True, parents=True)
                (options.keep / f"{number}_{kind}_{source.name}").write_bytes(path.read_bytes())
            if (number + 1) % 10_000 == 0:
                print(f"{number + 1} files, {len(tally.failures)} failures", flush=True)
        seconds = time.perf_counter() - started
    report(tally, options.files, seconds)
    return 1 if tally.failures else 0


def report(tally: Tally, files: int, seconds: float) -> None:
    """Print what came out."""
    print(f"{files} damaged files in {seconds:.0f} s")
    print("damages:", dict(sorted(tally.kinds.items())))
    print("outcomes:", dict(sorted(tally.outcomes.items())))
    print(f"slowest: {tally.slowest_s:.3f} s ({tally.slowest})")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(f"failures: {len(tally.failures)}")
    for failure in tally.failures[:20]:
        print(" ", failure)


def read(path: Path, label: str, tally: Tally) -> bool:
    """Read a file and use it; whether all went as promised."""
    faulthandler.dump_traceback_later(3 * LIMIT_S, exit=True)  # for what Python cannot interrupt
    signal.alarm(LIMIT_S)
    started = time.perf_counter()
    failure = ""
    try:
        outcome = outcome_of(path)
    except (Exception, TooSlow) as error:  # noqa: BLE001 - whatever comes out is what is sought
        outcome, failure = "failed", f"{label}: {type(error).__name__}: {error}"
        tally.failures.append(failure)
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
    seconds = time.perf_counter() - started
    tally.outcomes[outcome] += 1
    if seconds > tally.slowest_s:
        tally.slowest_s, tally.slowest = seconds, label
    return not failure


def outcome_of(path: Path) -> str:
    """Return what became of a file."""
    try:
        model = read_model_file(path)
    except ModelFileError:
        return "refused"
    refused = 0
    for target in TARGETS:
        try:
            target(model)
        except ModelFileError:
            refused += 1
    return "read, a part refused" if refused else "read"


def too_slow(signum: int, frame: object) -> None:
    """Stop a file that takes too long."""
    raise TooSlow(f"more than {LIMIT_S} s")


def source_of(path: Path) -> Source:
    """Read a whole file, and note every place where a reader takes a number."""
    places: set[int] = set()
    data = path.read_bytes()
    unpack, number = Flatbuffer._unpack, flexbuffer._number  # noqa: SLF001 - to look on
    bases: dict[bytes, int] = {}

    def base(part: memoryview) -> int:
        # A part is a copy of nothing: it is found again by its first bytes.
        start = bytes(part[:64])
        if start not in bases:
            bases[start] = max(data.find(start), 0)
        return bases[start]

    def noted_unpack(self: Flatbuffer, form: str, at: int) -> float:
        places.add(base(self.data) + at)
        return unpack(self, form, at)

    def noted_number(part: memoryview, at: int, width: int) -> int:
        places.add(base(part) + at)
        return number(part, at, width)

    with (
        mock.patch.object(Flatbuffer, "_unpack", noted_unpack),
        mock.patch.object(flexbuffer, "_number", noted_number),
    ):
        outcome_of(path)
    return Source(path.name, data, sorted(place for place in places if place < len(data) - 8))


def some_place(source: Source, chance: random.Random) -> int:
    """Return a place, mostly one where a reader looks, or near it."""
    if chance.random() < 0.9:
        place = chance.choice(source.places) + chance.choice((0, 0, 0, 0, -4, 4, 1, 2))
        return min(max(place, 0), len(source.data) - 8)
    return chance.randrange(len(source.data) - 8)


def bytes_changed(source: Source, chance: random.Random) -> bytes | bytearray:
    """Change 1 to 20 bytes."""
    data = bytearray(source.data)
    for _ in range(chance.randint(1, 20)):
        data[some_place(source, chance)] = chance.randrange(256)
    return data


def bits_flipped(source: Source, chance: random.Random) -> bytes | bytearray:
    """Flip 1 to 5 bits."""
    data = bytearray(source.data)
    for _ in range(chance.randint(1, 5)):
        data[some_place(source, chance)] ^= 1 << chance.randrange(8)
    return data


def truncated(source: Source, chance: random.Random) -> bytes | bytearray:
    """Cut the end off."""
    return source.data[: some_place(source, chance)]


def extreme_number(source: Source, chance: random.Random) -> bytes | bytearray:
    """Put extreme numbers of four bytes in the place of 1 to 3 numbers."""
    data = bytearray(source.data)
    for _ in range(chance.randint(1, 3)):
        number = chance.choice((*EXTREMES, len(data), len(data) // 4, chance.getrandbits(32)))
        struct.pack_into("<I", data, some_place(source, chance), number)
    return data


def nearby_number(source: Source, chance: random.Random) -> bytes | bytearray:
    """Add a little to 1 to 3 numbers, or take it away."""
    data = bytearray(source.data)
    for _ in range(chance.randint(1, 3)):
        place = some_place(source, chance)
        (number,) = struct.unpack_from("<I", data, place)
        struct.pack_into("<I", data, place, (number + chance.randint(-64, 64)) & 0xFFFFFFFF)
    return data


def offset_elsewhere(source: Source, chance: random.Random) -> bytes | bytearray:
    """Let 1 to 8 offsets lead to other structures, often several to one."""
    data = bytearray(source.data)
    there = chance.choice(source.places)
    for _ in range(chance.randint(1, 8)):
        place = some_place(source, chance)
        struct.pack_into("<I", data, place, (there - place) & 0xFFFFFFFF)
        if chance.random() < 0.5:
            there = chance.choice(source.places)
    return data


def chunk_copied(source: Source, chance: random.Random) -> bytes | bytearray:
    """Write a part over another."""
    data = bytearray(source.data)
    start, there = some_place(source, chance), some_place(source, chance)
    length = min(chance.choice((4, 8, 16, 64, 256, 4096)), len(data) - max(start, there))
    data[there : there + length] = source.data[start : start + length]
    return data


def chunk_inserted(source: Source, chance: random.Random) -> bytes | bytearray:
    """Put a part in twice, so that all behind it moves."""
    start, there = some_place(source, chance), some_place(source, chance)
    part = source.data[start : start + chance.choice((1, 4, 16, 256))]
    return source.data[:there] + part * chance.choice((1, 1, 2, 16)) + source.data[there:]


def chunk_lost(source: Source, chance: random.Random) -> bytes | bytearray:
    """Leave a part out, so that all behind it moves."""
    start = some_place(source, chance)
    return source.data[:start] + source.data[start + chance.choice((1, 4, 16, 256, 4096)) :]


def chunk_zeroed(source: Source, chance: random.Random) -> bytes | bytearray:
    """Write zeros over a part, as a download that was interrupted leaves it."""
    start = some_place(source, chance)
    end = min(start + chance.choice((4, 16, 256, 4096, 65536)), len(source.data))
    return source.data[:start] + bytes(end - start) + source.data[end:]


DAMAGES = {
    damage.__name__: damage
    for damage in (
        bytes_changed,
        bits_flipped,
        truncated,
        extreme_number,
        nearby_number,
        offset_elsewhere,
        chunk_copied,
        chunk_inserted,
        chunk_lost,
        chunk_zeroed,
    )
}

if __name__ == "__main__":
    sys.exit(main())
