"""Futures that are held: what the contracts of a schedule earn through every roll, and how that splits over spot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR, basis_points
from research.drivers.futures.basis import backwardation_share, contango_share
from research.drivers.futures.curve import FuturesCurve, as_dates, calendar_days, check_positive, contract, day
from research.drivers.futures.schedule import Schedule
from research.errors import AlignmentError, DataError, MissingColumnError, ParameterError, SampleError
from research.tables import Result, Table, signed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["HeldFutures", "check_cost", "check_spot", "hold", "log_mean", "split_held"]


@dataclass(frozen=True, eq=False)
class HeldFutures(Result):
    """Returns of a futures position over each interval, and its state after each close.

    Parameters
    ----------
    intervals : pandas.DataFrame of float, one row for each session but the first
        Labelled by the session that ends the interval. ``days`` (calendar), ``futures`` (log return of the contracts
        held, before cost), ``cost`` (log return, negative) and, where a spot price was given, ``spot``,
        ``roll_yield`` and ``curve_shift``, all log returns: ``futures − spot = roll_yield + curve_shift``.
    states : pandas.DataFrame of float, one row for each session
        After the close: ``maturity`` (average calendar days to expiry by number of contracts), ``turnover`` (value
        traded at that close over value held, sales and purchases both) and, with spot, ``basis`` (annualised, a
        fraction, averaged by value).
    weights : pandas.DataFrame of float
        Share of value by maturity or contract after each close.
    name : str
        The schedule.

    Notes
    -----
    ``intervals`` is what the drivers read, as ``history.inputs["held_futures"]``.
    """

    intervals: pd.DataFrame = field(repr=False)
    states: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    name: str

    @property
    def log_returns(self) -> pd.Series:
        """Log return of the position over each interval, after the cost of rolling."""
        return (self.intervals["futures"] + self.intervals["cost"]).rename("log_return")

    @property
    def simple_returns(self) -> pd.Series:
        """Simple return of the position over each interval, after the cost of rolling."""
        return pd.Series(np.expm1(self.log_returns), name="simple_return")

    @property
    def basis(self) -> pd.Series:
        """Annualised basis of the contracts held, a fraction; positive in contango.

        Raises
        ------
        MissingColumnError
            If no spot price was given.
        """
        if "basis" not in self.states:
            raise MissingColumnError("there is no basis without a spot price: give `spot` to the engine")
        return self.states["basis"]

    def excess_return_index(self, base: float = 100.0) -> pd.Series:
        """Return the index of the position without interest, after cost; `base` at the first session.

        Raises
        ------
        ParameterError
            If the base is not positive.
        """
        if not 0 < base < np.inf:
            raise ParameterError(f"the index starts at {base!r}: give a positive number")
        level = np.concatenate([[0.0], np.cumsum(self.log_returns.to_numpy())])
        return pd.Series(base * np.exp(level), index=self.states.index, name="excess_return_index")

    def long_dated_share(self, days: float) -> pd.Series:
        """Return the share of value in contracts with more than `days` calendar days to run, session by session."""
        columns = self.weights.columns
        if isinstance(columns, pd.DatetimeIndex):
            left = columns.to_numpy()[None, :] - self.weights.index.to_numpy()[:, None] > pd.Timedelta(days=days)
        else:
            left = np.broadcast_to(columns.to_numpy(dtype=float) > days, self.weights.shape)
        return pd.Series((self.weights.to_numpy() * left).sum(axis=1), index=self.weights.index, name="long_dated")

    def per_year(self) -> pd.Series:
        """Return what each column has earned per calendar year, a log return (Act/365)."""
        returns = self.intervals.drop(columns="days")
        return (returns.sum() * DAYS_PER_YEAR / self.intervals["days"].sum()).rename("per_year")

    def summary(self) -> Table:
        """Return returns a year in basis points, average maturity, turnover and the shares of contango."""
        rows = {f"{name.replace('_', ' ')} (bp a year)": basis_points(v) for name, v in self.per_year().items()}  # type: ignore[attr-defined]
        rows["average maturity (days)"] = float(self.states["maturity"].mean())
        years = self.intervals["days"].sum() / DAYS_PER_YEAR
        rows["turnover (times a year)"] = float(self.states["turnover"].iloc[1:].sum() / years)
        if "basis" in self.states:
            rows["sessions in contango (%)"] = 100 * contango_share(self.basis)
            rows["sessions in backwardation (%)"] = 100 * backwardation_share(self.basis)
        frame = pd.DataFrame({"value": list(rows.values())}, index=list(rows))
        return Table(frame, f"Futures held: {self.name}", {"value": signed(1)})


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
        price = check_spot(spot, rows)
        ratio = np.where(counts > 0, prices, price[:, None]) / price[:, None]
        after_ratio = np.where(counts[:-1] > 0, prices[1:], price[1:, None]) / price[1:, None]
        carry, shift = split_held(ratio[:-1], after_ratio, counts[:-1], left[:-1], left[1:])
        intervals |= {"spot": np.diff(np.log(price)), "roll_yield": carry, "curve_shift": shift}
        basis = np.log(ratio) * DAYS_PER_YEAR / np.where(counts > 0, left, 1.0)
        states["basis"] = (weights * basis).sum(axis=1)
    return HeldFutures(
        intervals=pd.DataFrame(intervals, index=rows[1:]),
        states=pd.DataFrame(states, index=rows),
        weights=pd.DataFrame(weights, index=rows, columns=schedule.weights.columns),
        name=schedule.name,
    )


def log_mean(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithmic mean ``(a − b)/ln(a/b)`` of positive numbers, ``a`` where they are equal.

    Examples
    --------
    >>> log_mean(np.array([2.0]), np.array([2.0])).tolist()
    [2.0]
    """
    x = np.log(a / b)
    # expm1(x)/x keeps its digits where a and b are nearly equal, which they are from one session to the next.
    ratio = np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))
    mean: NDArray[np.float64] = b * ratio
    return mean


def split_held(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    counts: NDArray[np.float64],
    days_before: NDArray[np.float64],
    days_after: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return carry accrual and curve shift of the position held over each interval.

    Parameters
    ----------
    before, after : array of float, shape (intervals, contracts)
        Futures over spot, F/S, at the start and at the end of the interval; anything positive where nothing is held.
    counts : array of float, same shape
        Numbers of contracts held, constant over the interval.
    days_before, days_after : array of float, same shape
        Calendar days to expiry at either end; positive at the start wherever something is held.

    Returns
    -------
    tuple of two arrays of float, shape (intervals,)
        Log returns that add up to ``ln(V₁/V₀)``, the log return of the position over that of spot.

    Notes
    -----
    One contract with annualised basis ``c = ln(F/S)·365/τ``, τ in days: carry ``−c₀·Δ/365`` and shift ``τ₁·Δc/365 =
    ln(F₁/S₁) − c₀·τ₁/365``. The second form needs no ``c₁``, which does not exist on expiry day.
    Over several contracts both are summed with the logarithmic-mean weights ``L(v₁ᵢ, v₀ᵢ)/L(V₁, V₀)`` of the
    positions' values in units of spot, ``vᵢ = nᵢ·Fᵢ/S`` and ``V = Σvᵢ``: with them ``ln(V₁/V₀) = Σ ωᵢ·ln(v₁ᵢ/v₀ᵢ)``
    without a remainder (Vartia 1976), while value weights would leave one.
    """
    held = counts > 0
    start, end = np.where(held, before, 1.0), np.where(held, after, 1.0)
    values_before, values_after = counts * start, counts * end
    whole = log_mean(values_after.sum(axis=1), values_before.sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(held, log_mean(values_after, values_before), 0.0) / whole[:, None]
    runs = np.where(held, days_before, 1.0)
    elapsed = np.where(held, days_before - days_after, 0.0)
    basis = np.log(start)
    carry = (parts * -basis * elapsed / runs).sum(axis=1)
    shift = (parts * (np.log(end) - basis * np.where(held, days_after, 0.0) / runs)).sum(axis=1)
    return carry, shift


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
    price = spot.to_numpy(dtype="float64", na_value=np.nan)
    if np.isnan(price).any():
        raise DataError(
            f"spot is missing on {day(rows[int(np.isnan(price).argmax())])}: supply it or leave the session out"
        )
    check_positive(price[:, None], rows, ["spot"])
    return price


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
