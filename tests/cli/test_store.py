"""`coralexp store`: list, show, why, verify, prune."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from small_store import DAY_S, entry, run

from coralexp.artifacts.store import Store
from coralexp.cli.main import main
from coralexp.cli.store_prune import seconds

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store of the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coralexp").mkdir()
    return Store(tmp_path / ".coralexp")


@pytest.fixture
def chain(store: Store) -> dict[str, str]:
    """Make entries of two trainings, one of which runs use; return their keys."""
    data = entry(store, "dataset", seed=42)
    wide = entry(
        store, "train", after={"dataset": data}, backbone={"options": {"width": 1.0}}, age_s=7200
    )
    narrow = entry(
        store,
        "train",
        after={"dataset": data},
        backbone={"options": {"width": 0.5}},
        content="x" * 3000,
        age_s=40 * DAY_S,
    )
    model = entry(store, "convert", after={"dataset": data, "train": wide})
    slim = entry(store, "convert", after={"dataset": data, "train": narrow})
    run(store, dataset=data, train=wide, convert=model)
    return {"data": data, "wide": wide, "narrow": narrow, "model": model, "slim": slim}


def told(capsys: pytest.CaptureFixture[str], *args: str, status: int = 0) -> str:
    """Give the command, expect its exit status, return what it printed."""
    assert main(["store", *args]) == status
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_list_has_a_row_an_entry_and_totals(
    chain: dict[str, str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / "train" / f".{'0' * 20}.resume").write_text("state")

    lines = told(capsys, "list").splitlines()

    rows = [line.split() for line in lines]
    assert rows[0] == ["stage", "key", "size", "age", "made", "in", "runs", "latest", "run"]
    (record,) = store.runs
    wide = next(row for row in rows if row[1:2] == [chain["wide"][:10]])
    assert (wide[4:6], wide[-2:]) == (["2", "h"], ["1", record.id])
    narrow = next(row for row in rows if row[1:2] == [chain["narrow"][:10]])
    assert (narrow[2:6], narrow[-2:]) == (["3", "KiB", "40", "d"], ["0", "-"])
    assert ["train", "2", "4", "KiB", "1", "3", "KiB"] in rows
    assert rows[-3][:2] == ["all", "5"] or ["all", "5"] in [row[:2] for row in rows]
    assert lines[-1] == "  checkpoints of unfinished trainings: 1, 5 B"


def test_list_is_narrowed_and_sorted(
    chain: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    def keys(*args: str) -> list[str]:
        found = json.loads(told(capsys, "list", "--json", *args))
        assert found["schema"] == 1
        return [one["key"] for one in found["entries"]]

    assert keys("--stage", "train") == [chain["wide"], chain["narrow"]]
    assert keys("--sort", "size")[0] == chain["narrow"]
    assert keys("--sort=age")[-1] == chain["narrow"]
    assert keys()[0] == chain["data"]


def test_show_tells_what_it_is_made_of_and_what_is_made_of_it(
    chain: dict[str, str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, "show", chain["wide"][:6])

    (record,) = store.runs
    assert text.startswith(f"train/{chain['wide']}\n")
    assert f"  made from  dataset/{chain['data'][:10]}\n" in text
    assert f"  made of it convert/{chain['model'][:10]}\n" in text
    assert f"  1 run      {record.id}  finished  quant=ptq\n" in text
    assert "\nmodel.h5       4 B  " in text
    assert "\naccuracy    0.5\n" in text
    assert "  backbone.options.width: 1.0\n" in text


def test_show_for_programs(
    chain: dict[str, str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(told(capsys, "show", chain["wide"], "--json", f"store={store.root}"))

    assert found["made_from"] == {"dataset": chain["data"]}
    assert found["made_of_it"] == [{"stage": "convert", "key": chain["model"]}]
    assert {file["name"]: file["size_bytes"] for file in found["files"]}["model.h5"] == 4
    assert found["metrics"] == {"accuracy": 0.5}
    assert found["ingredients"]["backbone"] == {"options": {"width": 1.0}}


def test_why_follows_a_difference_to_where_it_began(
    chain: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, "why", chain["model"][:8], chain["slim"][:8]).splitlines()

    assert lines == [
        f"convert/{chain['model']} -> convert/{chain['slim']}",
        f"train ({chain['wide'][:10]} -> {chain['narrow'][:10]})",
        "  backbone.options.width: 1.0 -> 0.5",
        "convert: nothing else; what differs came from before",
    ]
    found = json.loads(told(capsys, "why", chain["model"], chain["slim"], "--json"))
    assert (found["equal"], found["differences"][0]["changes"]) == (
        False,
        [{"name": "backbone.options.width", "first": 1.0, "second": 0.5}],
    )


def test_why_of_one_entry_and_of_two_stages(
    chain: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing differs" in told(capsys, "why", chain["wide"], chain["wide"])
    text = told(capsys, "why", chain["wide"], chain["model"], status=2)
    assert "are of different stages; name two of one stage" in text


def test_verify_names_damage_and_repairs_what_it_can(
    chain: dict[str, str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "5 entries read, " in told(capsys, "verify")
    (store.path("train", chain["narrow"]) / "model.h5").write_text("flipped")
    (store.path("train", chain["wide"]) / "model.h5").unlink()
    (store.runs.folder / "odd.json").write_text("no record")

    text = told(capsys, "verify", status=1)
    assert f"train/{chain['wide']}: damaged (model.h5)\n" in text
    assert "2 damaged; `coralexp store verify --repair` makes them again" in text
    assert "odd.json: is no run record that this version can read" in text

    found = json.loads(told_out(capsys, "verify", "--repair", "--json", status=1))
    assert {one["key"]: one["outcome"] for one in found["damaged"]} == {
        chain["wide"]: "left as it is",  # its run's configuration is empty
        chain["narrow"]: "taken away",
    }
    assert found["unreadable_run_records"] == [".coralexp/runs/odd.json"]
    assert not store.path("train", chain["narrow"]).exists()


def told_out(capsys: pytest.CaptureFixture[str], *args: str, status: int = 0) -> str:
    """Return standard output alone."""
    assert main(["store", *args]) == status
    return capsys.readouterr().out


def test_prune_tells_what_went_and_what_stays_for_runs(
    chain: dict[str, str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ("prune", "--older-than", "30d", "--keep-runs")

    assert "would remove train/" in told(capsys, *line, "--dry-run")
    text = told(capsys, *line)
    assert f"removed train/{chain['narrow']} (3 KiB, 40 d old)\n" in text
    assert "freed 3 KiB: 1 thing\n" in text
    assert "nothing removed" in told(capsys, *line)

    text = told(capsys, "prune", "--older-than=0h", "--dry-run")
    assert "kept 3 entries older than 0h" in text
    assert "(--no-keep-runs removes them, too)" in text
    found = json.loads(told(capsys, "prune", "--older-than=0h", "--no-keep-runs", "--json"))
    assert {one["name"] for one in found["removed"]} == {
        f"dataset/{chain['data']}",
        f"train/{chain['wide']}",
        f"convert/{chain['model']}",
        f"convert/{chain['slim']}",
    }


@pytest.mark.parametrize(
    ("age", "expected"), [("12h", 43200.0), ("30d", 2592000.0), ("2w", 1209600.0), ("1.5d", 129600)]
)
def test_an_age_is_a_number_and_a_unit(age: str, expected: float) -> None:
    assert seconds(age) == expected


@pytest.mark.parametrize("age", ["30", "d", "30x", "-1d", "1 month", "", "30days", "nand"])
def test_another_age_is_refused(store: Store, age: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["store", "prune", f"--older-than={age}"])

    assert ended.value.code == 2
    assert "such as 12h, 30d or 2w, got " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("lst",), "'lst': unknown action, did you mean 'list'?"),
        (("list", "--stgae", "train"), "--stgae: unknown flag, did you mean '--stage'?"),
        (("list", "--stage", "trian"), "--stage: unknown stage, did you mean 'train'?"),
        (("list", "--sort", "szie"), "--sort: unknown order, did you mean 'size'?"),
        (("show", "a", "b"), "'b': one word too many"),
        (("show", "zz"), "key 'zz': no entry of the store begins so"),
        (("list", "store=nowhere"), "store=nowhere: there is no such folder"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("chain")
def test_a_wrong_word_is_told_the_right_one(
    args: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert text in told(capsys, *args, status=2)


def test_help_lists_the_actions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "--help"]) == 0
    assert "\n  verify  read every file" in capsys.readouterr().out
    assert main(["store"]) == 2


@pytest.mark.parametrize(
    "place", [("--store", "elsewhere"), ("--store=elsewhere",), ("store=elsewhere",)], ids=" ".join
)
def test_the_store_may_be_named_before_the_action_or_behind(
    place: tuple[str, ...], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.root.rename("elsewhere")

    assert told(capsys, *place, "list") == told(capsys, "list", *place) == "no entries\n"


def test_an_empty_store_has_nothing_to_tell(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "list") == "no entries\n"
    assert told(capsys, "verify") == "0 entries read, 0 B: no damage\n"
    assert told(capsys, "prune", "--older-than", "30d") == "nothing removed\n"


@pytest.fixture
def read_only(chain: dict[str, str], store: Store) -> Generator[None]:
    """Make the store read-only for a while; needs root."""
    bind = ["mount", "--bind", str(store.root), str(store.root)]
    try:
        mounted = subprocess.run(bind, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        pytest.skip("needs the program mount (util-linux)")
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.strip()}")
    try:
        remount = ["mount", "-o", "remount,ro,bind", str(store.root)]
        if subprocess.run(remount, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount read-only")
        yield
    finally:
        subprocess.run(["umount", str(store.root)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows mounts in another way")
@pytest.mark.usefixtures("read_only")
def test_a_read_only_store_can_be_looked_at_and_says_that_it_cannot_be_changed(
    chain: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert chain["wide"][:10] in told(capsys, "list")
    assert "no damage" in told(capsys, "verify")
    assert "would remove" in told(capsys, "prune", "--older-than", "30d", "--dry-run")
    assert "cannot be written (Read-only" in told(capsys, "prune", "--older-than=30d", status=1)
    assert "cannot be written (Read-only" in told(capsys, "verify", "--repair", status=1)
