"""Futures roll: what a fund earns or loses because it holds contracts in the place of the asset."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.errors import AlignmentError, DataError, MissingColumnError

__all__ = ["EXPOSURE", "HELD_FUTURES", "held_level", "roll_cost", "roll_total", "roll_yield"]

HELD_FUTURES: Final = "held_futures"
"""Key of `History.inputs` under which the drivers find what the contracts held have earned."""

EXPOSURE: Final = "futures_roll"
"""Carry, shift and roll cost share one coefficient: a fund holds contracts, not parts of their return."""

_SOURCE = "settlement prices of the contracts held, and spot at the fund's clock"


def roll_yield(history: History) -> Driver | None:
    """Return the carry that the contracts held have accrued, or None where no contracts are given.

    Parameters
    ----------
    history : History
        With ``inputs["held_futures"]``, the ``intervals`` of `research.drivers.futures.HeldFutures`: ``days`` and
        ``roll_yield`` (log return), labelled by the session that ends each interval. Together the rows must tile the
        history's own intervals; they may begin earlier, end later and be finer.

    Returns
    -------
    Driver or None
        ``roll_yield``; the level starts at 0 and falls in contango.

    Raises
    ------
    MissingColumnError
        If the input lacks a column.
    AlignmentError
        If its intervals do not tile those of the history.
    DataError
        If a return is missing or infinite.

    Notes
    -----
    ``Σ −c_{t−1}·days/365`` with c the annualised basis of the contract held: what a position earns
    while the curve stays as it is. No money changes hands for it, on a roll day or any other.

    Examples
    --------
    >>> from research.opening import load
    >>> roll_yield(load("ETHV")) is None  # it holds ether, not futures
    True
    """
    return _driver(history, "roll_yield", "Roll yield", "annualised basis of the contracts held, accrued day by day")


def roll_cost(history: History) -> Driver | None:
    """Return what trading at the rolls has cost, or None where no contracts or no costs are given.

    Parameters
    ----------
    history : History
        As for `roll_yield`, with a column ``cost``.

    Returns
    -------
    Driver or None
        ``roll_cost``; None also where the cost is zero throughout.

    Raises
    ------
    AlignmentError, DataError
        As in `roll_yield`.
    """
    table = _table(history)
    if table is None or "cost" not in table or not (table["cost"] != 0.0).any():
        return None
    return _driver(history, "cost", "Roll cost", "cost parameter times the value traded at each roll", "roll_cost")


def roll_total(history: History) -> Driver | None:
    """Return roll yield and curve shift as one driver, whose coefficient is the exposure to the contracts assumed.

    Parameters
    ----------
    history : History
        As for `roll_yield`, with a column ``curve_shift``.

    Returns
    -------
    Driver or None
        Named ``roll_yield``, in the place of `roll_yield` and `curve_shift`.

    Raises
    ------
    MissingColumnError, AlignmentError, DataError
        As in `roll_yield`.

    Notes
    -----
    ``Σ (Δ ln F − Δ ln S)`` of the contracts held. A fund holds contracts, not parts of their return: there is one
    coefficient to estimate, and noise in spot moves the two parts against each other.
    """
    carry, shift = held_level(history, "roll_yield"), held_level(history, "curve_shift")
    if carry is None or shift is None:
        return None
    return Driver(
        name="roll_yield",
        level=(carry + shift).rename("roll_yield"),
        title="Futures roll",
        description="return of the contracts held less that of spot: carry accrued and shifts of the curve",
        source=_SOURCE,
        truth=1.0 if history.fund.simulated else None,
        group=EXPOSURE,
    )


def held_level(history: History, column: str) -> pd.Series | None:
    """Return one column of the held futures, cumulated on the sessions of the history; None where none are given.

    Parameters
    ----------
    history : History
        As for `roll_yield`.
    column : str
        A column of log returns.

    Returns
    -------
    pandas.Series of float or None
        0 at the first session.

    Raises
    ------
    MissingColumnError, AlignmentError, DataError
        As in `roll_yield`.

    Notes
    -----
    Log returns add, so an interval of the history over a session that it lost is the sum of two rows. The ``days`` of
    the rows must sum to the calendar days of the interval: a row too few would be a return left out.
    """
    table = _table(history)
    if table is None:
        return None
    for name in ("days", column):
        if name not in table:
            raise MissingColumnError(
                f"inputs['{HELD_FUTURES}'] has no column {name!r} (it has {', '.join(map(str, table.columns))}): give "
                "the intervals of HeldFutures, made with a spot price"
            )
    labels = pd.DatetimeIndex(history.frame.index)
    _check_order(table.index)
    inside = table[(table.index > labels[0]) & (table.index <= labels[-1])]
    returns = inside[column].to_numpy(dtype="float64", na_value=np.nan)
    if not np.isfinite(returns).all():
        where = inside.index[int((~np.isfinite(returns)).argmax())]
        raise DataError(f"{column} of the held futures is not a number on {where:%Y-%m-%d}: supply the settlement")
    place = labels.searchsorted(inside.index)
    covered = np.bincount(place, weights=inside["days"].to_numpy(dtype="float64"), minlength=len(labels))
    lacking = np.flatnonzero(covered != np.diff(history.days, prepend=0))
    if lacking.size:
        end = int(lacking[0])
        raise AlignmentError(
            f"the held futures cover {covered[end]:g} of the {np.diff(history.days)[end - 1]} days to "
            f"{labels[end]:%Y-%m-%d}: compute them on every session of the history"
        )
    level = np.bincount(place, weights=returns, minlength=len(labels)).cumsum()
    return pd.Series(level, index=labels, name=column)


def _check_order(index: pd.Index) -> None:
    if not isinstance(index, pd.DatetimeIndex) or not index.is_monotonic_increasing or not index.is_unique:
        raise AlignmentError(
            f"inputs['{HELD_FUTURES}'] is not labelled by increasing dates: give HeldFutures.intervals"
        )


def _table(history: History) -> pd.DataFrame | None:
    table = history.inputs.get(HELD_FUTURES)
    if table is None or isinstance(table, pd.DataFrame):
        return table
    raise DataError(f"inputs['{HELD_FUTURES}'] is a {type(table).__name__}: give the frame HeldFutures.intervals")


def _driver(history: History, column: str, title: str, description: str, name: str = "") -> Driver | None:
    level = held_level(history, column)
    if level is None:
        return None
    return Driver(
        name=name or column,
        level=level.rename(name or column),
        title=title,
        description=description,
        source=_SOURCE,
        truth=1.0 if history.fund.simulated else None,
        group=EXPOSURE,
    )
