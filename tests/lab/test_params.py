from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annlab.errors import UsageError
from annlab.lab.params import as_dict, canonical, parse, resolve


@dataclass(frozen=True)
class Params:
    sizes: tuple[int, ...] = (50, 50)
    rate: float = 1
    epochs: int = 10
    optimizer: Literal["sgd", "adam"] = "sgd"
    batch: int | None = None
    momentum: float | None = 0.9
    nesterov: bool = False
    label: str | None = None
    point: tuple[float, int] = (0.5, 1)


DEFAULTS = Params()


def test_values_take_the_type_of_their_field():
    found = resolve(DEFAULTS, {"sizes": [3, 4.0], "rate": 2, "epochs": np.int64(7), "point": (1, 2)})
    assert found.sizes == (3, 4)
    assert all(type(size) is int for size in found.sizes)
    assert type(found.rate) is float
    assert type(found.epochs) is int
    assert type(found.point[0]) is float


def test_a_default_takes_the_type_of_its_field_too():
    assert canonical(resolve(DEFAULTS, {})) == canonical(resolve(DEFAULTS, {"rate": 1.0}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 1.5),
        ("epochs", True),
        ("epochs", float("nan")),
        ("rate", "fast"),
        ("rate", True),
        ("optimizer", "adagrad"),
        ("nesterov", 1),
        ("sizes", 50),
        ("sizes", (1.5,)),
        ("point", (1.0,)),
        ("batch", "all"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(name, value):
    with pytest.raises(UsageError, match=f"parameter '{name}' takes .*, got"):
        resolve(DEFAULTS, {name: value})


def test_an_unknown_parameter_gets_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'optimizer'"):
        resolve(DEFAULTS, {"optimiser": "sgd"})
    with pytest.raises(UsageError, match="did you mean 'epochs'"):
        parse(DEFAULTS, "epoch", "3")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sizes", "(50,50)", (50, 50)),
        ("sizes", "20", (20,)),
        ("sizes", "()", ()),
        ("rate", "1e-3", 0.001),
        ("rate", "inf", float("inf")),
        ("optimizer", "adam", "adam"),
        ("batch", "none", None),
        ("batch", "40", 40),
        ("momentum", "None", None),
        ("nesterov", "yes", True),
        ("nesterov", "false", False),
        ("label", "none", None),
        ("label", "none of them", "none of them"),
        ("point", "0.5, 3", (0.5, 3)),
    ],
)
def test_text_is_read_by_the_type_of_its_field(name, text, value):
    found = parse(DEFAULTS, name, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "text"), [("epochs", "1.5"), ("rate", "nan"), ("optimizer", "ADAM"), ("sizes", "a,b"), ("point", "1")])
def test_text_that_does_not_fit_is_refused(name, text):
    with pytest.raises(UsageError, match=f"parameter '{name}'"):
        parse(DEFAULTS, name, text)


@given(st.floats(allow_nan=False), st.lists(st.integers(0, 10**6), max_size=4), st.none() | st.integers())
def test_what_is_shown_can_be_read_again(rate, sizes, batch):
    params = resolve(DEFAULTS, {"rate": rate, "sizes": sizes, "batch": batch})
    for name, value in as_dict(params).items():
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        if value is not None or name != "label":
            assert parse(DEFAULTS, name, shown) == value


def test_the_identity_does_not_depend_on_numpy_types():
    plain, numpy_typed = Params(rate=0.1, epochs=3), Params(rate=np.float64(0.1), epochs=np.int32(3))
    assert canonical(plain) == canonical(numpy_typed)
    assert canonical(plain).startswith('{"batch":null,"epochs":3,')


def test_a_parameter_that_json_lacks_is_refused():
    with pytest.raises(TypeError, match="a parameter must be"):
        canonical(Params(label=object()))
