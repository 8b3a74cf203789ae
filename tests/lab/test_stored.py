import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from lab_tools import edit_json, outcome_bits, put

from annlab.lab import Outcome, Store
from annlab.lab.jobs import Job
from annlab.lab.stored import DamagedJobError, StoredJob

JOB = Job("toy", 1, {"level": 0.5}, (0,))
NAMES = st.text(min_size=1, max_size=8)
NUMBERS = st.floats(width=64) | st.integers(-(2**80), 2**80)
ARRAYS = hnp.arrays(
    st.sampled_from(["f8", "f4", "f2", "i8", "u1", "i2", "?", ">f4"]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
)


@given(metrics=st.dictionaries(NAMES, NUMBERS, max_size=4), arrays=st.dictionaries(NAMES, ARRAYS, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_come_back_bit_for_bit(tmp_path_factory, metrics, arrays):
    native = {name: array.astype(array.dtype.newbyteorder("=")) for name, array in arrays.items()}
    stored = put(Store(tmp_path_factory.mktemp("s")), JOB, [Outcome(metrics=metrics, timings=metrics, arrays=arrays)])
    again = stored.outcome(0)
    assert outcome_bits(again) == outcome_bits(Outcome(metrics=metrics, arrays=native))
    assert list(again.metrics) == list(metrics)
    assert outcome_bits(Outcome(again.timings)) == outcome_bits(Outcome(metrics))


@given(
    values=hnp.arrays("f8", st.integers(0, 5)),
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4), max_size=5),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_series_come_back_with_their_text(tmp_path_factory, values, words):
    series = {"loss": {"epoch": np.arange(len(values)), "value": values}, "words": {"word": words}}
    again = put(Store(tmp_path_factory.mktemp("s")), JOB, [Outcome(series=series)]).outcome(0).series
    assert list(again) == ["loss", "words"]
    assert again["loss"]["value"].tobytes() == values.tobytes()
    assert again["words"]["word"].tolist() == words


def test_transposed_arrays_lists_and_tensors_are_taken(tmp_path):
    torch = pytest.importorskip("torch")
    array = np.arange(6.0).reshape(2, 3)
    outcome = Outcome(arrays={"turned": array.T, "list": [1, 2], "tensor": torch.ones(2, requires_grad=True)})
    again = put(Store(tmp_path), JOB, [outcome]).outcome(0).arrays
    np.testing.assert_array_equal(again["turned"], array.T)
    np.testing.assert_array_equal(again["list"], [1, 2])
    np.testing.assert_array_equal(again["tensor"], np.ones(2, np.float32))


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (Outcome(arrays={"a": np.array([None])}), "array 'a' must hold numbers"),
        (Outcome(arrays={"a": np.array(["x"])}), "text belongs in a series"),
        (Outcome(arrays={"a": np.array([1j])}), "array 'a' must hold numbers"),
        (Outcome(series={"s": {"c": [None, 1]}}), "column 'c' of series 's' must hold"),
        (Outcome(series={"s": {"c": [[1], [2]]}}), "must have one dimension"),
        (Outcome(models={"../m": None}), "model name '../m' may have"),
    ],
)
def test_what_cannot_be_kept_is_named(tmp_path, outcome, message):
    with pytest.raises(TypeError, match=message):
        put(Store(tmp_path), JOB, [outcome])


def test_arrays_are_read_when_asked_for(tmp_path):
    stored = put(Store(tmp_path), JOB, [Outcome(metrics={"m": 1.0}, arrays={"a": np.ones(3)})])
    again = StoredJob.read(stored.folder).outcome(0)
    (stored.folder / "arrays.safetensors").unlink()
    assert again.metrics == {"m": 1.0}
    assert list(again.arrays) == ["a"]
    with pytest.raises(DamagedJobError, match=r"arrays\.safetensors cannot be read"):
        again.arrays["a"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "run.json").write_text("{"),
        lambda folder: (folder / "run.json").write_bytes(b"\xff\xfe"),
        lambda folder: (folder / "run.json").write_text("[]"),
        lambda folder: (folder / "arrays.safetensors").write_bytes((folder / "arrays.safetensors").read_bytes()[:-1]),
        lambda folder: (folder / "arrays.safetensors").unlink(),
        lambda folder: edit_json(folder / "run.json", lambda held: held.update(key="0" * 64)),
        lambda folder: edit_json(folder / "run.json", lambda held: held["spec"]["params"].update(level=0.25)),
        lambda folder: edit_json(folder / "run.json", lambda held: held.pop("outcomes")),
        lambda folder: edit_json(folder / "run.json", lambda held: held.update(format=99)),
    ],
)
def test_damage_is_found_on_reading(tmp_path, damage):
    stored = put(Store(tmp_path), JOB, [Outcome(arrays={"a": np.ones(3)})])
    damage(stored.folder)
    with pytest.raises(DamagedJobError, match=r"run\.json|arrays\.safetensors"):
        StoredJob.read(stored.folder)


def test_a_changed_number_is_found_by_the_checksum(tmp_path):
    stored = put(Store(tmp_path), JOB, [Outcome(arrays={"a": np.ones(3)})])
    stored.check()
    path = stored.folder / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(DamagedJobError, match="differs from what was written"):
        StoredJob.read(stored.folder).check()


class Model:
    def save(self, path):
        path.mkdir()
        (path / "weights").write_text("w")


@pytest.mark.parametrize(("keep", "kept"), [("first", (0,)), ("all", (0, 1)), ("none", ())])
def test_models_are_kept_of_the_replicates_asked_for(tmp_path, monkeypatch, keep, kept):
    import annlab

    monkeypatch.setitem(vars(annlab), "load", lambda path: (path / "weights").read_text())
    job = Job("toy", 1, {}, (0, 1), stacked=True)
    stored = put(Store(tmp_path), job, [Outcome(models={"net": Model()})] * 2, keep=keep)
    assert [r for r in (0, 1) if stored.models_of(r)] == list(kept)
    assert all(stored.outcome(r).models["net"] == "w" for r in kept)
    assert stored.lacks_models() is (keep != "all")


def test_what_is_written_is_json_for_any_reader(tmp_path):
    stored = put(Store(tmp_path), JOB, [Outcome(metrics={"a": float("nan"), "b": float("-inf"), "c": 0.1})])
    held = json.loads((stored.folder / "run.json").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert held["outcomes"]["0"]["metrics"] == {"a": "nan", "b": "-inf", "c": 0.1}
