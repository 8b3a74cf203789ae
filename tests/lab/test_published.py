"""The verdict table that ships: kept study by study, read back as written, never with what is no JSON."""

import json
import math

from annlab.lab.published import Published, merge, published, read, save
from annlab.lab.verdicts import VERDICTS, Verdict

MADE = {"device": "a processor", "versions": {"torch": "2.13.0"}}


def verdict(study: str, number: int, name: str = "reproduced", measured: float | None = 1.0) -> Verdict:
    return Verdict(f"{study}.{number}", study, "measured", name, "because", claimed=1.0, measured=measured, n=5, profile="standard")


def test_a_study_takes_the_place_of_its_older_verdicts():
    old = merge(Published(), [verdict("b", 1), verdict("a", 1)], **MADE)
    new = merge(old, [verdict("b", 1, "refuted")], "another", {})
    assert [(each.id, each.verdict) for each in new.verdicts] == [("a.1", "reproduced"), ("b.1", "refuted")]
    assert new.made["a"]["device"] == "a processor"
    assert new.made["b"]["device"] == "another"
    assert "a processor, torch 2.13.0" in new.label("a")
    assert new.label("c") == ""


def test_reads_what_was_written(tmp_path):
    place = tmp_path / "table.json"
    save(merge(Published(), [verdict("a", 1), verdict("a", 2, "not-run", measured=math.nan)], **MADE), place)
    back = read(place)
    assert back.verdicts[0].record() == verdict("a", 1).record()
    assert back.of("a")["a.2"].measured is None
    assert len(json.loads(place.read_text())["verdicts"]) == 2
    assert read(tmp_path / "absent.json") == Published()


def test_the_table_that_ships_answers_rows_of_the_ledger():
    from annlab.lab.ledger import ledger

    rows = ledger()
    for each in published().verdicts:
        assert rows[each.id].experiment == each.study
        assert each.verdict in VERDICTS
