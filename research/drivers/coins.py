"""Coins per share: what fee and staking do to the units that one share owns, measured without any price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import years_between
from research.drivers.driver import Driver
from research.drivers.inputs import check_positive, input_series, row
from research.errors import AlignmentError, DataError, SampleError
from research.funds import FeeSchedule

__all__ = ["coins_level", "coins_per_share", "fee_from_coins", "project_coins"]

Events = Mapping[dt.date, float]
"""Coins per share after an event over those before it, by its day: 0.9 for a spin-off of a tenth, 0.1 for a split of
one share into ten."""


def coins_level(coins: pd.Series, events: Events | None = None) -> pd.Series:
    """Return the cumulated log change of coins per share, without what splits and spin-offs did to it.

    Parameters
    ----------
    coins : pandas.Series of float, shape (T + 1,)
        Coins per share by session.
    events : mapping of date to float, optional
        Splits and spin-offs: coins per share after over before. The day's value is the one after.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        ``ln q_t − ln q_0``, less the logs of the events since; 0 at the first session.

    Raises
    ------
    DataError
        If a number of coins is NaN or not positive, or a ratio is not positive.
    AlignmentError
        If an event's day is not a session.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-07-22", "2024-07-23", "2024-07-24"])
    >>> coins = pd.Series([0.0100, 0.0090, 0.0090], days)
    >>> coins_level(coins, {dt.date(2024, 7, 23): 0.9}).abs().max() < 1e-12
    True
    """
    values = check_positive(coins, "coins per share")
    log = np.log(values.to_numpy(dtype=float))
    jumps = np.zeros(len(values))
    for day, ratio in (events or {}).items():
        at = values.index.get_indexer(pd.DatetimeIndex([pd.Timestamp(day)]))[0]
        if at < 0:
            raise AlignmentError(f"the event of {row(day)} is not on a session of the series: give its first session")
        jumps[at] += np.log(_ratio(day, ratio))
    jumps[:1] = 0.0
    return pd.Series(log - log[0] - np.cumsum(jumps), values.index, name="coins_per_share")


def coins_per_share(history: History) -> Driver | None:
    """Return fee and staking as coins per share show them, or None where coins per share are not known.

    Parameters
    ----------
    history : History
        Its input ``coins_per_share``.

    Returns
    -------
    Driver or None
        ``coins_per_share``. It *is* the fee (and the reward that accrues), so it takes the place of ``expense_ratio``
        and of the staking drivers in a decomposition and is never used beside them.

    Raises
    ------
    DataError
        As in `coins_level`.

    Notes
    -----
    ``Δ ln q``: NAV per share is q times the coin's price, so what is left of the divergence is
    about prices and clocks alone.
    """
    coins = input_series(history, "coins_per_share")
    if coins is None:
        return None
    return Driver(
        name="coins_per_share",
        level=coins_level(coins),
        title="Coins per share",
        description="log change of the coins that one share owns: fee and staking, measured without a price",
        source="series coins_per_share",
        truth=1.0 if history.fund.simulated else None,
    )


def fee_from_coins(coins: pd.Series, events: Events | None = None) -> float:
    """Return the annual fee that coins per share reveal between their first and last session.

    Parameters
    ----------
    coins, events
        As in `coins_level`.

    Returns
    -------
    float
        Fraction a year, Act/365; net of staking rewards where a fund keeps them.

    Raises
    ------
    SampleError
        If the series spans no time.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-07-23", "2024-12-31"])
    >>> round(fee_from_coins(pd.Series([0.0084807, 0.0083879], days)), 4)
    0.0249
    """
    level = coins_level(coins, events)
    years = years_between(level.index[0], level.index[-1]) if len(level) else 0.0
    if years <= 0.0:
        raise SampleError("coins per share span no time: give two days at least")
    return -float(level.iloc[-1]) / years


def project_coins(
    coins: float,
    on: dt.date,
    fee: FeeSchedule,
    days: pd.DatetimeIndex,
    *,
    events: Events | None = None,
    assets: pd.Series | None = None,
) -> pd.Series:
    """Return the coins per share that a fee schedule implies on other days, from those of one day.

    Parameters
    ----------
    coins : float
        Coins per share at the close of `on`, events of that day included.
    on : datetime.date
        The day on which they are known.
    fee : FeeSchedule
        What the fund charges; it accrues on every calendar day and is paid in coins.
    days : pandas.DatetimeIndex
        Days asked for, before and after `on`.
    events : mapping of date to float, optional
        Splits and spin-offs, as in `coins_level`.
    assets : pandas.Series, optional
        Dollars of assets, where tiers of the fee need them.

    Returns
    -------
    pandas.Series of float
        Coins per share at the close of each day.

    Raises
    ------
    DataError
        If `coins` or a ratio is not positive, or the fee of a day is not known.

    Examples
    --------
    >>> fee = FeeSchedule(periods=[{"start": "2024-01-01", "tiers": [{"rate": 0.025}]}], source="10-K", status="READ")
    >>> days = pd.DatetimeIndex(["2023-12-31", "2024-12-31"])
    >>> spin_off = {dt.date(2024, 7, 23): 0.9}
    >>> project_coins(0.0084807, dt.date(2024, 7, 23), fee, days, events=spin_off).round(4).tolist()
    [0.0096, 0.0084]
    """
    if not 0.0 < coins < np.inf:
        raise DataError(f"coins per share of {row(on)} are {coins!r}: give a positive number of coins")
    known = pd.Timestamp(on)
    every = pd.DatetimeIndex(days.union(pd.DatetimeIndex([known])))
    level = fee.accrual(every, assets).to_numpy().copy()
    for day, ratio in (events or {}).items():
        level[np.asarray(every >= pd.Timestamp(day))] += np.log(_ratio(day, ratio))
    level -= level[every.get_indexer(pd.DatetimeIndex([known]))[0]]
    return pd.Series(coins * np.exp(level), every, name="coins_per_share").loc[days]


def _ratio(day: dt.date, ratio: float) -> float:
    if not 0.0 < ratio < np.inf:
        raise DataError(f"the event of {row(day)} has the ratio {ratio!r}: give coins after over coins before")
    return float(ratio)
