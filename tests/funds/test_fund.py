"""A fund reads well, names what is missing, and cannot be changed by accident."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from research.errors import DataError
from research.funds import Fact, Fund, SeriesSource
from research.opening import fund

LISTED = {"value": dt.date(2024, 7, 23), "source": "by hand", "status": "READ"}
INDEX = {"value": "Some Index - New York", "source": "by hand", "status": "READ"}
PLAIN = {
    "ticker": "SIM-1",
    "name": "A fund",
    "issuer": "Nobody",
    "kind": "spot",
    "asset": "ether",
    "listed": LISTED,
    "benchmark": INDEX,
    "fee": "unknown",
}
SERIES = {"table": "ethv", "column": "index", "clock": "16:00 America/New_York", "unit": "USD", "provider": "x"}


def test_a_fund_can_be_made_by_hand_with_an_unknown_fee():
    made = Fund(**PLAIN)
    assert made.fee is None
    assert made.first_day == dt.date(2024, 7, 23)
    assert Fund(**{**PLAIN, "fee": None}) == made


def test_a_fee_must_be_stated_or_called_unknown():
    with pytest.raises(ValidationError, match="fee"):
        Fund(**{key: value for key, value in PLAIN.items() if key != "fee"})


@pytest.mark.parametrize("use", ["fee_schedule", "fee_rates", "fee_accrual"])
def test_whatever_needs_an_unknown_fee_says_so(use):
    esk = fund("ESK")
    with pytest.raises(DataError, match=r"the fee of ESK is not known: .*\[fund\.ESK\.fee\]") as caught:
        getattr(esk, use)(pd.date_range("2025-10-01", periods=3)) if use != "fee_schedule" else esk.fee_schedule
    assert "\n" not in str(caught.value)


def test_fee_errors_name_the_fund():
    days = pd.date_range("2025-01-02", periods=3)
    with pytest.raises(DataError, match=r"^ETHA: the fee of 2025-01-03 depends on assets"):
        fund("ETHA").fee_accrual(days)
    with pytest.raises(DataError, match=r"^ETHA: no fee is known for 2024-07-01"):
        fund("ETHA").fee_rates(pd.date_range("2024-07-01", periods=1))


def test_assets_below_reaches_the_schedule():
    made = Fund(
        **{
            **PLAIN,
            "assets_below": {"value": 1.5e9, "source": "by hand", "status": "inferred"},
            "fee": {
                "periods": [{"start": "2024-07-23", "tiers": [{"rate": 0.0, "up_to": 1.5e9}, {"rate": 0.002}]}],
                "source": "by hand",
                "status": "READ",
            },
        }
    )
    assert made.fee_schedule.assets_below == 1.5e9
    assert fund("ETHA").fee_schedule.assets_below is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ticker": "../up"}, "ticker"),
        ({"ticker": ""}, "ticker"),
        ({"listed": {**LISTED, "value": "2024-07-23"}}, "write a date without quotes"),
        ({"benchmark": {**INDEX, "value": 7}}, "write its name as text"),
        ({"assets_below": {**INDEX, "value": "much"}}, "amount of US dollars"),
        ({"assets_below": {**INDEX, "value": -1.0}}, "amount of US dollars"),
        ({"assets_below": {**INDEX, "value": True}}, "amount of US dollars"),
        ({"kind": "hedge"}, "kind"),
        ({"colour": "red"}, "colour"),
        ({"series": {"benchmark": SERIES}}, "lacks measures"),
        ({"series": {"volume": SERIES}}, "volume"),
        ({"listed": {**LISTED, "status": "GUESS"}}, "status"),
        ({"listed": {**LISTED, "source": ""}}, "source"),
    ],
)
def test_what_is_wrong_is_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Fund(**{**PLAIN, **change})


def test_a_fund_is_frozen_hashable_and_survives_a_pickle(tmp_path):
    ethv = fund("ETHV").with_root(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        ethv.name = "Other"
    assert {ethv, ethv} == {ethv}
    for again in (pickle.loads(pickle.dumps(ethv)), copy.deepcopy(ethv)):
        assert again == ethv
        assert again.root == tmp_path
    assert fund("ETHV").root is None


def test_a_root_cannot_be_smuggled_in():
    for key in ("root", "_root"):
        with pytest.raises(ValidationError, match="Extra inputs"):
            Fund(**PLAIN, **{key: Path("/")})


def test_mismatch_is_named_for_etha_and_absent_for_ethv():
    sentence = fund("ETHA").benchmark_mismatch
    assert sentence is not None
    assert "CME CF Ether-Dollar Reference Rate - New York" in sentence
    assert "MarketVector Ethereum Benchmark" in sentence
    assert sentence.endswith(".")
    assert fund("ETHV").benchmark_mismatch is None
    assert fund("FETH").benchmark_mismatch is None


@pytest.mark.parametrize("measures", ["some index – new york", "Some  Index - New York"])
def test_spelling_alone_is_no_mismatch(measures):
    assert Fund(**PLAIN, series={"benchmark": {**SERIES, "measures": measures}}).benchmark_mismatch is None


def test_an_unknown_stated_benchmark_is_no_mismatch():
    unknown = {**INDEX, "value": "unknown"}
    made = Fund(**{**PLAIN, "benchmark": unknown, "series": {"benchmark": {**SERIES, "measures": "x"}}})
    assert made.benchmark.value is None
    assert made.benchmark_mismatch is None


def test_text_says_what_is_known_and_from_where():
    text = str(fund("ETHV"))
    assert text.startswith("ETHV: VanEck Ethereum ETF (VanEck, spot, ether)")
    assert "MarketVector Ethereum Benchmark [MEM] from memory" in text
    assert "2024-07-23 to 2025-07-22: 0.00 % up to $1.5 bn, 0.20 % beyond [READ]" in text
    assert "$1,500,000,000 [inferred]" in text
    assert "MEM: from memory, not verified" in text
    assert max(map(len, text.splitlines())) <= 118
    assert "simulated" in str(Fund(**PLAIN, simulated=True)).splitlines()[0]


def test_text_of_every_bundled_fund_is_tidy():
    for ticker in ("ETHA", "ETHB", "ETHE", "ESK", "TETH"):
        text = str(fund(ticker))
        assert "None" not in text
        assert "  [" not in text.split("\n", 1)[1].replace("   ", "")
        assert max(map(len, text.splitlines())) <= 118


def test_html_escapes_what_a_stranger_wrote():
    made = Fund(**{**PLAIN, "name": "<script>alert(1)</script>", "facts": {"x": {**INDEX, "value": "<b>"}}})
    page = made._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert page.startswith('<div class="research-table mathjax_ignore"')
    assert "<table>" in fund("ETHA")._repr_html_()


def test_leverage_and_staking_are_shown():
    terms = {"multiple": 2.0, "source": "prospectus", "status": "READ"}
    assert "2x, daily [READ] prospectus" in str(Fund(**PLAIN, leverage=terms))
    assert "18.0 % [READ]" in str(fund("ETHB"))


def test_facts_keep_their_types():
    for value in (1, 1.5, True, dt.date(2024, 1, 1), "2024-01-01", None):
        kept = Fact(value=value, source="s", status="READ").value
        assert type(kept) is type(value)
        assert kept == value


def test_where_names_table_and_column():
    assert SeriesSource(**SERIES).where == "table ethv, column index"
