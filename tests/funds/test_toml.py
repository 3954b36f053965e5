"""Broken funds.toml files: each complaint names file, line, key and what to do, in one line."""

from __future__ import annotations

import pytest

from research.errors import DataFileError
from research.funds.toml import parse_funds

GOOD = """\
# a fund of one's own
[fund.MINE]
name = "Mine"
issuer = "Me"
kind = "spot"
asset = "ether"
listed = { value = 2024-07-23, source = "me", status = "READ" }
benchmark = { value = "Index", source = "me", status = "READ" }

[fund.MINE.fee]
source = "me"
status = "READ"
[[fund.MINE.fee.periods]]
start = 2024-07-23
end = 2025-07-22
tiers = [{ rate = 0.0, up_to = 1e9 }, { rate = 0.002 }]
[[fund.MINE.fee.periods]]
start = 2025-07-23
tiers = [{ rate = 0.002 }]

[fund.MINE.series.nav]
file = "nav.csv"
column = "nav"
clock = "16:00 America/New_York"
unit = "USD"
provider = "me"
"""


def complaint(text):
    with pytest.raises(DataFileError) as caught:
        parse_funds(text if isinstance(text, bytes) else text.encode(), "funds.toml")
    message = str(caught.value)
    assert "\n" not in message
    assert "pydantic" not in message
    return message


def changed(old, new):
    assert GOOD.count(old) == 1
    return complaint(GOOD.replace(old, new))


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_a_good_file_is_read(text):
    (mine,) = parse_funds(text.encode(), "funds.toml")
    assert mine.ticker == "MINE"
    assert [period.is_flat for period in mine.fee_schedule.periods] == [False, True]


def test_syntax_names_the_line():
    assert "at line 3" in changed('name = "Mine"', 'name = "Mine')


def test_bytes_that_are_no_text():
    assert complaint(b"\xff\xfe[fund.A]").startswith("funds.toml: not UTF-8 text at byte 0")
    assert "not valid TOML" in complaint(b"\x00\x01")


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_file_without_funds(text):
    assert complaint(text) == "funds.toml: describes no fund: add a table such as [fund.ETHV]"


def test_tables_that_are_no_funds():
    assert complaint("[fund]\nETHV = 1\n").startswith("funds.toml:1: fund must be tables")
    assert complaint("[[fund]]\nticker = 'A'\n").startswith("funds.toml:1: fund must be tables")
    assert complaint(GOOD + "\n[found.X]\n").startswith("funds.toml:28: unknown key found")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('issuer = "Me"', 'isuer = "Me"', ["funds.toml:2", "fund.MINE.issuer", "is missing"]),
        (
            'asset = "ether"',
            'asset = "ether"\ncustodain = 1',
            [":7", "fund.MINE.custodain", "did you mean 'custodian'"],
        ),
        ('kind = "spot"', 'kind = "sport"', [":5", "fund.MINE.kind", "'sport'", "'spot'"]),
        (
            "{ rate = 0.0, up_to = 1e9 }",
            "{ rate = 20, up_to = 1e9 }",
            [":16", "periods[0].tiers[0].rate", "0.0020 is 0.20 %"],
        ),
        ("tiers = [{ rate = 0.002 }]", "tiers = [{ rate = 'x' }]", [":19", "periods[1].tiers[0].rate", "'x'"]),
        ("up_to = 1e9", "up_to = nan", [":16", "tiers[0].up_to", "finite"]),
        ("start = 2025-07-23", "start = 2025-07-24", [":10", "fund.MINE.fee", "instead of 2025-07-23"]),
        ("start = 2025-07-23", "start = 'soon'", [":18", "periods[1].start", "write a date without quotes"]),
        ("end = 2025-07-22", "end = 2024-01-01", [":13", "periods[0]", "before its start"]),
        ('file = "nav.csv"', 'file = "../nav.csv"', [":22", "series.nav.file", "leaves its folder"]),
        ('file = "nav.csv"', 'file = "/nav.csv"', [":22", "series.nav.file", "not relative"]),
        ('clock = "16:00 America/New_York"', 'clock = "16:00 NY"', [":24", "series.nav.clock", "does not exist"]),
        ("[fund.MINE.series.nav]", "[fund.MINE.series.price]", [":21", "series.price", "'nav'"]),
        (
            "listed = { value = 2024-07-23,",
            "listed = { value = '2024',",
            [":7", "fund.MINE.listed", "date without quotes"],
        ),
        ('column = "nav"', "column = 3", [":23", "series.nav.column", "is 3"]),
        ('issuer = "Me"', 'ticker = "X"', [":4", "the table's name is the ticker"]),
        ("[fund.MINE.fee]\n", "[fund.MINE.fees]\n", ["fund.MINE.fee"]),
    ],
)
def test_each_fault_is_named_with_line_key_and_advice(old, new, parts):
    message = changed(old, new)
    assert all(part in message for part in parts), message


def test_a_missing_fee_says_how_to_call_it_unknown():
    text = GOOD[: GOOD.index("[fund.MINE.fee]")] + GOOD[GOOD.index("[fund.MINE.series") :]
    assert 'fee = "unknown"' in complaint(text)


def test_a_bad_ticker_is_named():
    assert "fund.a b" in complaint(GOOD.replace("fund.MINE", 'fund."a b"'))


def test_the_same_ticker_in_another_case_is_refused():
    twin = GOOD + "\n" + GOOD.replace("MINE", "mine")
    assert "is there twice, as MINE too" in complaint(twin)


def test_several_faults_are_counted():
    text = GOOD.replace('kind = "spot"', 'kind = "a"').replace('unit = "USD"', "unit = 1")
    assert complaint(text).endswith("(and 1 more)")


def test_yaml_and_json_are_not_toml():
    assert "not valid TOML" in complaint("fund:\n  MINE: 1\n")
    assert "not valid TOML" in complaint('{"fund": {}}')


KNOWN = 'known = [{ date = 2025-03-06, series = "close", rule = "stale_value", why = "looked at" }]'


def with_known(text=KNOWN):
    return GOOD.replace('asset = "ether"\n', f'asset = "ether"\n{text}\n')


def test_findings_can_be_acknowledged():
    (mine,) = parse_funds(with_known().encode(), "funds.toml")
    assert str(mine.known[0]) == "stale_value of close on 2025-03-06: looked at"
    assert "stale_value of close on 2025-03-06: looked at" in str(mine)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"stale_value"', '"stale_valu"', "known[0].rule: unknown screen 'stale_valu': did you mean 'stale_value'?"),
        ('"close"', '"closes"', "known[0].series: unknown series 'closes': did you mean 'close'?"),
        ('why = "looked at"', 'why = ""', "known[0].why: is '': "),
        (', why = "looked at"', "", "known[0].why: is missing; say in words what somebody found who looked at it"),
        ("2025-03-06", "2025-03-06T16:00:00", "known[0].date: the date is 2025-03-06 16:00:00: write a day"),
        ('why = "looked at"', 'why = "looked at", reason = "so"', "known[0].reason: no such key"),
    ],
)  # fmt: skip
def test_an_acknowledgement_is_read_strictly(old, new, told):
    assert told in complaint(with_known(KNOWN.replace(old, new)))
