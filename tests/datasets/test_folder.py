"""A folder of pictures becomes a dataset, or says what keeps it from being one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from coralexp.datasets import folder, name_pattern
from coralexp.datasets.splits import Shares
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.datasets.contract import Dataset

    Paint = Callable[..., None]


def splits_of(dataset: Dataset) -> dict[str, str]:
    examples = dataset.open(0)
    return {examples.name(i): split for i, split in enumerate(examples.splits)}


def refusal(path: Path | str) -> str:
    with pytest.raises(OptionError) as caught:
        folder.read(path=str(path))
    assert caught.value.option == "path"
    return caught.value.text


def test_each_folder_is_a_class_and_every_class_is_in_every_split(
    tmp_path: Path, paint: Paint
) -> None:
    paint(tmp_path / "dog", 5)
    paint(tmp_path / "cat", 3, suffix=".JPG")

    dataset = folder.read(path=str(tmp_path), side_px=16)
    examples = dataset.open(0)

    assert dataset.classes == ("cat", "dog")
    assert examples.image(0).shape == dataset.image_shape == (16, 16, 3)
    assert len(set(zip(examples.labels, examples.splits, strict=True))) == 6
    assert examples.name(0) == "cat/0.JPG"


def test_files_keep_their_splits_when_others_are_added(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 60)
    paint(tmp_path / "b", 60)
    before = splits_of(folder.read(path=str(tmp_path)))

    paint(tmp_path / "a", 40, start=60)
    paint(tmp_path / "c", 10)
    after = splits_of(folder.read(path=str(tmp_path)))

    assert before.items() <= after.items()


def test_a_renamed_file_keeps_its_split_and_the_seed_changes_none(
    tmp_path: Path, paint: Paint
) -> None:
    paint(tmp_path / "a", 8)
    paint(tmp_path / "b", 8)
    dataset = folder.read(path=str(tmp_path))
    before = splits_of(dataset)
    assert dataset.open(0).splits == dataset.open(1).splits

    (tmp_path / "a" / "3.png").rename(tmp_path / "a" / "other.PNG")
    after = splits_of(folder.read(path=str(tmp_path)))

    assert after["a/other.PNG"] == before["a/3.png"]


def test_given_splits_are_used_and_a_missing_validation_comes_from_train(
    tmp_path: Path, paint: Paint
) -> None:
    for split, count in (("train", 12), ("test", 2)):
        paint(tmp_path / split / "a", count, start=100 * count)
        paint(tmp_path / split / "b", count, start=100 * count)

    splits = splits_of(folder.read(path=str(tmp_path)))

    assert {split for name, split in splits.items() if name.startswith("test/")} == {"test"}
    assert {split for name, split in splits.items() if name.startswith("train/")} == {
        "train",
        "validation",
    }

    paint(tmp_path / "Val" / "a", 1, start=7000)
    splits = splits_of(folder.read(path=str(tmp_path)))

    assert [name for name, split in splits.items() if split == "validation"] == ["Val/a/7000.png"]


def test_a_class_may_be_called_train(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "train", 3)
    paint(tmp_path / "plane", 3)

    assert folder.read(path=str(tmp_path)).classes == ("plane", "train")


def test_equal_files_count_once(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 4)
    paint(tmp_path / "b", 4)
    shutil.copy(tmp_path / "a" / "1.png", tmp_path / "a" / "copy.png")

    examples = folder.read(path=str(tmp_path)).open(0)

    assert len(examples.labels) == 8
    assert examples.left_out == ["a/copy.png (equal to a/1.png)"]


def test_a_test_file_that_was_copied_to_train_only_tests(tmp_path: Path, paint: Paint) -> None:
    for split, start in (("train", 0), ("test", 50)):
        paint(tmp_path / split / "a", 4, start=start)
        paint(tmp_path / split / "b", 4, start=start)
    shutil.copy(tmp_path / "test" / "a" / "50.png", tmp_path / "train" / "a" / "leak.png")

    examples = folder.read(path=str(tmp_path)).open(0)

    assert examples.left_out == ["train/a/leak.png (equal to test/a/50.png)"]


def test_equal_files_in_two_classes_are_named(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 4)
    paint(tmp_path / "b", 4)
    shutil.copy(tmp_path / "a" / "1.png", tmp_path / "b" / "wrong.png")

    with pytest.raises(DatasetError, match=r"1 pair(.|\n)*a/1.png and b/wrong.png"):
        folder.read(path=str(tmp_path)).open(0)


def test_a_damaged_file_is_named_or_left_out(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 4)
    paint(tmp_path / "b", 4)
    (tmp_path / "a" / "0.png").write_bytes(b"not a picture")

    with pytest.raises(DatasetError, match=r"a/0.png: is no JPEG, PNG or BMP"):
        folder.read(path=str(tmp_path)).open(0).image(0)
    assert folder.read(path=str(tmp_path), skip_corrupt=True).open(0).image(0) is None


def test_empty_files_are_damaged_rather_than_equal(tmp_path: Path, paint: Paint) -> None:
    for name in ("a", "b"):
        paint(tmp_path / name, 4)
        (tmp_path / name / "empty.png").touch()

    assert len(folder.read(path=str(tmp_path)).open(0).labels) == 10


def test_the_content_changes_with_a_name_and_with_a_byte(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 4)
    paint(tmp_path / "b", 4)
    first = folder.read(path=str(tmp_path)).content()
    assert folder.read(path=str(tmp_path), side_px=8).content() == first

    moved = shutil.copytree(tmp_path, tmp_path.parent / "moved")
    assert folder.read(path=str(moved)).content() == first
    (moved / "a" / "1.png").rename(moved / "a" / "5.png")
    second = folder.read(path=str(moved)).content()
    paint(moved / "a", 1, start=77)
    third = folder.read(path=str(moved)).content()

    assert len({first, second, third}) == 3


def test_hidden_files_and_other_kinds_are_passed_over(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 3)
    paint(tmp_path / "b", 3)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "._0.png").write_bytes(b"of a Mac")
    (tmp_path / "a" / "Thumbs.db").touch()
    (tmp_path / "notes.txt").touch()

    dataset = folder.read(path=str(tmp_path))

    assert dataset.classes == ("a", "b")
    assert len(dataset.open(0).labels) == 6


def test_folders_are_searched_to_any_depth_and_links_in_a_circle_end(
    tmp_path: Path, paint: Paint
) -> None:
    paint(tmp_path / "a" / "monday" / "camera", 3)
    paint(tmp_path / "b", 3)
    (tmp_path / "a" / "monday" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b" / "self")

    examples = folder.read(path=str(tmp_path)).open(0)

    assert len(examples.labels) == 6
    assert examples.name(0) == "a/monday/camera/0.png"


def test_a_link_to_nothing_is_a_damaged_file(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 3)
    paint(tmp_path / "b", 3)
    (tmp_path / "a" / "gone.png").symlink_to(tmp_path / "nothing")

    examples = folder.read(path=str(tmp_path)).open(0)

    with pytest.raises(DatasetError, match=r"a/gone.png: No such file"):
        examples.image(3)


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert f"the nearest folder that does: {tmp_path}" in refusal(tmp_path / "photos" / "x")
    assert "is no folder" in refusal(tmp_path / "file")
    assert "is empty" in refusal("")
    assert "cannot be looked at" in refusal("~nobody-of-that-name/photos")


def test_folders_that_are_no_classes_are_refused_in_words(tmp_path: Path, paint: Paint) -> None:
    assert "holds no images" in refusal(tmp_path)

    paint(tmp_path, 2)
    assert "holds images without a class" in refusal(tmp_path)

    paint(tmp_path / "a", 1)
    text = refusal(tmp_path)
    assert "holds one class (a)" in text
    assert "a has one image" in text

    (tmp_path / "b").mkdir()
    assert "b has no image (jpg, jpeg, png or bmp)" in refusal(tmp_path)


def test_wrong_splits_are_refused_in_words(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "train" / "a", 2)
    paint(tmp_path / "train" / "b", 2)
    assert f"dataset.path={tmp_path / 'train'}" in refusal(tmp_path)

    paint(tmp_path / "test" / "a", 1)
    paint(tmp_path / "test" / "typo", 1)
    text = refusal(tmp_path)
    assert "test/typo is a class that train/ does not have" in text
    assert "test/b is missing" in text

    paint(tmp_path / "extra" / "a", 1)
    assert "extra/ lies beside train/" in refusal(tmp_path)


def test_a_limit_that_leaves_a_class_out_is_refused(tmp_path: Path, paint: Paint) -> None:
    paint(tmp_path / "a", 3)
    paint(tmp_path / "b", 3)

    with pytest.raises(OptionError, match="at least 5 images"):
        folder.read(path=str(tmp_path), limit=4)


def named(folder: Path, paint: Paint, *prefixes: str, count: int = 4) -> Path:
    """Paint pictures whose names begin with a prefix each, all in one folder."""
    for prefix in prefixes:
        paint(folder.parent / prefix, count)
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted((folder.parent / prefix).iterdir()):
            file.rename(folder / f"{prefix}_{file.name}")
        (folder.parent / prefix).rmdir()
    return folder


def unnamed(path: Path, label_from: str) -> str:
    with pytest.raises(OptionError) as caught:
        folder.read(path=str(path), label_from=label_from)
    return str(caught.value)


@pytest.mark.parametrize("pattern", ["^([a-z]+)_", "(?P<label>dog|cat|bird)(_)[0-9]"])
def test_the_class_may_be_read_from_a_name(tmp_path: Path, paint: Paint, pattern: str) -> None:
    root = named(tmp_path / "photos", paint, "dog", "cat")
    named(root / "more" / "deep", paint, "bird", count=3)

    dataset = folder.read(path=str(root), label_from=pattern)
    examples = dataset.open(0)

    assert dataset.classes == ("bird", "cat", "dog")
    assert [dataset.classes[label] for label in examples.labels] == [
        *["bird"] * 3,
        *["cat"] * 4,
        *["dog"] * 4,
    ]
    assert examples.name(0) == "more/deep/bird_0.png"
    assert len(set(zip(examples.labels, examples.splits, strict=True))) == 9


def test_names_in_folders_of_splits_are_read_too(tmp_path: Path, paint: Paint) -> None:
    for split, start in (("train", 0), ("test", 10)):
        for name in ("ant", "bee"):
            paint(tmp_path / "x" / name, 4, start=start)
            (tmp_path / "photos" / split).mkdir(parents=True, exist_ok=True)
            for file in sorted((tmp_path / "x" / name).iterdir()):
                file.rename(tmp_path / "photos" / split / f"{name}-{file.name}")

    read = folder.read(path=str(tmp_path / "photos"), label_from="(.*)-")
    splits = splits_of(read)

    assert read.classes == ("ant", "bee")
    assert {split for name, split in splits.items() if name.startswith("test/")} == {"test"}
    (tmp_path / "photos" / "test" / "ant-10.png").rename(tmp_path / "photos/test/bee-99.png")
    for number in (11, 12, 13):
        (tmp_path / "photos" / "test" / f"ant-{number}.png").unlink()
    assert "test/ has no image of ant" in unnamed(tmp_path / "photos", "(.*)-")


def test_expressions_that_give_no_classes_are_refused(tmp_path: Path, paint: Paint) -> None:
    root = named(tmp_path / "photos", paint, "dog", "cat")

    assert "is no regular expression: missing )" in unnamed(root, "([a-z]+_")
    assert "has 0 groups; expected one" in unnamed(root, "[a-z]+_")
    assert "has 2 groups; expected one" in unnamed(root, "([a-z]+)(_)")
    assert "finds no class in 4 of 8 file names: cat_0.png, cat_1" in unnamed(root, "(dog)")
    assert "finds no class in 8 of 8" in unnamed(root, "(x*)")
    assert "and 3 more" in unnamed(root, "(x)")
    assert "at most 500" in unnamed(root, "(a)" * 200)
    paint(tmp_path / "rat", 1)
    (tmp_path / "rat" / "0.png").rename(root / "rat_0.png")
    assert "rat has one image" in unnamed(root, "^([a-z]+)_")
    assert "all names give one class, .png" in unnamed(root, r"(\.png)")


def test_an_expression_that_takes_for_ever_is_ended(
    tmp_path: Path, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_pattern, "TIME_S", 0.5)
    root = named(tmp_path / "photos", paint, "a" * 40, "b" * 40)

    assert "repetition within a repetition" in unnamed(root, "^((?:a+)+)$")


def test_shares_can_be_asked_for_where_the_folder_makes_no_splits(
    tmp_path: Path, paint: Paint
) -> None:
    paint(tmp_path / "a", 60)
    paint(tmp_path / "b", 60)

    splits = list(folder.read(path=str(tmp_path), split=Shares(0.2, 0.2, 0.6)).open(0).splits)

    assert splits.count("test") > 60 > splits.count("train")
    (tmp_path / "own").mkdir()
    for split in ("train", "test"):
        shutil.copytree(tmp_path / "a", tmp_path / "own" / split / "a")
        shutil.copytree(tmp_path / "b", tmp_path / "own" / split / "b")
    with pytest.raises(OptionError, match="makes its own splits"):
        folder.read(path=str(tmp_path / "own"), split=Shares(0.8, 0.1, 0.1))
