import hashlib
import re
from importlib.resources import files

import pytest

from annlab.errors import UsageError
from annlab.lab import ledger as ledger_module
from annlab.lab.ledger import LedgerError, experiments, ledger, parse_ledger, row, rows

HEADER = "id,experiment,source,section,kind,quantity,value,unit,comparison,config,statement\r\n"
GOOD = 'a.x,a,report-A,1,measured,loss,0.25,MSE,approx,"{""epochs"":10}",It is.\r\n'


def test_the_file_is_the_published_one_byte_for_byte():
    content = (files("annlab.lab") / "claims.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "35ea133861bfd72bdbd67380a4b464ebb7ae6221167d7a21c2b86bad5a3a5e7f"


def test_counts():
    kinds = [each.kind for each in ledger().values()]
    assert (len(kinds), kinds.count("measured"), kinds.count("derived"), kinds.count("qualitative")) == (774, 400, 97, 277)
    assert len(experiments()) == 35
    assert [len(rows(name)) for name in ("backprop-trace", "noise-and-optimisation", "personal-regression")] == [31, 67, 25]
    assert rows("no-such-study") == ()


@pytest.mark.parametrize(
    ("text", "half"),
    [("2.3", 0.05), ("2.30", 0.005), ("200", 0.5), ("-0.5456", 0.00005), ("1.2e-5", 5e-7), ("3", 0.5), ("0.0", 0.05), ("", 0.0)],
)
def test_half_of_the_last_printed_digit(text, half):
    line = GOOD.replace("0.25", text) if text else GOOD.replace("0.25", "").replace("measured", "derived").replace("approx", "")
    assert parse_ledger(HEADER + line)["a.x"].half_digit == half


def test_a_row_holds_its_fields():
    found = parse_ledger(HEADER + GOOD)["a.x"]
    assert (found.value, found.text, found.config, found.relation) == (0.25, "0.25", {"epochs": 10}, None)
    assert row("backprop-trace.step-reduces-loss").relation == ("less-than", "backprop-trace.loss.mse")


def test_an_unknown_row_suggests_the_nearest():
    with pytest.raises(UsageError, match=r"backprop-trace\.loss\.mse"):
        row("backprop-trace.loss.msee")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace("unit,", ""), "columns"),
        (HEADER + GOOD + GOOD, "occurs 2 times"),
        (HEADER + GOOD.replace("measured", "guessed"), "unknown kind"),
        (HEADER + GOOD.replace("approx", "roughly"), "unknown comparison"),
        (
            HEADER + GOOD.replace("approx", "greater-than:a.y").replace("0.25", "").replace("measured", "qualitative"),
            "refers to no other row",
        ),
        (HEADER + GOOD.replace("approx", "above:a.x").replace("0.25", "").replace("measured", "qualitative"), "refers to no other row"),
        (HEADER + GOOD.replace('"{""epochs"":10}"', "{"), "not JSON"),
        (HEADER + GOOD.replace('"{""epochs"":10}"', "[1]"), "JSON object"),
        (HEADER + GOOD.replace("0.25", "nan"), "must be a number"),
        (HEADER + GOOD.replace("0.25", ""), "goes with a value"),
        (HEADER + GOOD.replace("approx", ""), "goes with a value"),
        (HEADER + GOOD.replace("a.x", "b.x"), "does not begin with its experiment"),
        (HEADER + GOOD.replace(",It is.", ""), "wrong number of fields"),
        (HEADER + GOOD.replace("It is.", "It is.,more"), "wrong number of fields"),
    ],
)
def test_a_broken_ledger_is_refused(text, message):
    with pytest.raises(LedgerError, match=message):
        parse_ledger(text)


def test_every_comparison_with_another_row_stays_within_its_study():
    for each in ledger().values():
        if each.relation:
            assert ledger()[each.relation[1]].experiment == each.experiment


def test_values_are_read_as_printed():
    assert all(re.fullmatch(ledger_module.NUMBER, each.text) for each in ledger().values() if each.value is not None)
