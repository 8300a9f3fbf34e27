"""An archive with anything wrong in it is refused whole: nothing of it reaches the store."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_run import GROUPS, STAGES, everything_below, stored_run

from coralexp.artifacts.archive.limits import LIMITS, Limits
from coralexp.artifacts.archive.pack import pack
from coralexp.artifacts.archive.unpack import take
from coralexp.artifacts.store import Store, key_of
from coralexp.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Fields = dict[str, object]
Files = dict[str, bytes]
SMALL = Limits(members=30, directory_bytes=4000, content_bytes=200_000, ratio_from_bytes=50_000)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of one run."""
    folder = tmp_path_factory.mktemp("honest")
    store = Store(folder / "store")
    pack([stored_run(store)], store, folder / "07.zip", {"student": "7"})
    return folder / "07.zip"


@pytest.fixture
def ours(tmp_path: Path) -> Store:
    """Return a store that holds a run already."""
    store = Store(tmp_path / "ours")
    stored_run(store, seed=7)
    return store


def content(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, files: Files, **how: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = how.get("compress_type", zipfile.ZIP_DEFLATED)
            info.external_attr = how.get("mode", 0o100644) << 16
            archive.writestr(info, data)
    return path


def refuse(path: Path, store: Store, reason: str, limits: Limits = LIMITS) -> None:
    before = everything_below(store.root)
    with pytest.raises(ArchiveError, match=reason):
        take(path, store, stages=STAGES, groups=GROUPS, limits=limits)
    assert everything_below(store.root) == before
    assert not (store.root / "imports").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil", "leads out of its folder"),
        ("entries/../../evil", "leads out of its folder"),
        ("/etc/evil", "an absolute path"),
        ("C:/evil", "a drive letter"),
        ("c:evil", "a drive letter"),
        ("entries\\..\\evil", "a backslash"),
        ("entries/train/", "a folder"),
        ("entries//evil", "no plain name"),
        ("./evil", "no plain name"),
        ("entries/nul", "no plain name"),
        ("entries/COM1.txt", "no plain name"),
        ("entries/evil.", "no plain name"),
        ("entries/e\u202evil", "no plain name"),
        ("entries/line\nfeed", "no plain name"),
        ("entries/.hidden", "no plain name"),
        ("a/" * 20 + "evil", "deep"),
        ("evil" * 100, "no plain name"),
        ("MANIFEST.json", "differs from manifest.json in capitals alone"),
        ("manifest.json/evil", "manifest.json is a file already"),
        ("extra.txt", "the manifest does not know it"),
    ],
)
def test_a_file_of_a_wrong_name_is_named(
    name: str, reason: str, honest: Path, ours: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "evil.zip", {**content(honest), name: b"evil"})

    refuse(path, ours, reason)
    assert not [found for found in tmp_path.rglob("*evil*") if found.name != "evil.zip"]


def test_a_name_that_goes_on_behind_its_end_is_refused(
    honest: Path, ours: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "evil.zip", {**content(honest), "entries/aXevil": b"evil"})
    path.write_bytes(path.read_bytes().replace(b"entries/aXevil", b"entries/a\0evil"))

    refuse(path, ours, r"no plain name|is damaged|cannot be read")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["manifest.json", "entries/x"])
def test_a_name_that_is_there_twice_is_refused(
    name: str, honest: Path, ours: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "evil.zip", content(honest))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"{}")
        archive.writestr(name, b"{}")

    refuse(path, ours, f"{name}: is there twice")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"mode": stat.S_IFLNK | 0o777}, "is a link"),
        ({"mode": stat.S_IFIFO | 0o644}, "is no plain file"),
        ({"mode": stat.S_IFDIR | 0o755}, "is no plain file"),
        ({"compress_type": zipfile.ZIP_BZIP2}, "packed in an unusual way"),
        ({"compress_type": zipfile.ZIP_LZMA}, "packed in an unusual way"),
    ],
)
def test_a_member_of_a_wrong_kind_is_refused(
    how: dict[str, int], reason: str, honest: Path, ours: Store, tmp_path: Path
) -> None:
    refuse(written(tmp_path / "evil.zip", content(honest), **how), ours, reason)


def test_an_encrypted_member_is_refused(honest: Path, ours: Store, tmp_path: Path) -> None:
    data = bytearray(honest.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    (tmp_path / "evil.zip").write_bytes(data)

    refuse(tmp_path / "evil.zip", ours, "is encrypted")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(
    share: float, honest: Path, ours: Store, tmp_path: Path
) -> None:
    data = honest.read_bytes()
    (tmp_path / "evil.zip").write_bytes(data[: int(len(data) * share)])

    refuse(tmp_path / "evil.zip", ours, "is no zip file|cannot be read as a zip file")


def test_what_is_no_archive_of_runs_is_refused(ours: Store, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip file at all")
    refuse(tmp_path / "text.zip", ours, "is no zip file")
    refuse(written(tmp_path / "other.zip", {"a.txt": b""}), ours, "holds no manifest.json")
    refuse(tmp_path, ours, "cannot be read|is no file")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.zip")
        writer = os.open(tmp_path / "pipe.zip", os.O_RDWR)  # or its reader would wait for one
        refuse(tmp_path / "pipe.zip", ours, "is no file")
        os.close(writer)


def test_a_missing_a_changed_and_a_longer_file_are_refused(
    honest: Path, ours: Store, tmp_path: Path
) -> None:
    files = content(honest)
    model = next(name for name in files if name.endswith("model.h5"))
    without = {name: data for name, data in files.items() if name != model}

    refuse(written(tmp_path / "a.zip", without), ours, f"{model}: is missing")
    other = {**files, model: b"WEIGHTS" * 9}
    refuse(written(tmp_path / "b.zip", other), ours, f"{model}: its SHA-256 is another")
    longer = {**files, model: b"weights" * 10}
    refuse(written(tmp_path / "c.zip", longer), ours, "has 70 bytes; the manifest says 63")


def test_a_flipped_bit_is_refused(honest: Path, ours: Store, tmp_path: Path) -> None:
    data = bytearray(honest.read_bytes())
    with zipfile.ZipFile(honest) as archive:
        info = archive.getinfo(next(n for n in archive.namelist() if n.endswith("model.h5")))
    data[info.header_offset + 30 + len(info.filename) + 5] ^= 0x40
    (tmp_path / "evil.zip").write_bytes(data)

    refuse(
        tmp_path / "evil.zip", ours, "model.h5: (is damaged|its SHA-256|unpacks to another size)"
    )


# Bombs: by what they claim, and by what they are.


def test_more_files_more_bytes_and_a_longer_list_than_allowed_are_refused(
    honest: Path, ours: Store, tmp_path: Path
) -> None:
    files = content(honest)
    many = {**files, **{f"entries/{n}": b"" for n in range(30)}}
    refuse(written(tmp_path / "a.zip", many), ours, "holds 40 files; 30 are", SMALL)
    large = {**files, "entries/x": bytes(os.urandom(1 << 18))}
    refuse(written(tmp_path / "b.zip", large), ours, "unpacks to .* bytes; 200000 are", SMALL)
    flat = {**files, "entries/x": bytes(190_000)}
    tight = Limits(content_bytes=1 << 20, ratio=10, ratio_from_bytes=50_000)
    refuse(written(tmp_path / "c.zip", flat), ours, r"unpacks to \d+ times its own size", tight)
    wide = {**files, **{"entries/" + "x" * 110 + str(n): b"" for n in range(20)}}
    refuse(written(tmp_path / "d.zip", wide), ours, "its list of files claims", SMALL)


def test_a_size_that_is_claimed_too_small_stops_the_unpacking(
    honest: Path, ours: Store, tmp_path: Path
) -> None:
    files = content(honest)
    model = next(name for name in files if name.endswith("model.h5"))
    path = written(tmp_path / "evil.zip", {**files, model: bytes(1 << 20)})
    data = path.read_bytes()
    assert data.count(struct.pack("<L", 1 << 20)) == 2  # in front of the file, and in the list
    path.write_bytes(data.replace(struct.pack("<L", 1 << 20), struct.pack("<L", 63)))

    refuse(path, ours, "model.h5: (is damaged|its SHA-256 is another|unpacks)")


def test_files_that_share_their_bytes_are_refused(
    honest: Path, ours: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "evil.zip", {**content(honest), "entries/a": os.urandom(9000)})
    data = path.read_bytes()
    at = data.rfind(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    listed = data[at:end]
    copies = b"".join(listed.replace(b"entries/a", f"entries/{c}".encode()) for c in "bcd")
    fields = list(struct.unpack("<4s4H2LH", data[end:]))
    fields[3] += 3
    fields[4] += 3
    fields[5] += len(copies)
    path.write_bytes(data[:end] + copies + struct.pack("<4s4H2LH", *fields))

    refuse(path, ours, "overlap|cannot be read")


def bomb_in_an_entry(files: Files) -> None:
    with io.BytesIO() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("probabilities.npy", bytes(1 << 20))
        inner = packed.getvalue()
    manifest = json.loads(files["manifest.json"])
    entry = next(e for e in manifest["entries"] if e["stage"] == "convert")
    entry["files"]["predictions.npz"] = {
        "sha256": hashlib.sha256(inner).hexdigest(),
        "size_bytes": len(inner),
    }
    files[f"entries/convert/{entry['key']}/predictions.npz"] = inner
    files["manifest.json"] = json.dumps(manifest).encode()


def test_an_archive_in_the_archive_is_looked_at(honest: Path, ours: Store, tmp_path: Path) -> None:
    files = content(honest)
    bomb_in_an_entry(files)
    path = written(tmp_path / "evil.zip", files)

    refuse(path, ours, "predictions.npz: unpacks to 1048576 bytes itself", Limits(inner_bytes=9999))
    refuse(path, ours, "predictions.npz: holds 1 files itself", Limits(inner_members=0))


# The manifest: each field in turn.


def run_of(manifest: Fields) -> Fields:
    return manifest["runs"][0]  # type: ignore[index,no-any-return]


def entry_of(manifest: Fields) -> Fields:
    return manifest["entries"][0]  # type: ignore[index,no-any-return]


def put(place: Callable[[Fields], Fields], name: str, value: object) -> Callable[[Fields], None]:
    return lambda manifest: place(manifest).__setitem__(name, value)


def top(manifest: Fields) -> Fields:
    return manifest


def rename_key(manifest: Fields) -> None:
    entry_of(manifest)["key"] = "f" * 20


def another_key(manifest: Fields) -> None:
    ingredients = {"stage": "convert", "seed": 99}
    entry_of(manifest).update(ingredients=ingredients, key=key_of(ingredients))


WRONG = {
    "schema": (put(top, "schema", 2), "of schema 1"),
    "no format": (lambda m: m.pop("format"), "no list of runs"),
    "extra field": (put(top, "more", 1), "other fields"),
    "no runs": (put(top, "runs", []), "lists no runs"),
    "runs of text": (put(top, "runs", ["a"]), "no list of objects"),
    "run twice": (lambda m: m["runs"].append(m["runs"][0]), "twice"),
    "entry twice": (lambda m: m["entries"].append(m["entries"][0]), "twice"),
    "entries as text": (put(top, "entries", "x"), "no list of objects"),
    "tags as list": (put(top, "tags", []), "'tags' is no object"),
    "tag of MLflow": (put(top, "tags", {"mlflow.user": "root"}), "taken by coralexp or MLflow"),
    "tag host": (put(top, "tags", {"host": "x"}), "taken by coralexp or MLflow"),
    "tag of escapes": (put(top, "tags", {"student": "\x1b[31m"}), "control characters"),
    "left out": (put(top, "left_out", ["../x"]), "no list of stages"),
    "id": (put(run_of, "id", "../../evil"), "'id' holds"),
    "running": (put(run_of, "state", "RUNNING"), "has not ended"),
    "logged": (put(run_of, "logged", True), "only its store can know"),
    "imported": (put(run_of, "imported", "x"), "only its store can know"),
    "reserved tag": (put(run_of, "tags", {"mlflow.parentRunId": "1"}), "not its to have"),
    "no config": (put(run_of, "config", {}), "chooses no dataset"),
    "config of text": (put(run_of, "config", {g: g for g in GROUPS}), "chooses no dataset"),
    "host of escapes": (put(run_of, "host", "a\x1b]0;b"), "control characters"),
    "text turned round": (put(run_of, "overrides", ["a\u202eb"]), "control characters"),
    "infinite metric": (put(run_of, "metrics", {"accuracy": float("inf")}), "no number"),
    "entry without run": (another_key, "no run has the entry|is missing"),
    "another key": (rename_key, "make another key"),
    "key": (put(entry_of, "key", "../../../x"), "has the stage"),
    "stage": (put(entry_of, "stage", "../runs"), "has the stage"),
    "unknown stage": (put(entry_of, "stage", "runs"), "not those of the stage"),
    "ingredients": (put(entry_of, "ingredients", []), "not those of the stage"),
    "other ingredients": (put(entry_of, "ingredients", {"stage": "convert"}), "make another key"),
    "time": (put(entry_of, "made_in_s", "long"), "no number"),
    "memory": (put(entry_of, "peak_memory_bytes", -5), "no number"),
    "files": (put(entry_of, "files", []), "no list of files"),
    "path out": (put(entry_of, "files", {"../../x": {}}), "leads out of its folder"),
    "our file": (put(entry_of, "files", {"record.json": {}}), "the store writes this file itself"),
    "our FILE": (put(entry_of, "files", {"Record.json": {}}), "the store writes this file itself"),
    "no digest": (put(entry_of, "files", {"a": {}}), "no digest or no size"),
    "short digest": (
        put(entry_of, "files", {"a": {"sha256": "ab", "size_bytes": 1}}),
        "no SHA-256",
    ),
    "size": (
        put(entry_of, "files", {"a": {"sha256": "ab" * 32, "size_bytes": True}}),
        "has no size",
    ),
    "fields of an entry": (put(entry_of, "owner", "x"), "other fields"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG)
def test_a_manifest_with_something_wrong_is_refused(
    change: Callable[[Fields], object], reason: str, honest: Path, ours: Store, tmp_path: Path
) -> None:
    files = content(honest)
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    files["manifest.json"] = json.dumps(manifest).encode()

    refuse(written(tmp_path / "evil.zip", files), ours, reason)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a":' * 900 + b"1"],
    ids=["empty", "list", "cut", "no text", "twice", "deep list", "deep"],
)
def test_a_manifest_that_is_none_is_refused(
    text: bytes, honest: Path, ours: Store, tmp_path: Path
) -> None:
    files = {**content(honest), "manifest.json": text}

    refuse(written(tmp_path / "evil.zip", files), ours, r"manifest\.json: ")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_any_change_of_the_bytes_is_refused_or_without_effect(
    honest: Path, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    changed = bytearray(honest.read_bytes())
    for place, value in changes:
        changed[int(place * (len(changed) - 1))] = value
    (folder / "evil.zip").write_bytes(changed)
    store = Store(folder / "ours")

    try:
        take(folder / "evil.zip", store, stages=STAGES, groups=GROUPS)
    except ArchiveError:
        assert everything_below(store.root) == {}
    else:
        for run in store.runs:
            assert all(store.is_whole(stage, made.key) for stage, made in run.stages.items())
