"""What rolling does and does not do: the spread that a spliced price would book, and other schedules side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.alignment.sessions import sessions as calendar_sessions
from research.analyses.phrases import tiny
from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.drivers.futures import (
    FuturesCurve,
    HeldFutures,
    Schedule,
    constant_maturity,
    hold,
    roll_last_days,
    roll_on_expiry,
)
from research.errors import DataError
from research.tables import Table

__all__ = [
    "FUTURES_CURVE",
    "RollTrades",
    "frozen_return",
    "other_schedules",
    "rebuild",
    "roll_schedule",
    "roll_trades",
    "schedules_table",
]

FUTURES_CURVE = "futures_curve"
"""Key of `History.inputs` under which settlement prices stand: sessions x expiry dates."""

Rebuilt = tuple[FuturesCurve | None, HeldFutures | None, "RollTrades | None", pd.DataFrame | None]
"""Curve, position, rolls and other schedules; None each where there is no curve."""


@dataclass(frozen=True, eq=False)
class RollTrades:
    """Every roll of a schedule.

    Parameters
    ----------
    rolls : pandas.DataFrame
        One row a roll, labelled by its last day: ``first`` day, contract sold and bought (``sold``, ``bought``),
        ``spread`` (log price of the contracts bought over those sold, weighted by what was traded) and ``cost`` (log
        return, negative).
    spliced : pandas.Series
        Cumulated log return that a spliced price would show beyond that of the contracts held.
    years : float
        Elapsed time, Act/365.
    frozen : float
        Greatest absolute return of the schedule on a frozen curve, without cost.
    """

    rolls: pd.DataFrame
    spliced: pd.Series = field(repr=False)
    years: float
    frozen: float

    @property
    def booked(self) -> float:
        """What a spliced price would book for all rolls, a fraction a year: nobody earned it."""
        return float(self.rolls["spread"].sum()) / self.years

    def table(self) -> Table:
        """Return the rolls, in basis points."""
        frame = pd.DataFrame(
            {
                "from": [f"{day:%Y-%m-%d}" for day in self.rolls["first"]],
                "sold": [f"{day:%Y-%m}" for day in self.rolls["sold"]],
                "bought": [f"{day:%Y-%m}" for day in self.rolls["bought"]],
                "a spliced price books": (self.rolls["spread"] / BASIS_POINT).to_numpy(),
                "the trade earned": 0.0,
                "it cost": (self.rolls["cost"] / BASIS_POINT).to_numpy(),
            },
            index=[f"{day:%Y-%m-%d}" for day in self.rolls.index],
        )
        notes = (
            f"On a frozen curve the schedule's return over any interval is {tiny(self.frozen)}: trading one "
            "contract for another at their prices earns nothing, whatever the spread between them.",
        )
        formats = {"a spliced price books": "+.1f", "the trade earned": ".1f", "it cost": "+.1f"}
        return Table(frame, "Rolls by their last day, bp", formats, notes)


def rebuild(history: History, roll_days: int, offset: int, cost: float, maturities: Sequence[float]) -> Rebuilt:
    """Return curve, position, rolls and other schedules on the sessions of a history; None each without a curve.

    Parameters
    ----------
    history : History
        With ``inputs["futures_curve"]``.
    roll_days, offset, cost, maturities
        As in `roll_schedule` and `other_schedules`.
    """
    prices = history.inputs.get(FUTURES_CURVE)
    if not isinstance(prices, pd.DataFrame):
        return None, None, None, None
    inside = prices.loc[prices.index.isin(history.frame.index)].dropna(axis=1, how="all")
    curve = FuturesCurve(inside)
    spot = history.frame["benchmark"].loc[curve.sessions]
    schedule = roll_schedule(curve, history.fund.calendar, roll_days, offset)
    held = hold(curve, schedule, spot, cost=cost)
    return curve, held, roll_trades(curve, schedule, held), other_schedules(curve, spot, held, maturities, cost)


def roll_schedule(curve: FuturesCurve, calendar: str, days: int, offset: int = 1) -> Schedule:
    """Return the schedule that rolls over the last business days before expiry, on the sessions of an exchange.

    Parameters
    ----------
    curve : FuturesCurve
        Contracts.
    calendar : str
        Exchange whose sessions are the business days.
    days, offset : int
        As in `roll_last_days`.
    """
    until = max(curve.sessions[-1], curve.expiries[-1]) + pd.Timedelta(days=31)
    return roll_last_days(curve, days, calendar_sessions(calendar, curve.sessions[0], until), offset=offset)


def roll_trades(curve: FuturesCurve, schedule: Schedule, held: HeldFutures) -> RollTrades:
    """Return every roll of a schedule with the spread between the contracts.

    Parameters
    ----------
    curve : FuturesCurve
        Settlement prices.
    schedule : Schedule
        Positions after each close, in contracts.
    held : HeldFutures
        What they earned, from `hold`.

    Returns
    -------
    RollTrades
    """
    counts = schedule.weights
    prices = curve.prices.loc[counts.index, counts.columns]
    logs = pd.DataFrame(np.log(prices.to_numpy()), counts.index, counts.columns)
    change = counts.diff().iloc[1:]
    moved = change.where(change.abs() > 1e-12, 0.0)
    # The price on a session of a contract that is not traded there does not count, and may not exist.
    spread = (moved * logs.iloc[1:]).where(moved != 0.0, 0.0).sum(axis=1)
    trading = pd.DatetimeIndex(moved.index[(moved != 0.0).any(axis=1)])
    sold = moved.loc[trading].idxmin(axis=1)
    rows = {}
    for contract, part in pd.Series(trading, trading).groupby(sold.to_numpy()):
        days = pd.DatetimeIndex(part)
        cost = float(held.intervals.loc[days, "cost"].sum())
        rows[days[-1]] = [days[0], contract, moved.loc[days[-1]].idxmax(), float(spread.loc[days].sum()), cost]
    rolls = pd.DataFrame.from_dict(rows, orient="index", columns=["first", "sold", "bought", "spread", "cost"])
    years = float(held.intervals["days"].sum() / DAYS_PER_YEAR)
    cumulated = pd.Series(np.concatenate([[0.0], spread.cumsum()]), counts.index, name="spliced")
    return RollTrades(rolls.sort_index(), cumulated, years, frozen_return(curve, schedule))


def frozen_return(curve: FuturesCurve, schedule: Schedule) -> float:
    """Return the greatest absolute log return that a schedule would have had, had no contract's price ever moved.

    Parameters
    ----------
    curve : FuturesCurve
        Every contract keeps its first price.
    schedule : Schedule
        Positions after each close.
    """
    first = curve.prices.bfill().iloc[0]
    frozen = curve.prices.notna() * first
    still = FuturesCurve(frozen.where(curve.prices.notna()))
    return float(hold(still, schedule).intervals["futures"].abs().max())


def other_schedules(
    curve: FuturesCurve, spot: pd.Series, own: HeldFutures, maturities: Sequence[float], cost: float
) -> pd.DataFrame:
    """Return what other schedules would have earned on the same curve, one row each.

    Parameters
    ----------
    curve : FuturesCurve
        Settlement prices.
    spot : pandas.Series
        At the settlements' clock.
    own : HeldFutures
        The fund's own schedule, the first row.
    maturities : sequence of float
        Constant maturities in calendar days; those that the listed contracts do not span are left out.
    cost : float
        Of trading, as a fraction of the value traded.

    Returns
    -------
    pandas.DataFrame
        ``roll_yield``, ``curve_shift``, ``cost``, ``total`` (fractions a year, log), ``maturity`` (days), ``turnover``
        (times a year) and ``tracking_error`` of the position over spot (a fraction a year).
    """
    held = {own.name: own}
    for days in (None, *maturities):
        try:
            schedule = roll_on_expiry(curve) if days is None else constant_maturity(curve, days)
            held[schedule.name] = hold(curve, schedule, spot, cost=cost)
        except DataError:
            continue
    rows = {}
    for name, one in held.items():
        gains, years = one.per_year(), one.intervals["days"].sum() / DAYS_PER_YEAR
        over = one.log_returns - one.intervals["spot"]
        rows[name] = {
            "roll_yield": gains["roll_yield"],
            "curve_shift": gains["curve_shift"],
            "cost": gains["cost"],
            "total": gains["roll_yield"] + gains["curve_shift"] + gains["cost"],
            "maturity": float(one.states["maturity"].mean()),
            "turnover": float(one.states["turnover"].iloc[1:].sum() / years),
            "tracking_error": float(over.std() * np.sqrt(len(over) / years)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def schedules_table(schedules: pd.DataFrame) -> Table:
    """Return `other_schedules` as a table, in basis points a year."""
    names = {
        "roll_yield": "roll yield",
        "curve_shift": "curve shift",
        "cost": "cost",
        "total": "together",
        "tracking_error": "error",
        "maturity": "days",
        "turnover": "turnover",
    }
    frame = schedules[list(names)].rename(columns=names)
    frame.index = pd.Index(
        [str(name).replace("business ", "").replace("constant maturity of", "constant") for name in frame.index]
    )
    money = [names[key] for key in ("roll_yield", "curve_shift", "cost", "total", "tracking_error")]
    frame[money] = frame[money] / BASIS_POINT
    formats = dict.fromkeys(money[:4], "+.1f") | {money[4]: ".0f", "days": ".0f", names["turnover"]: ".1f"}
    notes = (
        "Log returns over spot on the same curve; the first row is the fund's schedule. Error: annualised "
        "tracking error of the position; days: average maturity; turnover: value traded over value held, times a year.",
    )
    return Table(frame, "Other schedules on the same curve, bp a year", formats, notes)
