"""Which contracts are held from each close to the next: roll rules as weights per session and contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from research.drivers.futures.curve import FuturesCurve, as_dates, as_prices, contract, day, spanned
from research.errors import DataError, ParameterError
from research.tables import Result, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Gaps", "Schedule", "Unit", "constant_maturity", "roll_last_days", "roll_on_expiry", "sp_vix"]

Unit = Literal["counts", "values"]
"""What a weight is a share of: the number of contracts, or the value held."""

Gaps = Literal["refuse", "accept"]
"""What is done where the contracts in use lie further apart than usual, as where the file of one is missing."""

# Months differ by a week at most, 28 days against 35; two of them are never shorter than this.
_WIDE: Final = 1.5


@dataclass(frozen=True, eq=False)
class Schedule(Result):
    """Positions after the close of each session, kept until the next close.

    Parameters
    ----------
    weights : pandas.DataFrame of float, shape (sessions, contracts)
        Non-negative; only ratios within a row matter. Any weights over any contracts may be given.
    unit : {"counts", "values"}
        Numbers of contracts, or shares of value at that close.
    name : str
        How the rule is called in tables.

    Raises
    ------
    DataError
        If labels are not sorted unique dates, a weight is NaN, infinite or negative, a row is empty, or a contract is
        held on or after its expiry.
    ParameterError
        If the unit does not exist.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-15", "2024-01-16"])
    >>> rows = pd.DataFrame([[1.0, 0.0], [0.5, 0.5]], index=days, columns=pd.to_datetime(["2024-01-17", "2024-02-14"]))
    >>> Schedule(rows, name="half a day early").weights.sum(axis=1).tolist()
    [1.0, 1.0]
    """

    weights: pd.DataFrame = field(repr=False)
    unit: Unit = "counts"
    name: str = "weights given"

    def __post_init__(self) -> None:
        if self.unit not in ("counts", "values"):
            raise ParameterError(f"unit is {self.unit!r}: give 'counts' or 'values'")
        rows = as_dates(self.weights.index, "sessions of the schedule")
        columns = as_dates(self.weights.columns, "expiries of the schedule")
        values = as_prices(self.weights, "weights of the schedule")
        bad = ~((values >= 0) & np.isfinite(values))
        if bad.any():
            row, column = (int(place) for place in np.argwhere(bad)[0])
            raise DataError(
                f"the weight of {contract(columns[column])} is {values[row, column]:g} on {day(rows[row])}: give zero "
                "or a positive number (a short fund is a multiple of the long one)"
            )
        empty = values.sum(axis=1) == 0
        if empty.any():
            raise DataError(
                f"nothing is held after the close of {day(rows[int(empty.argmax())])}: give that row weights"
            )
        late = (values > 0) & (columns.to_numpy()[None, :] <= rows.to_numpy()[:, None])
        if late.any():
            row, column = (int(place) for place in np.argwhere(late)[0])
            raise DataError(
                f"{contract(columns[column])} would be held after the close of {day(rows[row])}: it has expired; roll "
                "on that day at the latest"
            )
        object.__setattr__(self, "weights", pd.DataFrame(values, index=rows, columns=columns))

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the weights."""
        return self.weights.copy()

    def summary(self) -> Table:
        """Return what is held over which sessions, and on how many of them positions change."""
        held = self.weights.to_numpy() > 0.0
        shares = self.weights.div(self.weights.sum(axis=1), axis=0).to_numpy()
        rows = {
            "sessions": spanned(pd.DatetimeIndex(self.weights.index)),
            "contracts": f"{int(held.any(axis=0).sum())} held, {int(held.sum(axis=1).max())} at once at most",
            "sessions that trade": str(int((np.abs(np.diff(shares, axis=0)) > 0.0).any(axis=1).sum())),
            "weights": {"counts": "numbers of contracts", "values": "shares of value"}[self.unit],
        }
        return Table.of(rows, f"Schedule: {self.name}")


def roll_last_days(
    curve: FuturesCurve,
    days: int,
    business_days: pd.DatetimeIndex,
    *,
    offset: int = 1,
    ranks: Mapping[int, float] | None = None,
    unit: Unit = "counts",
    gaps: Gaps = "refuse",
) -> Schedule:
    """Return the schedule that moves to the next contract in equal parts over the last `days` business days.

    Parameters
    ----------
    curve : FuturesCurve
        Contracts to hold; those to be left out are taken out with `FuturesCurve.select`.
    days : int
        Business days that the roll takes; an equal part moves at each of their closes.
    business_days : pandas.DatetimeIndex
        The exchange's sessions from the first session of the curve to the expiries that matter, after its end too
        (`research.alignment.sessions`).
    offset : int
        Business days before expiry at whose close the roll is complete: 1 is the day before, 0 expiry day itself.
    ranks : mapping of int to float, optional
        Ranks held and their weights, ``{1: 1.0}`` by default: ``{1: 0.5, 4: 0.5}`` rolls both at once.
    unit : {"counts", "values"}
        What the weights are shares of.
    gaps : {"refuse", "accept"}
        Whether a contract may be missing: one expiry and the next, of those in use, half as far apart again as usual.

    Returns
    -------
    Schedule
        On the sessions of the curve.

    Raises
    ------
    ParameterError
        If `days` is below 1, `offset` negative, a rank below 1 or a weight negative.
    DataError
        If `business_days` lacks a session of the curve or ends too early, or the curve lacks a contract to roll into,
        at its end or in a gap; the message names the month.

    Notes
    -----
    With d business days left before the last roll day, ``min(1, d/days)`` of the contract is still held.

    Examples
    --------
    >>> days = pd.bdate_range("2024-01-10", "2024-01-19")
    >>> prices = pd.DataFrame(10.0, index=days, columns=pd.to_datetime(["2024-01-17", "2024-02-14"]))
    >>> prices.loc["2024-01-18":, "2024-01-17"] = np.nan
    >>> business_days = pd.bdate_range("2024-01-10", "2024-03-01")
    >>> roll_last_days(FuturesCurve(prices), 4, business_days).weights.iloc[:, 0].tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0]
    """
    if days < 1 or offset < 0:
        raise ParameterError(f"a roll over {days} days ending {offset} days before expiry: give days >= 1, offset >= 0")
    at, ends = _places(curve, business_days, curve.expiries, days + offset)
    remaining = np.clip((ends[None, :] - offset - at[:, None]) / days, 0.0, 1.0)
    last = "on expiry day" if offset == 0 else f"ending {offset} before expiry"
    name = f"roll over {days} business day{'s' * (days > 1)} {last}"
    return Schedule(_ranked(curve, remaining, ranks, gaps), unit, name)


def roll_on_expiry(
    curve: FuturesCurve,
    *,
    ranks: Mapping[int, float] | None = None,
    unit: Unit = "counts",
    gaps: Gaps = "refuse",
) -> Schedule:
    """Return the schedule that holds a contract through its last settlement and the next one from that close on.

    Parameters
    ----------
    curve : FuturesCurve
        Contracts to hold.
    ranks, unit, gaps
        As in `roll_last_days`.

    Returns
    -------
    Schedule
        On the sessions of the curve.

    Raises
    ------
    ParameterError, DataError
        As in `roll_last_days`.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-16", "2024-01-17", "2024-01-18"])
    >>> expiries = pd.to_datetime(["2024-01-17", "2024-02-14"])
    >>> curve = FuturesCurve(pd.DataFrame([[10.0, 11.0], [10.0, 11.0], [np.nan, 11.0]], index=days, columns=expiries))
    >>> roll_on_expiry(curve).weights.iloc[:, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    alive = curve.expiries.to_numpy()[None, :] > curve.sessions.to_numpy()[:, None]
    return Schedule(_ranked(curve, alive.astype(float), ranks, gaps), unit, "roll on expiry")


def sp_vix(
    curve: FuturesCurve,
    business_days: pd.DatetimeIndex,
    *,
    roll_dates: pd.DatetimeIndex | None = None,
    ranks: Mapping[int, float] | None = None,
    gaps: Gaps = "refuse",
) -> Schedule:
    """Return the schedule of the S&P VIX futures indices: a constant share of contracts rolls every day.

    Parameters
    ----------
    curve : FuturesCurve
        Contracts by final settlement day, beginning with one that settled before the first session.
    business_days : pandas.DatetimeIndex
        Sessions of the exchange, as in `roll_last_days`.
    roll_dates : pandas.DatetimeIndex, optional
        First day of the roll period that ends the holding of each contract before it, one for each contract; the
        settlement days themselves by default, which is the index rule.
    ranks : mapping of int to float, optional
        ``{1: 1.0}``, the short-term index, by default; ``{4: 1.0, 5: 1.0, 6: 1.0}`` is the mid-term index.
    gaps : {"refuse", "accept"}
        As in `roll_last_days`.

    Returns
    -------
    Schedule
        Weights are numbers of contracts, not values.

    Raises
    ------
    ParameterError, DataError
        As in `roll_last_days`; also if a session lies before the first roll date.

    Notes
    -----
    Roll period k runs from settlement day e_k (included) to e_{k+1} (excluded), with ``dt`` business days. After the
    close of t, ``dr`` business days later than t are left in it: the position is ``dr/dt`` contracts that settle at
    e_{k+1} and ``1 − dr/dt`` of the next (S&P VIX Futures Indices Methodology; ``studies`` §11.1).
    """
    starts = curve.expiries if roll_dates is None else as_dates(roll_dates, "roll dates")
    if len(starts) != len(curve.expiries):
        raise ParameterError(f"{len(starts)} roll dates for {len(curve.expiries)} contracts: give one for each")
    if curve.sessions[0] < starts[0]:
        raise DataError(
            f"the curve starts on {day(curve.sessions[0])}, before its first roll date {day(starts[0])}: the length of "
            "that roll period is unknown; include the contract that settled before, or start later"
        )
    # The period in which the last session lies must end within the calendar; its own days are at least those left.
    ahead = starts[starts > curve.sessions[-1]]
    reach = len(business_days) if len(ahead) and ahead[0] > business_days[-1] else 0
    at, ends = _places(curve, business_days, starts, reach)
    begins = np.concatenate([[-1], ends[:-1]])
    length = np.maximum(ends - begins, 1)
    left = ends[None, :] - at[:, None] - 1
    remaining = np.clip(left / length[None, :], 0.0, 1.0)
    return Schedule(_ranked(curve, remaining, ranks, gaps), "counts", "S&P VIX futures index")


def constant_maturity(curve: FuturesCurve, days: float, *, gaps: Gaps = "refuse") -> Schedule:
    """Return the schedule that keeps the average maturity of the contracts held at a fixed number of days.

    Parameters
    ----------
    curve : FuturesCurve
        Contracts to hold.
    days : float
        Calendar days.
    gaps : {"refuse", "accept"}
        As in `roll_last_days`.

    Returns
    -------
    Schedule
        Numbers of contracts, linear in time between the two contracts around that maturity.

    Raises
    ------
    ParameterError, DataError
        As in `FuturesCurve.maturity_weights`; also where a contract is missing in a gap.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-15", "2024-01-16"])
    >>> curve = FuturesCurve(pd.DataFrame(10.0, index=days, columns=pd.to_datetime(["2024-01-17", "2024-02-16"])))
    >>> constant_maturity(curve, 17).weights.round(4).iloc[0].tolist()
    [0.5, 0.5]
    """
    weights = pd.DataFrame(curve.maturity_weights(days), index=curve.sessions, columns=curve.expiries)
    _check_gaps(weights, gaps)
    return Schedule(weights, "counts", f"constant maturity of {days:g} days")


def _places(
    curve: FuturesCurve, business_days: pd.DatetimeIndex, dates: pd.DatetimeIndex, reach: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place among the business days of each session, and how many business days precede each date."""
    known = as_dates(business_days, "business days")
    at = known.get_indexer(curve.sessions)
    if (at < 0).any():
        lacking = curve.sessions[int((at < 0).argmax())]
        raise DataError(
            f"{day(lacking)} is a session of the curve but no business day: give the exchange's own calendar"
        )
    beyond = dates > known[-1]
    if beyond.any() and len(known) - 1 - at[-1] < reach:
        raise DataError(
            f"the business days end on {day(known[-1])}, before {day(dates[int(beyond.argmax())])}: extend them to "
            "that date, since a roll counts the days left"
        )
    ends = known.searchsorted(dates).astype(np.int64)
    # Nothing rolls out of these within the curve, as was just checked: they are far away, whatever the distance.
    ends[beyond] = np.iinfo(np.int32).max
    return at.astype(np.int64), ends


def _ranked(
    curve: FuturesCurve, remaining: NDArray[np.float64], ranks: Mapping[int, float] | None, gaps: Gaps
) -> pd.DataFrame:
    """Return the weights of a position in some ranks, given how much of each contract is not yet rolled out of.

    What is rolled out of one contract is held in the next: the first nearby is ``remaining_k − remaining_{k−1}``
    contracts, which adds to one; higher ranks are the same, as many contracts later.
    """
    wanted = {1: 1.0} if ranks is None else dict(ranks)
    if not wanted or any(rank < 1 or not 0 <= weight < np.inf for rank, weight in wanted.items()):
        raise ParameterError(f"ranks {wanted}: give ranks from 1 with non-negative weights, as in {{1: 0.5, 2: 0.5}}")
    first = np.diff(remaining, axis=1, prepend=0.0)
    total = np.zeros_like(first)
    for rank, weight in wanted.items():
        moved = np.zeros_like(first)
        moved[:, rank - 1 :] = first[:, : max(first.shape[1] - rank + 1, 0)]
        short = moved.sum(axis=1) < 1 - 1e-9
        if weight and short.any():
            raise DataError(
                f"on {day(curve.sessions[int(short.argmax())])} the curve has no contract left for rank {rank}: its "
                f"last one expires {day(curve.expiries[-1])}; add later contracts"
            )
        total += weight * moved
    weights = pd.DataFrame(total, index=curve.sessions, columns=curve.expiries)
    _check_gaps(weights, gaps)
    return weights


def _check_gaps(weights: pd.DataFrame, gaps: Gaps) -> None:
    """Raise where the contracts in use lie as far apart as they would if one between them were missing.

    A schedule rolls into the next contract that there is; where the file of one is missing that is silently the one
    after it, with the return of a contract that the fund never held.

    Raises
    ------
    ParameterError
        If `gaps` is neither word.
    DataError
        Naming the expiries around the first gap, and the months of those that are missing.
    """
    if gaps not in ("refuse", "accept"):
        raise ParameterError(f"gaps is {gaps!r}: give 'refuse' or 'accept'")
    columns = pd.DatetimeIndex(weights.columns)
    places = np.flatnonzero((weights.to_numpy() > 0).any(axis=0)).tolist()
    # Neighbours in the curve: a schedule may well hold the first contract and the fourth.
    pairs = [(columns[at], columns[at + 1]) for at in places if at + 1 in places]
    apart = np.array([(after - before).days for before, after in pairs])
    if gaps == "accept" or len(apart) < 2:
        return
    usual = float(np.quantile(apart, 0.5, method="lower"))
    wide = apart > _WIDE * usual
    if not wide.any():
        return
    at = int(wide.argmax())
    before, after = pairs[at]
    missing = max(round(apart[at] / usual) - 1, 1)
    months = [f"{before + (after - before) * (place + 1) / (missing + 1):%B %Y}" for place in range(missing)]
    raise DataError(
        f"no contract expires between {day(before)} and {day(after)}, {apart[at]} days where {usual:.0f} are usual: "
        f"that of {' and that of '.join(months)} is missing; add its prices, or where none was listed accept the gap "
        "(gaps = 'accept')"
    )
