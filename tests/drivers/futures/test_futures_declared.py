"""Futures that a funds.toml declares: contracts from a file, held by the schedule of the entry."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import sessions
from research.drivers.futures import FuturesCurve, constant_maturity, hold, roll_last_days, roll_on_expiry
from research.errors import DataError, ParameterError
from research.opening import load

DAYS = sessions("XNYS", "2023-01-09", "2023-07-07")
EXPIRIES = pd.DatetimeIndex(
    [f"2023-{day}" for day in ("01-18", "02-15", "03-22", "04-19", "05-17", "06-21", "07-19", "08-16", "09-20")]
)
ENTRY = """
[fund.VOLA]
name = "Volatility"
issuer = "nobody"
kind = "futures"
asset = "volatility"
listed = { value = 2023-01-09, source = "made", status = "READ" }
benchmark = { value = "an index", source = "made", status = "READ" }
fee = "unknown"
[fund.VOLA.futures]
table = "vx"
TERMS
[fund.VOLA.series]
nav = { file = "nav.csv", column = "nav", clock = "15:15 America/Chicago", unit = "USD", provider = "made" }
benchmark = { file = "nav.csv", column = "spot", clock = "15:15 America/Chicago", unit = "points", provider = "made", \
measures = "an index" }
[table.vx]
file = "vx.csv"
format = "cboe_vx"
"""


def market():
    """Spot, and contracts that converge to it by a basis of their own: the wrong contract earns something else."""
    rng = np.random.default_rng(5)
    spot = pd.Series(20 * np.exp(np.cumsum(rng.normal(0, 0.05, len(DAYS)))), DAYS)
    left = (EXPIRIES.to_numpy()[None, :] - DAYS.to_numpy()[:, None]) / np.timedelta64(1, "D")
    basis = rng.normal(0.4, 0.3, len(EXPIRIES))
    prices = np.where(left >= 0, spot.to_numpy()[:, None] * np.exp(basis * left / 365), np.nan)
    return spot, pd.DataFrame(prices, DAYS, EXPIRIES)


@pytest.fixture
def folder(tmp_path):
    def write(terms, without=()):
        spot, prices = market()
        table = pd.DataFrame({"nav": spot, "spot": spot}).rename_axis("date")
        table.to_csv(tmp_path / "nav.csv")
        rows = ["Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest"]
        for expiry in prices.columns.difference(pd.DatetimeIndex(without)):
            label = f"{'FGHJKMNQUVXZ'[expiry.month - 1]} ({expiry:%b %y})"
            rows += [
                f"{day:%m/%d/%Y},{label},{price!r},{price!r},{price!r},{price!r},{price!r},0,1,0,1"
                for day, price in prices[expiry].dropna().items()
            ]
        (tmp_path / "vx.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / "funds.toml").write_text(ENTRY.replace("TERMS", terms))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("terms", "schedule"),
    [
        ('schedule = "expiry"', roll_on_expiry),
        (
            'schedule = "last_days"\ndays = 3',
            lambda curve: roll_last_days(curve, 3, sessions("XNYS", DAYS[0], "2023-09-01")),
        ),
        ('schedule = "constant_maturity"\nmaturity_months = 2', lambda curve: constant_maturity(curve, 365 / 6)),
    ],
)
def test_contracts_of_a_file_are_held_as_the_entry_says(folder, terms, schedule):
    spot, prices = market()
    curve = FuturesCurve(prices)
    expected = hold(curve, schedule(curve), spot).intervals
    found = load("VOLA", data=folder(terms)).inputs["held_futures"]
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_freq=False, rtol=1e-12)


TERMS = ['schedule = "expiry"', 'schedule = "last_days"', 'schedule = "constant_maturity"\nmaturity_months = 2']


@pytest.mark.parametrize("terms", TERMS)
def test_a_contract_whose_rows_are_missing_is_named_and_not_replaced_by_the_next(folder, terms):
    """Replaced, sessions would show the return of another contract than the fund held."""
    with pytest.raises(
        DataError, match=r"2023-03-22 and 2023-05-17, 56 days where 35 .* that of April 2023 is missing"
    ):
        load("VOLA", data=folder(terms, without=["2023-04-19"]))
    accepted = load("VOLA", data=folder(f'{terms}\ngaps = "accept"', without=["2023-04-19"]))
    whole = load("VOLA", data=folder(terms))
    apart = (accepted.inputs["held_futures"]["futures"] - whole.inputs["held_futures"]["futures"]).abs()
    assert (apart > 5e-4).sum() > 5


def test_two_that_are_missing_are_both_named(folder):
    with pytest.raises(DataError, match="that of March 2023 and that of April 2023 is missing"):
        load("VOLA", data=folder(TERMS[0], without=["2023-03-22", "2023-04-19"]))


def test_what_nobody_holds_may_be_missing():
    """Gaps count between contracts in use: quarterly ones are regular too, and far ones do not matter."""
    _, prices = market()
    roll_on_expiry(FuturesCurve(prices.drop(columns=EXPIRIES[-2]).loc[:"2023-05-01"]))
    far = FuturesCurve(prices.loc[:"2023-03-01"].drop(columns=EXPIRIES[[4, 5]]))
    assert roll_on_expiry(far).weights.to_numpy().sum() == len(far.sessions)
    ends = pd.DatetimeIndex(["2023-03-22", "2023-06-21", "2023-09-20", "2023-12-20"])
    days = sessions("XNYS", "2023-01-09", "2023-09-29")
    quarterly = pd.DataFrame(10.0, days, ends).where(ends.to_numpy()[None, :] >= days.to_numpy()[:, None])
    roll_on_expiry(FuturesCurve(quarterly))
    with pytest.raises(ParameterError, match="give 'refuse' or 'accept'"):
        roll_on_expiry(FuturesCurve(quarterly), gaps="fill")
