"""Futures that a fund's entry declares: its contracts held by its schedule, ready for the roll drivers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from research.alignment.clock import Clock
from research.alignment.dates import labels_of
from research.alignment.history import History
from research.alignment.sessions import sessions as calendar_sessions
from research.drivers.futures.curve import FuturesCurve
from research.drivers.futures.held import hold
from research.drivers.futures.maturity import MONTH, ConstantMaturityCurve, hold_constant_maturity
from research.drivers.futures.schedule import constant_maturity, roll_last_days, roll_on_expiry
from research.errors import AlignmentError, ClockError, DataFileError, MissingColumnError, ParameterError
from research.loaders import load_table

if TYPE_CHECKING:
    from research.drivers.futures.held import HeldFutures
    from research.funds import FuturesTerms
    from research.loaders import PublishedTable

__all__ = ["with_futures"]

_COLUMN: Final = re.compile(r"m(\d+)")
_LONGEST_CLOSURE: Final = pd.Timedelta(days=7)


def with_futures(history: History) -> History:
    """Return the history with what its fund's futures have earned, where the entry declares futures.

    Parameters
    ----------
    history : History
        Aligned history of a fund.

    Returns
    -------
    History
        With ``inputs["held_futures"]`` and, for contracts by expiry, ``inputs["futures_curve"]``; the same history
        where the entry declares none.

    Raises
    ------
    DataFileError
        If the fund came from no folder.
    UnknownNameError
        If the folder describes no such table.
    ParameterError
        If the table does not fit the schedule.
    ClockError
        If the futures settle at another time of day than the benchmark is observed.
    AlignmentError
        If the table lacks a session.
    """
    terms = history.fund.futures
    if terms is None:
        return history
    if history.fund.root is None:
        raise DataFileError(f"futures of {history.fund.ticker}: table {terms.table!r} needs the folder of a funds.toml")
    table = load_table(terms.table, history.fund.root)
    days = labels_of(history.frame)
    spot = history.frame["benchmark"]
    if table.kind == "contracts":
        held, curve = _contracts(table, terms, days, spot, history)
        more: dict[str, pd.Series | pd.DataFrame] = {"held_futures": held.intervals, "futures_curve": curve.prices}
    elif table.kind == "daily":
        more = {"held_futures": _points(table, terms, days, spot, history).intervals}
    else:
        raise ParameterError(f"futures of {history.fund.ticker}: {table.name} holds {table.kind}: name futures prices")
    return replace(history, inputs={**history.inputs, **more})


def _contracts(
    table: PublishedTable, terms: FuturesTerms, days: pd.DatetimeIndex, spot: pd.Series, history: History
) -> tuple[HeldFutures, FuturesCurve]:
    _check_clock(table, "settle", history)
    wide = table.frame["settle"].unstack("expiry")  # noqa: PD010 - a contract settles once a day
    wide = wide.loc[_rows(wide.index, days, table.name)]
    curve = FuturesCurve(wide.dropna(axis=1, how="all"))
    if terms.schedule == "last_days":
        # A roll counts the business days that are left, those after the sample too.
        until = max(curve.sessions[-1], curve.expiries[-1]) + _LONGEST_CLOSURE
        business_days = calendar_sessions(history.fund.calendar, curve.sessions[0], until)
        schedule = roll_last_days(curve, terms.days, business_days, gaps=terms.gaps)
    elif terms.schedule == "expiry":
        schedule = roll_on_expiry(curve, gaps=terms.gaps)
    else:
        schedule = constant_maturity(curve, terms.maturity_months * MONTH, gaps=terms.gaps)
    return hold(curve, schedule, spot, cost=terms.cost), curve


def _points(
    table: PublishedTable, terms: FuturesTerms, days: pd.DatetimeIndex, spot: pd.Series, history: History
) -> HeldFutures:
    """Return a point at a constant maturity, held over columns ``m1``, ``m2`` and so on."""
    if terms.schedule != "constant_maturity":
        raise ParameterError(
            f"futures of {history.fund.ticker}: {table.name} has constant maturities, which no schedule rolls: write "
            "schedule = 'constant_maturity'"
        )
    months = {name: int(found[1]) for name in table.frame.columns if (found := _COLUMN.fullmatch(str(name)))}
    if not months:
        raise MissingColumnError(f"{table.name}: no column such as m1: name a table of constant maturities")
    _check_clock(table, next(iter(months)), history)
    prices = table.frame[list(months)].set_axis([MONTH * count for count in months.values()], axis=1)
    curve = ConstantMaturityCurve(prices.loc[_rows(prices.index, days, table.name)])
    return hold_constant_maturity(curve, MONTH * terms.maturity_months, spot, below=terms.below)


def _rows(index: pd.Index, days: pd.DatetimeIndex, name: str) -> pd.DatetimeIndex:
    gone = days.difference(pd.DatetimeIndex(index))
    if len(gone):
        raise AlignmentError(
            f"{name}: no futures prices on {gone[0]:%Y-%m-%d} ({len(gone)} of {len(days)} sessions): choose a sample "
            "that they cover"
        )
    return days


def _check_clock(table: PublishedTable, column: str, history: History) -> None:
    clock, own = table.columns[column].clock, history.clocks["benchmark"]
    if clock and not history.fund.allow_clocks and not Clock.parse(clock).same_as(Clock.parse(own)):
        raise ClockError(
            f"futures of {history.fund.ticker} settle at {clock} and its benchmark is observed at {own}: their basis "
            "would hold hours of market moves; take the benchmark at the clock of the settlements, or write "
            "allow_clocks = true and account for it"
        )
