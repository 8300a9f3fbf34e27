"""A run record may come from anywhere: whatever is in it, nothing but a record comes out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.artifacts.record import RunRecord, StageRecord, from_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["../../x", "/etc/passwd", "C:\\x", "RUNNING", "run", "0" * 20, ".."]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=8,
)


def full() -> RunRecord:
    return RunRecord(
        id="20261123-165012-3f2a9c",
        kind="run",
        host="lab",
        pid=4711,
        pid_started=1795456200.5,
        started=1795456212.25,
        sweep="20261123-165011-aaaaaa",
        jobs=["20261123-165012-3f2a9c"],
        overrides=["quant=ptq"],
        config={"quant": {"choice": "ptq", "options": {}}, "seed": 42},
        stages={"train": StageRecord("0" * 20, 1.5, reused=True, made_in_s=60.0)},
        metrics={"accuracy": 0.9375, "train.loss": 1},
        tags={"student": "7"},
        state="FINISHED",
        ended=1795456213.0,
        environment={"python": "3.11"},
        imported="07.zip",
    )


FIELDS = json.loads(full().to_json())
PLACES = [
    *((name,) for name in FIELDS),
    ("stages", "train"),
    *(("stages", "train", name) for name in FIELDS["stages"]["train"]),
    ("metrics", "accuracy"),
    ("tags", "student"),
    ("overrides", 0),
    ("jobs", 0),
    ("environment", "python"),
]


def changed(place: tuple[str | int, ...], value: object) -> dict[str, object]:
    fields = json.loads(full().to_json())
    inner = fields
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return fields


def test_a_record_comes_back_with_the_file_that_brought_it() -> None:
    assert from_json(full().to_json()) == full()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_any_value_in_any_place_gives_a_record_or_a_reason(
    place: tuple[str | int, ...], value: object
) -> None:
    try:
        record = from_json(json.dumps(changed(place, value)))
    except ValueError as error:
        assert "not a run record of schema 1" in str(error)  # noqa: PT017 - one of two ends
        return
    names = [record.id, record.sweep or record.id, *record.jobs, *record.stages, *record.metrics]
    names += [stage.key for stage in record.stages.values()]
    assert not [name for name in names if "\\" in name or ".." in name.split("/")]
    assert not [name for name in names if name.startswith("/")]
    again = json.loads(from_json(record.to_json()).to_json())
    assert json.dumps(again) == json.dumps(json.loads(record.to_json()))


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_text_gives_a_record_or_a_reason(value: object) -> None:
    with pytest.raises(ValueError, match="not a run record of schema 1"):
        from_json(json.dumps(value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("id",), "../../../home/x"),
        (("id",), "20261123-165012-3f2a9c\n"),
        (("id",), "20261123-165012-3f2a9c/../x"),
        (("sweep",), ".."),
        (("jobs", 0), "*"),
        (("stages", "train", "key"), "../" * 6 + "ab"),
        (("stages", "train", "key"), "0" * 21),
        (("stages", "../runs"), FIELDS["stages"]["train"]),
        (("stages", "train", "extra"), 1),
        (("metrics", "../../accuracy"), 1.0),
        (("metrics", "/accuracy"), 1.0),
        (("metrics", "accuracy"), True),
        (("metrics", "accuracy"), "0.9"),
        (("tags", "student"), 3),
        (("state",), "DONE"),
        (("kind",), ["run"]),
        (("pid",), -1),
        (("started",), 1e300),
        (("started",), float("nan")),
        (("ended",), "soon"),
        (("config", "quant"), {"choice": ["ptq"]}),
        (("logged",), "yes"),
        (("number",), 1 << 70),
    ],
)
def test_what_would_lead_astray_is_refused_by_the_name_of_its_field(
    place: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValueError, match=f"schema 1: '{place[0]}'"):
        from_json(json.dumps(changed(place, value)))


@pytest.mark.parametrize("name", ["id", "kind", "host", "pid", "pid_started", "started", "stages"])
def test_what_is_missing_is_named(name: str) -> None:
    fields = {key: value for key, value in FIELDS.items() if key != name}

    with pytest.raises(ValueError, match=f"'{name}' is missing"):
        from_json(json.dumps(fields))


def test_a_record_that_came_from_nowhere_is_written_as_it_always_was() -> None:
    record = full()
    record.imported = None

    assert "imported" not in json.loads(record.to_json())
