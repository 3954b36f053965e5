"""Hold contracts by a schedule: the return of what is held, contract by contract, through every roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.drivers.futures._labels import as_dates, calendar_days, check_positive, day
from research.drivers.futures.curve import FuturesCurve, contract
from research.drivers.futures.held import HeldFutures
from research.drivers.futures.schedule import Schedule
from research.drivers.futures.split import split_held
from research.errors import AlignmentError, DataError, ParameterError, SampleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["check_cost", "check_spot", "hold"]


def hold(curve: FuturesCurve, schedule: Schedule, spot: pd.Series | None = None, *, cost: float = 0.0) -> HeldFutures:
    """Return what the contracts of a schedule have earned, and how that splits over spot.

    Parameters
    ----------
    curve : FuturesCurve
        Settlement prices.
    schedule : Schedule
        Positions after each close; its sessions are those of the result.
    spot : pandas.Series of float, optional
        Price of the asset on the same sessions and at the clock of the settlements; without it there is no split.
    cost : float
        Trading cost as a fraction of the value traded, such as half the spread and the fee.

    Returns
    -------
    HeldFutures
        Log returns by interval and the state after each close.

    Raises
    ------
    DataError
        If a price that is needed is missing: a hole, a contract not listed yet, or one that expired between two
        sessions; if spot is missing or not positive. The message names session and contract.
    AlignmentError
        If the sessions of schedule and spot differ, or the curve lacks one of them or a contract.
    ParameterError
        If the cost is negative or 10 % and more.
    SampleError
        If there are fewer than two sessions.

    Notes
    -----
    Over the interval (t−1, t] the position of the close of t−1 is held: ``ΔlnV = ln(Σ nᵢFᵢ,t / Σ nᵢFᵢ,t−1)``. The same
    contracts stand above and below the line, so a roll cannot earn anything: on a frozen curve every return is zero.
    Trading at the close of t costs ``ln(1 − cost·turnover_t)``, booked in the interval that ends at t; turnover is
    ``Σ|w_after − w_before|`` in shares of value, without contracts that settle in cash that day. The first position
    is bought before the sample. The split is that of `split_held`.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-15", "2024-01-16"])
    >>> expiries = pd.to_datetime(["2024-02-14", "2024-03-15"])
    >>> curve = FuturesCurve(pd.DataFrame([[101.0, 103.0], [101.0, 103.0]], index=days, columns=expiries))
    >>> weights = pd.DataFrame([[1.0, 0.0], [0.0, 1.0]], index=days, columns=expiries)
    >>> held = hold(curve, Schedule(weights), pd.Series(100.0, days))
    >>> held.simple_returns.tolist(), held.states["turnover"].tolist()
    ([0.0], [0.0, 2.0])
    >>> (held.intervals["roll_yield"] * 1e4).round(2).tolist()
    [-3.32]
    """
    check_cost(cost)
    rows, prices, left = _selected(curve, schedule)
    counts = schedule.weights.to_numpy()
    _check_held(counts, prices, rows, curve, schedule)
    if schedule.unit == "values":
        counts = np.where(counts > 0, counts / np.where(counts > 0, prices, 1.0), 0.0)
    before, after = np.where(counts > 0, prices, 0.0)[:-1], np.where(counts[:-1] > 0, prices[1:], 0.0)
    start, end = (counts[:-1] * before).sum(axis=1), (counts[:-1] * after).sum(axis=1)
    value = counts * np.where(counts > 0, prices, 0.0)
    weights = value / value.sum(axis=1, keepdims=True)
    turnover = _turnover(weights, counts[:-1] * after / end[:, None], left)
    days = calendar_days(rows)
    intervals = {"days": days.astype(float), "futures": np.log(end / start), "cost": np.log1p(-cost * turnover)}
    states = {"maturity": (counts * left).sum(axis=1) / counts.sum(axis=1), "turnover": np.append(0.0, turnover)}
    if spot is not None:
        level = check_spot(spot, rows)
        ratio = np.where(counts > 0, prices, level[:, None]) / level[:, None]
        after_ratio = np.where(counts[:-1] > 0, prices[1:], level[1:, None]) / level[1:, None]
        carry, shift = split_held(ratio[:-1], after_ratio, counts[:-1], left[:-1], left[1:])
        intervals |= {"spot": np.diff(np.log(level)), "roll_yield": carry, "curve_shift": shift}
        basis = np.log(ratio) * DAYS_PER_YEAR / np.where(counts > 0, left, 1.0)
        states["basis"] = (weights * basis).sum(axis=1)
    return HeldFutures(
        intervals=pd.DataFrame(intervals, index=rows[1:]),
        states=pd.DataFrame(states, index=rows),
        weights=pd.DataFrame(weights, index=rows, columns=schedule.weights.columns),
        name=schedule.name,
    )


def check_cost(cost: float) -> None:
    """Raise where a trading cost cannot be one.

    Raises
    ------
    ParameterError
        If it is negative, NaN, or 10 % of the value traded and more.
    """
    if not 0 <= cost < 0.1:
        raise ParameterError(f"a cost of {cost!r} per unit of turnover: give a fraction, 0.0002 for two basis points")


def check_spot(spot: pd.Series, rows: pd.DatetimeIndex) -> Array:
    """Return spot prices on the sessions of a position.

    Raises
    ------
    AlignmentError
        If spot is not given on just these sessions.
    DataError
        If a price is missing, zero, negative or infinite.
    """
    labels = as_dates(spot.index, "sessions of spot")
    if not labels.equals(rows):
        apart = labels.symmetric_difference(rows)[0]
        who = "only spot has" if apart in labels else "spot lacks"
        raise AlignmentError(
            f"spot and the position differ in their sessions ({who} {day(apart)}): give spot at the clock of the "
            "settlements, on the sessions of the schedule"
        )
    level = spot.to_numpy(dtype="float64", na_value=np.nan)
    if np.isnan(level).any():
        raise DataError(
            f"spot is missing on {day(rows[int(np.isnan(level).argmax())])}: supply it or leave the session out"
        )
    check_positive(level[:, None], rows, ["spot"])
    return level


def _selected(curve: FuturesCurve, schedule: Schedule) -> tuple[pd.DatetimeIndex, Array, Array]:
    """Return sessions, prices and days to expiry of what the schedule covers."""
    rows = pd.DatetimeIndex(schedule.weights.index)
    columns = pd.DatetimeIndex(schedule.weights.columns)
    for labels, known, what in ((rows, curve.sessions, "a session of"), (columns, curve.expiries, "a contract of")):
        absent = labels.difference(known)
        if len(absent):
            raise AlignmentError(
                f"{day(absent[0])} is {what} the schedule but not of the curve: give both for the same"
            )
    if len(rows) < 2:
        raise SampleError("a return needs two sessions: the schedule has one")
    days = columns.to_numpy(dtype="datetime64[D]")[None, :] - rows.to_numpy(dtype="datetime64[D]")[:, None]
    return rows, curve.prices.loc[rows, columns].to_numpy(), days.astype(np.int64).astype(float)


def _check_held(counts: Array, prices: Array, rows: pd.DatetimeIndex, curve: FuturesCurve, schedule: Schedule) -> None:
    """Raise where a contract lacks the price at which it is bought, held or sold."""
    columns = pd.DatetimeIndex(schedule.weights.columns)
    needed = counts > 0
    # Held since the close before: today's settlement is needed whether or not it is kept.
    needed[1:] |= counts[:-1] > 0
    missing = needed & np.isnan(prices)
    if not missing.any():
        return
    row, column = (int(place) for place in np.argwhere(missing)[0])
    expiry, session = columns[column], rows[row]
    who = f"{contract(expiry)} is held on {day(session)} but "
    if expiry < session:
        raise DataError(
            f"{who}expired before that session: roll out of it earlier, or give its last settlement on a session"
        )
    first = curve.prices[expiry].first_valid_index()
    if first is None or session < pd.Timestamp(first):  # type: ignore[arg-type]
        raise DataError(f"{who}is not listed yet: start later, or hold another contract")
    raise DataError(
        f"{who}has no settlement there, a hole in the curve: supply the price, leave the session out of the curve, or "
        "hold another contract; nothing is filled"
    )


def _turnover(weights: Array, drifted: Array, left: Array) -> Array:
    """Return the value traded at each close but the first over the value held."""
    # A contract that settles in cash today is not sold.
    traded = np.abs(weights[1:] - drifted) * (left[1:] > 0)
    # Shares of value carry rounding in their last digits; a position that is kept is not traded.
    total: Array = np.where(traded < 1e-12, 0.0, traded).sum(axis=1)
    return total
