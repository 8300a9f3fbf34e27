"""An entry of the store is whole or absent, whatever happens while it is made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.artifacts.store import INGREDIENTS, RECORD, Store, file_digests, key_of
from coralexp.errors import StoreError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Generator

INGREDIENTS_OF_ONE = {"stage": "train", "seed": 1, "options": {"width": 0.35, "weights": None}}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def two_files(folder: Path) -> int:
    (folder / "model.h5").write_bytes(b"weights")
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "record.json").write_text("a name that the store uses, too")
    return 4096


def make(store: Store, **changes: object) -> Path:
    return store.make("train", {**INGREDIENTS_OF_ONE, **changes}, two_files)


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_an_entry_holds_what_was_written_and_how_it_came_to_be(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")

    entry = make(store)

    assert entry == store.path("train", key_of(INGREDIENTS_OF_ONE))
    assert (entry / "model.h5").read_bytes() == b"weights"
    assert json.loads((entry / INGREDIENTS).read_text()) == INGREDIENTS_OF_ONE
    record = store.record("train", entry.name)
    assert record is not None
    assert record.peak_memory_bytes == 4096
    assert 0 <= record.made_in_s < 10
    assert record.digests == file_digests(entry)
    assert sorted(record.digests) == ["model.h5", "saved_model/record.json"]
    assert store.damage("train", entry.name) == []


def test_others_may_read_an_entry(tmp_path: Path) -> None:
    assert make(Store(tmp_path)).stat().st_mode & 0o055 == 0o055


def test_an_absent_entry_has_no_record_and_is_damaged(tmp_path: Path) -> None:
    assert Store(tmp_path).record("train", "0" * 20) is None
    assert Store(tmp_path).damage("train", "0" * 20) == [RECORD]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), VALUES))
def test_keys_do_not_depend_on_the_order_of_names(ingredients: dict[str, object]) -> None:
    backwards = dict(reversed(ingredients.items()))

    assert key_of(ingredients) == key_of(backwards)
    assert key_of(json.loads(json.dumps(ingredients))) == key_of(ingredients)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), VALUES), st.text(), VALUES)
def test_keys_of_different_ingredients_differ(
    ingredients: dict[str, object], name: str, value: object
) -> None:
    changed = {**ingredients, name: value}
    same = json.dumps(changed, sort_keys=True) == json.dumps(ingredients, sort_keys=True)

    assert (key_of(changed) == key_of(ingredients)) == same


@pytest.mark.parametrize("error", [TrainingError("loss is nan"), KeyboardInterrupt()])
def test_work_that_fails_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("written")
        raise error

    with pytest.raises(type(error)):
        Store(tmp_path).make("train", INGREDIENTS_OF_ONE, fail)

    assert everything_below(tmp_path) == ["train"]


def test_work_that_fails_leaves_the_entry_that_was_there(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise TrainingError("loss is nan")

    store = Store(tmp_path)
    entry = make(store)

    with pytest.raises(TrainingError):
        store.make("train", INGREDIENTS_OF_ONE, fail)

    assert store.damage("train", entry.name) == []


def test_a_draft_is_never_seen_as_an_entry(tmp_path: Path) -> None:
    store = Store(tmp_path)
    seen = []

    def look(folder: Path) -> None:
        (folder / "half").write_text("written")
        key = key_of(INGREDIENTS_OF_ONE)
        seen.extend([store.path("train", key).exists(), store.record("train", key) is not None])
        assert folder.name.startswith(".")

    store.make("train", INGREDIENTS_OF_ONE, look)

    assert seen == [False, False]


def test_an_entry_made_again_replaces_the_old_one_and_nothing_is_left_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    entry = make(store)
    (entry / "model.h5").write_bytes(b"damaged")

    assert make(store) == entry

    assert (entry / "model.h5").read_bytes() == b"weights"
    assert everything_below(tmp_path / "train") == [
        entry.name,
        *(f"{entry.name}/{name}" for name in everything_below(entry)),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("model.h5", b"weightz", id="a changed bit"),
        pytest.param("model.h5", b"weight", id="a cut file"),
        pytest.param("model.h5", None, id="a missing file"),
        pytest.param(
            "saved_model/record.json", b"", id="a file that is called as one of the store"
        ),
        pytest.param("extra", b"", id="an extra file"),
        pytest.param(RECORD, b"{", id="a cut record"),
        pytest.param(RECORD, None, id="no record"),
        pytest.param(INGREDIENTS, b"{}", id="other ingredients"),
        pytest.param(INGREDIENTS, b"\xff", id="ingredients that are no text"),
        pytest.param(INGREDIENTS, None, id="no ingredients"),
    ],
)
def test_damage_is_noticed_and_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    store = Store(tmp_path)
    entry = make(store)

    if content is None:
        (entry / name).unlink()
    else:
        (entry / name).write_bytes(content)

    assert store.damage("train", entry.name) == [name]


WRITER = """
import sys, time
from pathlib import Path
from coralexp.artifacts.store import Store

def write(folder):
    for number in range(20):
        (folder / f"{number}.bin").write_bytes(sys.argv[2].encode() * 1000)
    print("writing", flush=True)
    sys.stdin.readline()

for _ in range(int(sys.argv[3])):
    Store(Path(sys.argv[1])).make("train", {"seed": 1}, write)
"""


def start_writer(store: Path, content: str, times: int = 1) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store), content, str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_process_killed_in_the_middle_leaves_no_entry(tmp_path: Path) -> None:
    with start_writer(tmp_path, "a") as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        writer.send_signal(signal.SIGKILL)

    store = Store(tmp_path)
    key = key_of({"seed": 1})
    assert not store.path("train", key).exists()
    assert store.record("train", key) is None
    store.make("train", {"seed": 1}, two_files)
    assert store.damage("train", key) == []


def test_two_processes_that_make_one_key_leave_one_whole_entry(tmp_path: Path) -> None:
    times = 25
    with start_writer(tmp_path, "a", times) as first, start_writer(tmp_path, "b", times) as second:
        for writer in (first, second):
            assert writer.stdin is not None
            writer.stdin.write("\n" * times)
            writer.stdin.close()
            writer.stdin = None
        assert [first.wait(60), second.wait(60)] == [0, 0]

    store = Store(tmp_path)
    key = key_of({"seed": 1})
    assert store.damage("train", key) == []
    assert [path.name for path in (tmp_path / "train").iterdir()] == [key]
    contents = {path.read_bytes() for path in store.path("train", key).glob("*.bin")}
    assert len(contents) == 1


@contextmanager
def small_disk(folder: Path, options: str) -> Generator[None]:
    """Mount a file system in memory for a while; needs root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        pytest.skip("needs the program mount (util-linux)")
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_leaves_no_entry(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        with (folder / "model.h5").open("wb") as file:
            for _ in range(32):
                file.write(bytes(1 << 16))

    disk = tmp_path / "disk"
    with small_disk(disk, "size=1m"):
        store = Store(disk)
        store.check_writable()

        with pytest.raises(StoreError, match="the disk is full; free some space"):
            store.make("train", INGREDIENTS_OF_ONE, fill)

        assert everything_below(disk) == ["train"]
        assert make(store).is_dir()


def test_a_read_only_store_is_named_with_a_way_out(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=1m,ro"):
        with pytest.raises(StoreError, match=rf"store={disk}: cannot be written \(Read-only"):
            Store(disk).check_writable()
        with pytest.raises(StoreError, match=r"cannot be written \(Read-only file system"):
            make(Store(disk))


def test_a_store_below_a_file_is_named_with_a_way_out(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(StoreError, match=r"store=.*: cannot be written .*store=FOLDER"):
        Store(file / "store").check_writable()
    with pytest.raises(StoreError, match="cannot be written"):
        make(Store(file / "store"))


def test_a_store_that_can_be_written_is_made_and_left_empty(tmp_path: Path) -> None:
    Store(tmp_path / "new" / "store").check_writable()

    assert everything_below(tmp_path) == ["new", "new/store"]


def test_the_time_of_the_work_is_written_down(tmp_path: Path) -> None:
    def sleep(folder: Path) -> None:
        time.sleep(0.02)

    store = Store(tmp_path)
    entry = store.make("train", INGREDIENTS_OF_ONE, sleep)

    record = store.record("train", entry.name)
    assert record is not None
    assert record.made_in_s >= 0.02
    assert record.peak_memory_bytes is None


def test_what_a_killed_process_left_half_made_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    program = (
        "import sys, time; from pathlib import Path\n"
        "from coralexp.artifacts.store import Store\n"
        "def write(folder):\n"
        "    (folder / 'half').write_text('made'); print(folder, flush=True); time.sleep(60)\n"
        "Store(Path(sys.argv[1])).make('train', {'a': 1}, write)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        draft = Path(process.stdout.readline().strip())
        assert store.clear_drafts() == 0
        assert draft.is_dir()
        process.kill()
    entry = store.make("train", {"a": 2}, lambda folder: None)
    (tmp_path / "train" / ".mine").mkdir()

    assert store.clear_drafts() == 1
    assert not draft.exists()
    assert entry.is_dir()
    assert (tmp_path / "train" / ".mine").is_dir()


def test_a_whole_entry_is_read_once_and_again_when_a_file_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    entry = make(store)
    os.utime(entry / "model.h5", ns=(1, 1))  # as after a copy: the seal is broken, the bytes right
    assert store.is_whole("train", entry.name)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "damage", lambda self, stage, key: pytest.fail("read again"))
        assert store.is_whole("train", entry.name)

    stat = (entry / "model.h5").stat()
    (entry / "model.h5").write_bytes(b"weightz")
    os.utime(entry / "model.h5", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # hidden from mtime
    assert not store.is_whole("train", entry.name)
    (entry / "model.h5").write_bytes(b"weights")
    assert store.is_whole("train", entry.name)


def test_a_missing_file_and_a_missing_entry_are_not_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    entry = make(store)

    (entry / "model.h5").unlink()

    assert not store.is_whole("train", entry.name)
    assert not store.is_whole("train", "0" * 20)


def test_a_removed_entry_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    entry = make(store)

    store.remove("train", entry.name)
    store.remove("train", entry.name)

    assert not entry.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
