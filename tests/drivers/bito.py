"""BITO's history, built by hand from publishers' files until loaders for their formats exist.

`bito(folder)` returns everything that the roll, collateral and clock drivers and the futures notebook need.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from research.alignment import Clock, History, LossReport, sessions
from research.drivers.futures import MONTH, ConstantMaturityCurve, HeldFutures, hold_constant_maturity
from research.funds import Fund

START, END = "2021-10-20", "2023-02-10"
NEW_YORK, LONDON = Clock("16:00", "America/New_York"), Clock("16:00", "Europe/London")


@dataclass(frozen=True)
class Bito:
    """The history, and what it was made of.

    `london` is the reference rate at 16:00 London on the same sessions: the wrong clock, on purpose.
    """

    history: History
    held: HeldFutures
    curve: ConstantMaturityCurve
    spot: pd.Series
    london: pd.Series
    bills: pd.Series
    distributions: pd.Series


def fund() -> Fund:
    source = {"source": "prospectus", "status": "READ"}
    return Fund(
        ticker="BITO",
        name="ProShares Bitcoin ETF",
        issuer="ProShares",
        kind="futures",
        asset="bitcoin",
        listed={"value": pd.Timestamp("2021-10-19").date(), **source},
        benchmark={"value": "bitcoin at 16:00 New York", "source": "chosen for this test", "status": "inferred"},
        fee={"periods": [{"start": "2021-10-18", "tiers": [{"rate": 0.0095}]}], **source},
    )


def total_return_nav(folder: Path) -> tuple[pd.Series, pd.Series]:
    """NAV with distributions reinvested on their ex-dates, and the distributions."""
    nav = pd.read_csv(folder / "proshares_bito_nav.csv", index_col="Date", parse_dates=True)["NAV"]
    market = pd.read_csv(folder / "yahoo_raw" / "BITO.csv", index_col="Date", parse_dates=True)
    paid = market.loc[market["Dividends"] > 0, "Dividends"]
    inside = paid[(paid.index > nav.index[0]) & (paid.index <= nav.index[-1])]
    cash = pd.Series(0.0, nav.index)
    cash.loc[inside.index] = inside
    factors = ((nav + cash) / nav.shift()).iloc[1:]
    level = nav.iloc[0] * pd.concat([pd.Series(1.0, nav.index[:1]), factors.cumprod()])
    return level, inside


def bitcoin_hours(folder: Path) -> pd.Series:
    """Opening price of each hourly bar by its instant, UTC; hours that stand twice stand once."""
    bars = pd.read_csv(folder / "bitstamp_btcusd_1h_2018_2023.csv", usecols=["unix", "open"])
    seconds = bars["unix"].where(bars["unix"] < 10**11, bars["unix"] // 1000)
    hours = pd.Series(bars["open"].to_numpy(dtype=float), pd.to_datetime(seconds, unit="s", utc=True))
    repeated = hours[hours.index.duplicated(keep=False)]
    assert (repeated.groupby(level=0).transform("first") == repeated).all()
    return hours[~hours.index.duplicated()].sort_index()


def at_clock(hours: pd.Series, days: pd.DatetimeIndex, clock: Clock) -> pd.Series:
    """The price at a wall time: the bar that starts then opens with it."""
    instants = pd.DatetimeIndex([clock.instant(day) for day in days])
    return pd.Series(hours.reindex(instants).to_numpy(), days)


def constant_maturity(folder: Path) -> tuple[ConstantMaturityCurve, pd.Series]:
    """The curve by maturity, and the London reference rate that the file calls ``1D``."""
    table = pd.read_csv(folder / "cme_btc_curve_constmat.csv", encoding="utf-8-sig", thousands=",")
    prices = table.iloc[:, 9:16].set_axis(["1D", *(f"{month}M" for month in range(1, 7))], axis=1).astype(float)
    prices.index = pd.DatetimeIndex(pd.to_datetime(table["Date[Date]"], format="%m/%d/%Y"))
    maturities = prices.iloc[:, 1:].set_axis([MONTH * month for month in range(1, 7)], axis=1)
    return ConstantMaturityCurve(maturities), prices["1D"]


def bito(folder: Path, maturity: float = MONTH, below: str = "curve") -> Bito:
    """BITO from 2021-10-20 to 2023-02-10, total return on NAV against bitcoin at 16:00 New York."""
    nav, paid = total_return_nav(folder)
    days = sessions("XNYS", START, END)
    spot = at_clock(bitcoin_hours(folder), days, NEW_YORK)
    frame = pd.DataFrame({"nav": nav.reindex(days), "benchmark": spot}, index=days)
    assert frame.notna().all(axis=None)  # every session has its row: nothing is lost
    nothing = pd.DataFrame({"date": pd.DatetimeIndex([]), "rule": [], "detail": []})
    losses = LossReport(len(frame), len(frame), nothing, sessions=len(days))
    curve, london = constant_maturity(folder)
    curve = ConstantMaturityCurve(curve.prices.loc[days])
    held = hold_constant_maturity(curve, maturity, spot, below=below)
    bills = pd.read_csv(folder / "fred_dtb3.csv", index_col=0, parse_dates=True)["DTB3"] / 100
    history = History(
        fund=fund(),
        frame=frame,
        sessions=days,
        clocks={"nav": str(NEW_YORK), "benchmark": str(NEW_YORK)},
        losses=losses,
        inputs={"held_futures": held.intervals, "bill_rate": bills},
    )
    return Bito(history, held, curve, spot, london.loc[days], bills, paid)


def log_returns(level: pd.Series) -> pd.Series:
    return pd.Series(np.log(level), level.index).diff().iloc[1:]
