"""What changes the digest of a study's code, and what does not."""

import shutil
import sys
from functools import reduce

import pytest

import annlab
from annlab.lab import provenance
from annlab.lab.discover import load_study
from annlab.lab.provenance import digest_of, environment

STUDY = '''"""A study."""
from dataclasses import dataclass
from annlab.lab import Outcome, Study, Figure, grid
import helpers
from helpers import scaled as rescaled
from annlab import draw

LEVELS = [1.0, 2.0]
TABLE = {}
TABLE["a"] = 1


@dataclass(frozen=True)
class Params:
    """Parameters."""
    level: float = 1.0

    def twice(self):
        return 2 * self.level


def measured(x):
    """What is measured."""
    return rescaled(x) + TABLE["a"]


def trial(params, ctx):
    # a comment
    return Outcome({"m": measured(params.twice())})


def drawn(results):
    return draw.curves(results.table)


figures = [Figure("f", drawn, "c")]
study = Study(name="s", title="S", sheet={}, version=1, params=Params(), trial=trial, grid=grid(level=LEVELS), figures=figures)
'''
HELPERS = '''"""Helpers."""


def scaled(x):
    return 3 * x


def unused(x):
    return x
'''


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """Digest of the study with replacements made in its file and in that of its helpers."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(*changes, helpers=()):
        texts = {"my_study.py": (STUDY, changes), "helpers.py": (HELPERS, helpers)}
        for name, (text, replacements) in texts.items():
            assert all(old in text for old, _ in replacements)
            (tmp_path / name).write_text(reduce(lambda held, pair: held.replace(*pair), replacements, text))
        for name in [name for name in sys.modules if name == "helpers" or "my_study" in name]:
            del sys.modules[name]
        provenance._parsed.cache_clear()
        provenance._definitions_of.cache_clear()
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        return digest_of(load_study(tmp_path / "my_study.py"))

    yield of
    for name in [name for name in sys.modules if name == "helpers" or "my_study" in name]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "change",
    [
        ("draw.curves(results.table)", "draw.race(results.table)"),
        ('"c")', '"another caption")'),
        ('"""What is measured."""', '"""Other words."""'),
        ('"""A study."""', '"""Another question?"""'),
        ("# a comment", "# another comment\n"),
        ('title="S"', 'title="T"'),
        ("[1.0, 2.0]", "[1.0, 3.0]"),  # the grid's values stand in the keys
        ('"""Parameters."""', '"""The parameters."""'),
    ],
    ids=lambda change: change[1],
)
def test_figures_words_and_the_grid_do_not_count(digest, change):
    assert digest(change) == digest()


@pytest.mark.parametrize(
    "change",
    [
        ('{"m": measured', '{"n": measured'),
        ('rescaled(x) + TABLE["a"]', 'rescaled(x) - TABLE["a"]'),
        ('TABLE["a"] = 1', 'TABLE["a"] = 2'),
        ("TABLE = {}", "TABLE = dict()"),
        ("2 * self.level", "3 * self.level"),
        ("import scaled as rescaled", "import unused as rescaled"),
    ],
    ids=lambda change: change[1],
)
def test_what_the_trial_reaches_by_name_counts(digest, change):
    assert digest(change) != digest()


def test_of_a_helper_beside_the_file_counts_what_is_used(digest):
    assert digest(helpers=[("3 * x", "4 * x")]) != digest()
    assert digest(helpers=[("return x\n", "return -x\n")]) == digest()


def modules_of(tmp_path, imports):
    """Modules of the package that count for a study that imports so."""
    path = tmp_path / f"study_{abs(hash(imports))}.py"
    path.write_text(
        f"from dataclasses import dataclass\nfrom annlab.lab import Outcome, Study\n{imports}\n"
        "@dataclass(frozen=True)\nclass Params:\n    level: float = 1.0\n"
        "def trial(params, ctx):\n    return Outcome({'m': used})\n"
        "study = Study(name='s', title='S', sheet={}, version=1, params=Params(), trial=trial)\n"
    )
    walk = provenance._Walk()
    walk.study("m", path, "s")
    return {name.removeprefix("annlab.") for name in walk._whole}


def test_a_name_from_a_package_counts_its_own_module_and_what_that_imports(tmp_path):
    found = modules_of(tmp_path, "from annlab.nets import MLP as used")
    assert {"lab.streams", "nets.mlp", "nets.activations"} <= found
    assert "nets.stacked_mlp" not in found
    assert not {name for name in found if name.startswith(("draw", "models", "lab.run", "train"))}


def test_packages_modules_and_lazy_names_are_followed(tmp_path):
    assert "nets.stacked_mlp" in modules_of(tmp_path, "import annlab.nets as used")
    assert "nets.stacked_mlp" in modules_of(tmp_path, "from annlab import nets as used")
    assert "nets.mlp" in modules_of(tmp_path, "from annlab.nets.mlp import MLP as used")
    assert "models.mlp" in modules_of(tmp_path, "from annlab import MLPRegressor as used")
    assert modules_of(tmp_path, "from annlab.draw import curves as used") == {"lab.streams"}
    assert modules_of(tmp_path, "import numpy as used") == {"lab.streams"}


def test_an_import_inside_the_trial_counts(tmp_path, digest):
    inside = digest(("# a comment", "from annlab.nets import MLP"))
    assert inside != digest()


def test_a_study_without_a_file_is_known_by_its_functions():
    from dataclasses import replace

    from lab_tools import toy

    space: dict[str, object] = {}
    exec("def one(params, ctx):\n    return 1\ndef same(params, ctx):\n    return 1\ndef two(params, ctx):\n    return 2", space)
    one, same, two = (digest_of(replace(toy("toy"), trial=space[name])) for name in ("one", "same", "two"))
    assert one == same != two


def test_the_environment_names_versions_and_device():
    found = environment()
    assert found["annlab"] == annlab.__version__
    assert found["python"] == sys.version.split()[0]
    assert found["device"]


def test_an_estimator_more_makes_no_other_study_stale(tmp_path):
    found = modules_of(tmp_path, "from annlab.models import HopfieldNetwork as used")
    assert "models.hopfield" in found
    assert not found & {"models", "nets", "models.persistence", "models.mlp", "nets.transformer"}
