"""Every notebook of a lab runs, on pictures few and small: so does its experiment.

`make labs` runs them all; with the other tests runs the shortest alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "experiments"
SHORTEST = "tinyml_mnist_qat"
SMALL = {
    "lab2_transfer_ptq": ["dataset.side_px=32", "dataset.limit=30"],
    "lab2_face_mask": ["dataset.side_px=32", "dataset.limit=20"],
    "tinyml_cats_vs_dogs": ["dataset.side_px=32", "dataset.limit=20"],
    "tinyml_mnist_qat": ["dataset.side_px=16", "dataset.limit=60"],
    "convnet_pooling": ["dataset.side_px=16", "dataset.limit=40"],
    "vgg16_feature_extraction": ["dataset.limit=30"],
    "vgg16_fine_tuning": ["dataset.limit=30", "training.fine_tune_epochs=1"],
    "cifar10_tutorial": ["dataset.limit=40"],
    "glyph_reader": ["dataset.side_px=32", "dataset.limit=60"],
    "glyph_reader_end_to_end": ["dataset.side_px=32", "dataset.limit=60"],
    "pareto_front": ["dataset.side_px=32", "dataset.limit=30", "backbone.width=0.25"],
    "quantization_modes": ["dataset.side_px=32", "dataset.limit=30"],
}


def run(name: str, folder: Path) -> list[str]:
    """Run a notebook with small overrides in a folder; return the texts that it shows."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(FOLDER / name / "lab.ipynb", as_version=4)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    small = ["training.epochs=1", "training.batch_size=8", *SMALL[name]]
    parameters.source = f"overrides = {small!r}"
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [
        output["data"]["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]


def hold(name: str, folder: Path) -> None:
    states, result = run(name, folder)
    assert "FINISHED" in states
    assert "FAILED" not in states
    assert len(result.splitlines()) > 1


@pytest.mark.tf
@pytest.mark.mlflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's own packages
def test_the_shortest_notebook_runs(tmp_path: Path) -> None:
    hold(SHORTEST, tmp_path)


@pytest.mark.labs
@pytest.mark.parametrize("name", sorted(set(SMALL) - {SHORTEST}))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    hold(name, tmp_path)
