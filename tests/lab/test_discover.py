import os
import subprocess
import sys
from dataclasses import replace

import pytest
from lab_tools import TOYS, toy

from annlab.errors import UsageError
from annlab.lab import discover
from annlab.lab.discover import Source, catalogue, load_study, source_of, studies_in, study_needed

ONE = (
    '"""Does it work?\n\nMore words."""\nfrom dataclasses import dataclass\nfrom annlab.lab import Outcome, Study\n'
    'NAME = "{name}"\n@dataclass(frozen=True)\nclass Params:\n    level: float = 1.0\n'
    "def trial(params, ctx):\n    return Outcome()\n"
    '{bound} = Study(name=NAME, title="Mine", sheet={{"2024": "0.1"}}, version=1, params=Params(), trial=trial)\n'
)


def test_the_catalogue_reads_without_importing():
    code = "import sys\nfrom annlab.lab.discover import catalogue\ncards = catalogue()\nassert cards\n"
    code += "assert not [m for m in sys.modules if m.startswith('annlab.studies.supervised.')]\nassert 'torch' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_card_of_the_package_leads_to_its_study():
    pytest.importorskip("torch")
    for card in catalogue():
        study = load_study(card.name)
        assert (study.name, study.title, dict(study.sheet)) == (card.name, card.title, dict(card.sheet))
        assert card.question
        assert source_of(study).load() is study


def test_a_card_holds_the_question_and_constants_are_followed(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONE.format(name="mine", bound="study"))
    card = next(iter(discover._read(path, "m")))
    assert (card.name, card.title, card.sheet, card.question) == ("mine", "Mine", {"2024": "0.1"}, "Does it work?")


def test_a_study_of_ones_own_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONE.format(name="mine", bound="anything"))
    study = load_study(path)
    assert study.name == "mine"
    assert load_study(str(path)) is study
    assert source_of(study) == Source("", str(path), "mine")
    assert source_of(study).load() is study


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text(ONE.format(name="before", bound="study"))
    before = load_study(path)
    path.write_text(ONE.format(name="after", bound="study"))
    os.utime(path, ns=(1, 1))
    assert load_study(path).name == "after"
    assert source_of(before) is None
    path.write_text("1 / 0")
    os.utime(path, ns=(2, 2))
    with pytest.raises(ZeroDivisionError):
        load_study(path)


def test_a_file_with_several_studies_wants_a_name_unless_one_is_called_study():
    assert load_study(TOYS).name == "toy"
    assert toy("toy-stacked").name == "toy-stacked"
    with pytest.raises(UsageError, match="did you mean 'toy-stacked'"):
        load_study(f"{TOYS}:toy-stakked")


def test_files_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        load_study(tmp_path / "absent.py")
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="it holds none"):
        load_study(tmp_path / "empty.py")
    (tmp_path / "two.py").write_text(ONE.format(name="a", bound="a") + "from dataclasses import replace\nb = replace(a, name='b')\n")
    with pytest.raises(UsageError, match="several: a, b; add ':name'"):
        load_study(tmp_path / "two.py")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    for _ in range(2):  # a module that broke is not taken for loaded
        with pytest.raises(ZeroDivisionError):
            load_study(tmp_path / "broken.py")


def test_an_unknown_name_gets_the_nearest():
    near = catalogue()[0].name
    with pytest.raises(UsageError, match=f"unknown study '{near}x'; did you mean '{near}'"):
        load_study(near + "x")


def test_a_study_made_in_passing_has_no_source():
    passing = replace(toy("toy"), version=9)
    assert source_of(passing) is None
    assert studies_in(sys.modules[toy("toy").trial.__module__])["toy"] is toy("toy")


def test_what_a_study_needs_is_found_beside_it_first():
    assert study_needed("toy-stacked", toy("toy-needy")) is toy("toy-stacked")
    with pytest.raises(UsageError, match="unknown study"):
        study_needed("nobody", toy("toy-needy"))


def test_studies_of_other_packages_come_by_their_entry_point(tmp_path, monkeypatch):
    from importlib.metadata import EntryPoint

    (tmp_path / "elsewhere_studies.py").write_text(ONE.format(name="elsewhere", bound="study"))
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint("elsewhere", "elsewhere_studies", "annlab.studies"), EntryPoint("gone", "no_such_module", "annlab.studies")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points if group == "annlab.studies" else [])
    discover._cards.cache_clear()
    try:
        cards = {card.name: card for card in catalogue()}
        assert cards["elsewhere"].question == "Does it work?"
        assert load_study("elsewhere").title == "Mine"
        with pytest.raises(UsageError, match="no_such_module"):
            load_study("gone")
    finally:
        discover._cards.cache_clear()
        sys.modules.pop("elsewhere_studies", None)
