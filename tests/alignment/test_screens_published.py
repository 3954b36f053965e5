"""What a publisher prints twice: one wrong row is named, a clean table and another convention are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import copied_funds, premium_sign, redundant_columns, screen, sessions
from research.loaders import load_file
from research.opening import load

DAYS = sessions("XNYS", "2024-07-23", "2025-07-22")


def table(seed=0):
    """A publisher's columns, each computed from the unrounded NAV and printed to its own step."""
    rng = np.random.default_rng(seed)
    nav = 30 * np.exp(np.cumsum(rng.normal(0, 0.04, len(DAYS))))
    shares = np.round(rng.uniform(60e6, 61e6, len(DAYS)), -3)
    frame = pd.DataFrame({"nav": nav, "shares_outstanding": shares, "assets": nav * shares}, DAYS)
    frame["prior_nav"] = frame["nav"].shift(1)
    frame["change"] = frame["nav"] / frame["prior_nav"] - 1
    return frame.round({"nav": 4, "prior_nav": 4, "change": 7, "assets": 0})


@pytest.mark.parametrize("seed", range(5))
def test_columns_that_are_rounded_agree(seed):
    assert redundant_columns(table(seed), DAYS) == ()


@pytest.mark.parametrize("count", [1, 2, 5, 20])
@pytest.mark.parametrize(
    ("column", "rule"), [("prior_nav", "prior_nav_differs"), ("change", "change_differs"), ("assets", "assets_differ")]
)
def test_every_row_that_differs_is_named(column, rule, count):
    frame = table()
    places = np.linspace(10, 240, count).astype(int)
    frame.iloc[places, frame.columns.get_loc(column)] *= 1.001
    (found,) = redundant_columns(frame, DAYS)
    assert (found.rule, found.severity, found.sessions) == (rule, "warning", tuple(DAYS[places]))


def test_a_wrong_nav_contradicts_every_column_that_is_there():
    frame = table()
    frame.iloc[100, 0] *= 1.01
    assert {item.rule: len(item.sessions) for item in redundant_columns(frame, DAYS)} == {
        "prior_nav_differs": 1,
        "change_differs": 2,
        "assets_differ": 1,
    }


def test_shares_that_are_counted_a_session_later_are_a_note():
    frame = table()
    frame["shares_outstanding"] = frame["shares_outstanding"].shift(1)
    (found,) = redundant_columns(frame, DAYS)
    assert (found.rule, found.severity, found.sessions) == ("assets_differ", "note", ())


UNITS = [
    lambda close, nav: (close - nav).round(2),
    lambda close, nav: (100 * (close / nav - 1)).round(2),
    lambda close, nav: (close / nav - 1).round(4),
]


def prices(seed=0, premium=0.004):
    rng = np.random.default_rng(seed)
    nav = pd.Series(30 * np.exp(np.cumsum(rng.normal(0, 0.04, len(DAYS)))), DAYS).round(4)
    close = (nav * np.exp(rng.normal(0, premium, len(DAYS)))).round(2)
    return pd.DataFrame({"nav": nav, "close": close})


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("seed", range(5))
def test_an_honest_premium_gives_nothing(unit, seed):
    frame = prices(seed)
    assert premium_sign(frame, unit(frame["close"], frame["nav"])) == ()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("first", "last"), [(100, 130), (0, 40), (0, 251)])
def test_a_block_whose_sign_is_turned_is_named(unit, first, last):
    frame = prices()
    published = unit(frame["close"], frame["nav"])
    published.iloc[first:last] *= -1
    found = premium_sign(frame, published)
    assert [item.rule for item in found] == ["premium_sign"]
    inside = pd.DatetimeIndex(found[0].sessions)
    assert inside.isin(DAYS[first:last]).all()
    # A premium of a step or two of the printed number has no sign to be wrong.
    clear = (frame["close"] / frame["nav"] - 1).abs().iloc[first:last] > 0.001
    assert DAYS[first:last][clear].isin(inside).all()


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_single_rows_of_the_premium_are_named(count):
    frame = prices()
    published = UNITS[1](frame["close"], frame["nav"])
    places = np.linspace(10, 240, count).astype(int)
    published.iloc[places] += 5.0
    (found,) = premium_sign(frame, published)
    assert (found.rule, found.sessions) == ("premium_differs", tuple(DAYS[places]))


def test_the_premium_of_another_moment_is_no_check():
    frame = prices()
    found = premium_sign(frame, UNITS[1](frame["close"], frame["nav"]).shift(1))
    assert not [item for item in found if item.is_open]


def test_copies_are_found_among_many_funds():
    rng = np.random.default_rng(0)
    navs = {f"F{number}": pd.Series(np.cumprod(1 + rng.normal(0, 0.04, 250)), DAYS[:250]) for number in range(40)}
    navs["TWIN"] = navs["F7"].copy()
    navs["TWIN"].iloc[:10] *= 1.01
    navs["FLAT"], navs["LEVEL"] = pd.Series(1.0, DAYS), pd.Series(1.0, DAYS)
    found = copied_funds(navs)
    assert set(found) == {"F7", "TWIN"}
    assert found["F7"][0].value == pytest.approx(0.96)


def test_what_stands_beside_a_nav_is_screened_when_a_fund_is_loaded(tmp_path):
    frame = table()
    frame.iloc[100, frame.columns.get_loc("prior_nav")] = 99.0
    printed = pd.DataFrame(
        {
            "Date": DAYS.strftime("%m/%d/%Y"),
            "ProShares Name": "A fund",
            "Ticker": "AAA",
            "NAV": frame["nav"].to_numpy(),
            "Prior NAV": frame["prior_nav"].to_numpy(),
            "NAV Change (%)": (100 * frame["change"]).round(5).to_numpy(),
            "Shares Outstanding (000)": (frame["shares_outstanding"] / 1000).to_numpy(),
            "Assets Under Management": frame["assets"].to_numpy(),
        }
    )
    printed.loc[0, ["Prior NAV", "NAV Change (%)"]] = 0.0
    pd.concat([printed, printed.assign(Ticker="BBB")]).to_csv(tmp_path / "funds.csv", index=False)
    entry = """
[fund.{0}]
name = "{0}"
issuer = "me"
kind = "spot"
asset = "ether"
listed = {{ value = 2024-07-23, source = "me", status = "READ" }}
benchmark = {{ value = "an index", source = "me", status = "READ" }}
fee = "unknown"
[fund.{0}.series.nav]
file = "funds.csv"
format = "proshares"
options = {{ ticker = "{0}" }}
column = "nav"
unit = "USD"
provider = "me"
[fund.{0}.series.benchmark]
file = "index.csv"
column = "index"
clock = "16:00 America/New_York"
unit = "USD"
provider = "me"
measures = "an index"
"""
    (frame["nav"] * 100).rename("index").rename_axis("date").to_csv(tmp_path / "index.csv")
    (tmp_path / "funds.toml").write_text(entry.format("AAA") + entry.format("BBB"))
    found = {item.rule: item for item in load("AAA", data=tmp_path).open_findings}
    assert set(found) == {"copied_fund", "prior_nav_differs"}
    assert found["prior_nav_differs"].session == DAYS[100]
    assert "equals that of BBB on 100 % of" in found["copied_fund"].message


@pytest.mark.real
def test_real_tables_agree_with_themselves(real_data):
    sso = load_file(real_data / "general" / "proshares_sso_historical_nav.csv", "proshares").frame
    days = sessions("XNYS", sso.index[0], sso.index[-1])
    assert len(sso) > 4000
    assert redundant_columns(sso, days) == ()
    ethv = load_file(real_data / "crypto" / "vaneck_ethv_nav_close_index.csv", "vaneck").frame
    kept = ethv[ethv.index.isin(sessions("XNYS", "2024-07-23", "2026-09-25"))]
    rules = {item.rule for item in screen(kept, raw={"premium_published": kept["premium"]}, beside=ethv)}
    assert not {rule for rule in rules if rule.startswith("premium_") and rule != "premium_in_dollars"}
