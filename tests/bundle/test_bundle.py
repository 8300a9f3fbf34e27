"""A bundle gives the answers that its run logged, needs nothing of coralexp, and knows damage."""

from __future__ import annotations

import ast
import hashlib
import json
import operator
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn_run import CLASSES, drawn, drawn_run
from PIL import Image
from stand_in import build

import coralexp.bundle.files
import coralexp.bundle.receive
import coralexp.tflite.standardize
from coralexp.artifacts.tflite_model import InputContract, TensorSpec
from coralexp.bundle.contents import board_of, contents_of
from coralexp.bundle.files.bundled import pictures
from coralexp.bundle.files.bundled.classifier import prepare
from coralexp.bundle.manifest import source_of
from coralexp.bundle.pages import BOARDS
from coralexp.bundle.written import check_target, write_bundle
from coralexp.cli.main import main
from coralexp.datasets.pictures import decode
from coralexp.errors import ConfigError, StoreError
from coralexp.tflite.prepare_input import prepare_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.store import Store

    Told = Callable[..., tuple[str, str]]

SOURCES = [
    *sorted(Path(coralexp.bundle.files.__file__).parent.rglob("*.py")),
    Path(coralexp.tflite.standardize.__file__),
]
ABSENT = ["coralexp", "tensorflow", "mlflow", "hydra", "tf_keras", "cv2"]


def logged(store: Store, run: RunRecord) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures of the test split, and what the run said of them."""
    with np.load(store.entry_of(run, "evaluate") / "predictions.npz") as file:
        rows = file["probabilities"]
    return np.load(store.entry_of(run, "dataset") / "test/images.npy"), rows


def test_the_environment_of_these_tests_has_nothing_of_ours(bare_python: Path) -> None:
    program = (
        "import importlib.util,sys;print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    )

    said = subprocess.check_output(
        [bare_python, "-I", "-c", program, *ABSENT, "numpy", "PIL"], text=True
    )

    assert said.strip() == "['numpy', 'PIL']"


def test_every_picture_of_the_test_split_gets_the_probabilities_that_the_run_logged(
    store: Store, run: RunRecord, bundle: Path, tmp_path: Path, told: Told
) -> None:
    images, rows = logged(store, run)
    (tmp_path / "split").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(tmp_path / f"split/{number:03d}.png")

    said, where = told(bundle / "classify.py", tmp_path / "split", "--json", "--top", len(CLASSES))

    answers = [json.loads(line) for line in said.splitlines()]
    assert [Path(answer["image"]).name for answer in answers] == [
        f"{number:03d}.png" for number in range(len(images))
    ]
    for answer, row in zip(answers, rows, strict=True):
        here = {label["label"]: label["probability"] for label in answer["labels"]}
        assert [here[name] for name in CLASSES] == row.tolist()
        assert answer["labels"][0]["label"] == CLASSES[int(np.argmax(row))]
    assert "runs on the CPU (ai-edge-litert" in where
    assert "edgetpu_compiler was not there when the run was made" in where


def test_a_model_of_standardized_pictures_gets_them_on_the_board_too(
    store: Store, tmp_path: Path, told: Told
) -> None:
    run = drawn_run(store, standardize=True)
    write_bundle(contents_of(store, run, "pc"), tmp_path / "out", "bundle")

    said, _ = told(tmp_path / "out" / "classify.py", "--self-check")

    assert "16 of 16 samples" in said
    assert "differ by at most 0.0000" in said
    fields = json.loads((tmp_path / "out" / "manifest.json").read_text())["input"]
    assert fields["standardize"] is True
    plain = logged(store, drawn_run(store))[1]
    assert not np.allclose(logged(store, run)[1], plain, atol=0.01)


@pytest.mark.parametrize(
    ("dtype", "scale", "offset"),
    [("uint8", 1.0, 0.0), ("int8", 1.0, -128.0), ("float32", 1 / 127.5, -1.0)],
)
def test_the_host_does_the_same_steps_there_as_here(
    dtype: str, scale: float, offset: float
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (1, 21, 17, 3), np.uint8)
    tensor = TensorSpec("image", (1, 12, 12, 3), dtype, 0.0, 0)
    told = {
        "shape": list(tensor.shape),
        "dtype": dtype,
        "pixel_scale": scale,
        "pixel_offset": offset,
        "window_of": [21, 17],
        "standardize": True,
    }

    here = prepare_input(pixels, InputContract(tensor, scale, offset, (21, 17), standardize=True))

    assert np.array_equal(prepare(pixels[0], told), here[0])


def test_pictures_of_other_sizes_are_answered_and_what_is_no_picture_is_told(
    bundle: Path, tmp_path: Path, told: Told
) -> None:
    drawn("cross").resize((300, 200)).save(tmp_path / "cross.jpg")
    (tmp_path / "words.png").write_text("no picture")

    said, complained = told(
        bundle / "classify.py", tmp_path / "words.png", tmp_path / "cross.jpg", status=1
    )

    assert said.startswith(f"{tmp_path / 'cross.jpg'}  cross 0.")
    assert "words.png: cannot be read" in complained


def test_the_self_check_passes_where_answers_are_the_same(bundle: Path, told: Told) -> None:
    said, _ = told(bundle / "classify.py", "--self-check")

    assert said == (
        "self-check passed: 16 of 16 samples get the label that the run logged; probabilities"
        " differ by at most 0.0000\n"
    )


def test_the_self_check_fails_where_they_are_not(bundle: Path, told: Told) -> None:
    sample = bundle / "samples/000.png"
    sample.write_bytes((bundle / "samples/001.png").read_bytes())

    said, _ = told(bundle / "classify.py", "--self-check", "--unchecked", status=1)

    first, last = said.splitlines()
    assert first == "samples/000.png: cross here, disc in the run"
    assert last.startswith("self-check FAILED: 15 of 16 samples")


@pytest.mark.parametrize("script", ["classify.py --self-check", "camera.py", "benchmark.py"])
@pytest.mark.parametrize(
    "harm",
    [
        ("model.tflite", operator.itemgetter(slice(-1)), "model.tflite (1"),
        ("labels.txt", lambda data: data.replace(b"disc", b"disk"), "labels.txt (other content)"),
        ("agent.pyz", lambda data: None, "agent.pyz (missing)"),
        ("manifest.json", lambda data: data.replace(b'"pc"', b'"PC"'), "manifest.json is damaged"),
        ("manifest.json", lambda data: None, "manifest.json: cannot be read"),
    ],
    ids=["cut", "changed", "missing", "manifest changed", "manifest missing"],
)
def test_damaged_files_are_refused_by_every_script(
    bundle: Path, told: Told, script: str, harm: tuple[str, Callable[[bytes], bytes], str]
) -> None:
    name, change, says = harm
    content = change((bundle / name).read_bytes())
    (bundle / name).unlink()
    if content is not None:
        (bundle / name).write_bytes(content)
    file, *words = script.split()

    said, complained = told(bundle / file, *words, status=2)

    assert said == ""
    assert complained.startswith(f"{file}: ")
    assert says in complained
    assert "Traceback" not in complained


def test_whoever_stops_reading_gets_no_traceback(
    bundle: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    words = [bundle / "samples"] * 400  # more than a pipe holds
    with start(bundle / "classify.py", *words, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complained = process.stderr.read()

    assert process.returncode == 141
    assert "Traceback" not in complained


@pytest.mark.parametrize("out", [".", "..", "here.zip"])
def test_a_place_where_no_folder_can_lie_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"name a new one|is to be a folder"):
        check_target(Path(out), force=True)


def test_a_manifest_cannot_name_files_elsewhere(bundle: Path, told: Told) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["../outside"] = {"sha256": "0" * 64, "size_bytes": 1}
    content = json.dumps(manifest).encode()
    (bundle / "manifest.json").write_bytes(content)
    (bundle / "manifest.json.sha256").write_text(hashlib.sha256(content).hexdigest())

    _, complained = told(bundle / "classify.py", "--self-check", status=2)

    assert "../outside (may not be named)" in complained


def test_the_benchmark_follows_the_protocol(bundle: Path, told: Told) -> None:
    said, _ = told(bundle / "benchmark.py", "--json", "--seconds", "0", "--at-least", "20")

    result = json.loads(said)
    assert result["processor"] == "cpu"
    assert (
        result["model"]["sha256"]
        == hashlib.sha256((bundle / "model.tflite").read_bytes()).hexdigest()
    )
    assert result["inferences"] == len(result["raw"]["invoke_ms"]) == 20
    assert result["protocol"]["warm_up"] == 10

    said, _ = told(bundle / "benchmark.py", "--seconds", "0", "--at-least", "20")

    assert said.splitlines()[0].startswith("measured on the CPU: no Edge TPU took part; 20 inf")
    assert said.splitlines()[2].startswith("invoke alone ")


@pytest.mark.toolchain
def test_an_edge_tpu_is_used_where_its_library_takes_the_compiled_model(
    compiled_bundle: Path, tmp_path: Path, told: Told
) -> None:
    library = build(tmp_path, invoke_us=2_000)
    picture = compiled_bundle / "samples/000.png"

    said, where = told(compiled_bundle / "classify.py", picture, "--json", "--delegate", library)

    answer = json.loads(said)
    assert answer["processor"] == "edgetpu"
    assert answer["ms"] >= 2
    assert f"runs on the Edge TPU (the one that it found; {library}, ai-edge-litert" in where

    said, _ = told(
        compiled_bundle / "benchmark.py",
        *("--json", "--delegate", library, "--seconds", "0", "--at-least", "20"),
    )

    assert json.loads(said)["processor"] == "edgetpu"
    assert json.loads(said)["invoke_ms"]["min"] >= 2


def test_without_an_edge_tpu_the_cpu_answers_and_says_why(
    compiled_bundle: Path, told: Told
) -> None:
    said, where = told(compiled_bundle / "classify.py", "--self-check", "--delegate", "absent.so")

    assert "runs on the CPU (ai-edge-litert" in where
    assert "libedgetpu cannot be loaded (absent.so" in where
    assert "self-check passed: 16 of 16" in said

    _, complained = told(
        *(compiled_bundle / "classify.py", "--self-check", "--delegate", "absent.so"),
        *("--device", "usb:0"),
        status=2,
    )

    assert "classify.py: libedgetpu cannot be loaded" in complained


@pytest.mark.toolchain
def test_what_an_edge_tpu_answers_otherwise_fails_the_self_check(
    compiled_bundle: Path, tmp_path: Path, told: Told
) -> None:
    library = build(tmp_path)  # its answers are made up

    said, where = told(
        compiled_bundle / "classify.py", "--self-check", "--delegate", library, status=1
    )

    assert "runs on the Edge TPU" in where
    assert "self-check FAILED" in said.splitlines()[-1]


def test_the_same_run_gives_the_same_bytes(store: Store, run: RunRecord, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bundle(contents_of(store, run, "pc"), tmp_path / name, "bundle")

    first, second = ((tmp_path / f"{name}.zip").read_bytes() for name in ("one", "two"))

    assert first == second
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        packed = {name.removeprefix("bundle/"): archive.read(name) for name in archive.namelist()}
    lying = {
        path.relative_to(tmp_path / "one").as_posix(): path.read_bytes()
        for path in (tmp_path / "one").rglob("*")
        if path.is_file()
    }
    assert packed == lying


def test_the_manifest_tells_the_run_and_where_its_figures_come_from(
    store: Store, run: RunRecord
) -> None:
    files = contents_of(store, run, "pc")

    manifest = json.loads(files["manifest.json"])

    assert (manifest["schema"], manifest["run"]["id"]) == (1, run.id)
    assert manifest["config"] == run.config
    assert manifest["metrics"]["edgetpu_latency_ms"] == {"value": 0.5, "source": "estimated"}
    assert manifest["input"]["pixel_offset"] == -128
    assert set(manifest["files"]) == set(files) - {"manifest.json", "manifest.json.sha256"}
    assert source_of("edgetpu_latency_predicted_ms", {"edgetpu_latency_source": "measured"}) == (
        "estimated"
    )
    told = files["manifest.json.sha256"].split()
    assert told == [hashlib.sha256(files["manifest.json"]).hexdigest().encode(), b"manifest.json"]


@pytest.mark.parametrize("board", BOARDS)
def test_every_board_has_its_pages_without_a_gap(
    store: Store, compiled_run: RunRecord, board: str
) -> None:
    files = contents_of(store, compiled_run, board)

    for name in ("README.md", "Dockerfile", "coralexp-camera.service", "iotedge.json"):
        text = files[name].decode()
        words = [word.strip("`.,()") for word in text.split()]
        assert [word for word in words if word.startswith("@") and word.endswith("@")] == []
    agent = json.loads(files["iotedge.json"])["modulesContent"]["$edgeAgent"]["properties.desired"]
    options = json.loads(agent["modules"]["classifier"]["settings"]["createOptions"])
    place = "/dev/apex_0" if board == "dev_board" else "/dev/bus/usb"
    assert place in json.dumps(options["HostConfig"])
    assert "ARG RUNTIME=edgetpu" in files["Dockerfile"].decode()


def test_a_device_speaks_for_a_board(run: RunRecord, store: Store) -> None:
    def board(device: str) -> str:
        config = {"device": {"choice": device, "target": "x", "options": {}}}
        return board_of(drawn_run(store, config=config))

    assert [board(name) for name in ("dev_board_mini", "rpi4", "usb", "pcie")] == [
        "dev_board",
        "raspberry_pi",
        "pc",
        "pc",
    ]


def test_without_samples_no_picture_leaves(store: Store, run: RunRecord) -> None:
    files = contents_of(store, run, "pc", samples=0)

    assert [name for name in files if name.endswith(".png")] == []


def test_a_damaged_entry_is_not_bundled(tmp_path: Path) -> None:
    from coralexp.artifacts.store import Store

    store = Store(tmp_path)
    run = drawn_run(store)
    model = store.entry_of(run, "convert") / "model.tflite"
    model.write_bytes(model.read_bytes()[:-1])

    with pytest.raises(StoreError, match="is damaged; `coralexp store verify --repair`"):
        contents_of(store, run, "pc")


def test_the_command_writes_a_folder_and_a_zip_file(
    store: Store, run: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bundle", run.id, str(tmp_path / "signs"), "--store", str(store.root)]

    assert main(command) == 0
    told = capsys.readouterr().out
    assert main(command) == 2
    refused = capsys.readouterr().err
    assert main([*command, "--force", "--board", "raspberry_pi"]) == 0

    assert f"{tmp_path / 'signs'}: " in told
    assert "files for pc, 16 samples" in told
    assert "note: no model for the Edge TPU in it: edgetpu_compiler was not there" in told
    assert "signs is there already; --force replaces it" in refused
    assert "## Raspberry Pi" in (tmp_path / "signs/README.md").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signs", "signs.zip"]


def test_a_folder_of_something_else_is_never_replaced(
    store: Store, run: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("words")

    status = main(["bundle", run.id, str(tmp_path), "--force", "--store", str(store.root)])

    assert status == 2
    assert "is there, and is no bundle" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "words"


def test_every_script_can_be_read_by_python_3_7() -> None:
    for path in [*SOURCES, Path(coralexp.bundle.receive.__file__)]:
        ast.parse(path.read_text("utf-8"), feature_version=(3, 7))


def test_the_scripts_import_numpy_and_pillow_and_what_comes_with_python() -> None:
    found: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    foreign = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}
    own = (  # all of them are in the bundle
        "coralexp.bundle.files.bundled",
        "coralexp.boards.agent.",
        "coralexp.tflite.standardize",
    )

    assert {name for name in foreign if not name.startswith(own)} == {
        "PIL",
        "PIL.Image",
        "numpy",
        "numpy.typing",  # this and the next are read by type checkers alone
        "ai_edge_litert.interpreter",
    }


def _turned(picture: Image.Image, file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(file, exif=exif)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resize", ["crop", "stretch"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA", "CMYK", "I;16", "turned"])
def test_pixels_are_those_that_the_training_saw(
    tmp_path: Path, mode: str, resize: str, channels: int
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (90, 130, 4), np.uint8)
    picture = Image.fromarray(noise).resize((650, 450))
    file = tmp_path / ("picture.jpg" if mode in {"CMYK", "turned"} else "picture.png")
    if mode == "turned":
        _turned(picture.convert("RGB"), file)
    elif mode == "I;16":
        Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(file)
    else:
        picture.convert(mode).save(file)

    here = pictures.read_picture(file, 24, channels, resize)

    assert np.array_equal(here, decode(file.read_bytes(), 24, channels, resize))
