"""Accrued fee: what is owed to the sponsor but not yet paid is a debt in dollars, and it gears the fund a little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.drivers.driver import Driver
from research.errors import UnknownNameError

__all__ = ["LIABILITIES", "Liability", "accrued_fee", "owed_from", "unpaid_share"]

Array = npt.NDArray[np.float64]

Liability = Literal["session", "next day", "next session"]
"""Up to which day the fee is owed at a session's close: that day, the day after, or the next session's day."""

LIABILITIES: tuple[Liability, ...] = get_args(Liability)

_PERIOD = {"monthly": "M", "quarterly": "Q"}


def accrued_fee(history: History, convention: Liability = "session") -> Driver | None:
    """Return what the unpaid part of the fee adds to the fund's return, or None where fees are not paid in arrears.

    Parameters
    ----------
    history : History
        Of a fund whose fee schedule states how often the fee is paid.
    convention : {"session", "next day", "next session"}
        Which days of liability count over an interval: what has accrued to the session that it starts with, a day more,
        or all that accrues until it ends. Books are not published; funds differ by less than the fee can tell.

    Returns
    -------
    Driver or None
        ``accrued_fee``. None where the fee or its payment is not known, it is paid daily, or the history is
        one of weeks or months, which do not show how long it was owed.

    Raises
    ------
    UnknownNameError
        If there is no such convention.

    Notes
    -----
    A fund that owes the share ℓ of its net asset value in dollars holds 1 + ℓ of the asset. Over one interval with
    benchmark return R its net asset value grows by ``(1 + ℓ)(1 + R) − ℓ``, so the log return gains
    ``ln(1 + ℓ·R/(1 + R))``. A fee of 20 bp paid monthly owes at most 1.7 bp of net asset value: no money to speak of,
    but in a fund that otherwise tracks to a hundredth of a basis point a day it is most of the tracking error, and
    leaving it out widens the interval of the fee many times over. See `unpaid_share` for ℓ.

    Where the schedule says ``booked = "month end"``, the last session of a month books what accrues until the month
    ends, weekends and holidays after it included; the next session has that much less to book.
    """
    if convention not in LIABILITIES:
        raise UnknownNameError("convention", convention, LIABILITIES)
    schedule = history.fund.fee
    books = _Books.of(history, convention)
    if schedule is None or books is None:
        return None
    rates = np.asarray(history.fund.fee_rates(books.days, history.frame.get("assets")), dtype=float)
    level = books.effect(rates[:, None])[:, 0]
    return Driver(
        name="accrued_fee",
        level=pd.Series(level, books.sessions, name="accrued_fee"),
        title="Accrued fee",
        description=f"gearing by the fee that is owed until it is paid ({schedule.paid}, on the first session)",
        source=schedule.paid_source or schedule.source,
        truth=1.0 if history.fund.simulated else None,
    )


def owed_from(
    history: History, convention: Liability = "session"
) -> Callable[[pd.DatetimeIndex], npt.NDArray[np.float64]] | None:
    """Return what a drift of one a year brings with it in a fund that pays its fee in arrears, by its first day.

    Parameters
    ----------
    history : History
        Of a fund whose fee schedule states how often the fee is paid: nothing else of the schedule is used, neither a
        rate nor a day on which one changes.
    convention : {"session", "next day", "next session"}
        As in `accrued_fee`.

    Returns
    -------
    callable or None
        From days to an array of shape (T + 1, days): what `accrued_fee` is for a fee of −1 a year, which is a drift of
        +1, from each of them on. None where fees are not paid in arrears.

    Notes
    -----
    `accrued_fee` is a multiple of the rate but for terms of its square, which are left out here.
    """
    books = _Books.of(history, convention)
    if books is None:
        return None

    def carried(starts: pd.DatetimeIndex) -> npt.NDArray[np.float64]:
        charged = np.asarray(books.days.to_numpy()[:, None] >= starts.to_numpy()[None, :], dtype=float)
        return -books.effect(BASIS_POINT * charged) / BASIS_POINT

    return carried


@dataclass(frozen=True, eq=False)
class _Books:
    """What a fund's bookkeeping does with the fee of each calendar day; places are those of days."""

    sessions: pd.DatetimeIndex
    days: pd.DatetimeIndex
    nav: Array  # by session
    struck: npt.NDArray[np.intp]  # by day: session that struck the net asset value last
    at: npt.NDArray[np.intp]  # by session: its own day,
    owed: npt.NDArray[np.intp]  # the last one whose fee is owed over the next interval,
    paid: npt.NDArray[np.intp]  # the last one whose fee has been paid, −1 for none,
    booked: npt.NDArray[np.intp]  # and the last one whose fee is in the net asset value
    lever: Array  # by interval: R/(1 + R)

    @classmethod
    def of(cls, history: History, convention: Liability) -> Self | None:
        """Return the books, or None where the fee is not paid in arrears."""
        schedule = history.fund.fee
        # What is owed changes by the session: from weeks or months it cannot be told how long it was.
        if schedule is None or schedule.paid not in _PERIOD or history.frequency != "daily":
            return None
        sessions = pd.DatetimeIndex(history.frame.index)
        days = pd.date_range(sessions[0], sessions[-1], freq="D")
        at = days.searchsorted(sessions)
        booked = at if schedule.booked == "session" else _to_month_end(sessions, history.positions, at)
        following = np.append(at[1:], at[-1])
        owed = {"session": at, "next day": np.minimum(at + 1, following), "next session": following}[convention]
        simple = np.expm1(history.benchmark_returns.to_numpy())
        return cls(
            sessions=sessions,
            days=days,
            nav=history.frame["nav"].to_numpy(dtype=float),
            struck=_struck(sessions, days),
            at=at,
            owed=owed,
            paid=_paid(sessions, days, _PERIOD[schedule.paid]),
            booked=booked,
            lever=simple / (1.0 + simple),
        )

    def effect(self, rates: Array) -> Array:
        """Return the cumulated log return (T + 1, n) that fees of these rates by day (days, n) owe to being unpaid."""
        share = _share(rates, self.nav, self.struck, self.owed, self.paid)
        gained = np.zeros_like(share)
        np.cumsum(np.log1p(share[:-1] * self.lever[:, None]), axis=0, out=gained[1:])
        # Days beyond the sample have the rate of its last one.
        beyond = np.repeat(rates[-1:], max(int(self.booked[-1]) + 1 - len(rates), 0), axis=0)
        charged = np.cumsum(np.concatenate([rates, beyond]), axis=0) / DAYS_PER_YEAR
        return np.asarray(gained - (charged[self.booked] - charged[self.at]), dtype=float)


def _to_month_end(
    sessions: pd.DatetimeIndex, positions: npt.NDArray[np.int64], at: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return the day up to which each session books: its own, or the end of the month that it is the last one of."""
    ends = (sessions + pd.offsets.MonthEnd(0)).normalize()
    month = sessions.to_period("M")
    closing = np.append((month[1:] != month[:-1]) & (np.diff(positions) == 1), False)
    # Where the next session is not among the rows, a month that holds no weekday more is over.
    tomorrow, after = (np.asarray(each + pd.Timedelta(days=1), dtype="datetime64[D]") for each in (sessions, ends))
    closing |= np.busday_count(tomorrow, after) == 0
    return np.where(closing, at + np.asarray((ends - sessions.normalize()).days), at)


def _struck(sessions: pd.DatetimeIndex, days: pd.DatetimeIndex) -> npt.NDArray[np.intp]:
    return np.maximum(sessions.searchsorted(days, side="left") - 1, 0)


def _paid(sessions: pd.DatetimeIndex, days: pd.DatetimeIndex, period: str) -> npt.NDArray[np.intp]:
    return np.asarray(days.searchsorted(sessions.to_period(period).start_time.normalize(), side="left") - 1)


def _share(
    rates: Array,
    nav: Array,
    struck: npt.NDArray[np.intp],
    owed: npt.NDArray[np.intp],
    paid: npt.NDArray[np.intp],
) -> Array:
    """Return the unpaid share (T + 1, n) for rates (days, n)."""
    dollars = rates / DAYS_PER_YEAR * nav[struck][:, None]
    dollars[0] = 0.0
    accrued = np.cumsum(dollars, axis=0)
    settled = np.where(paid[:, None] >= 0, accrued[np.maximum(paid, 0)], 0.0)
    return np.asarray((accrued[owed] - settled) / nav[:, None], dtype=float)


def unpaid_share(rates: pd.Series, nav: pd.Series, period: str) -> npt.NDArray[np.float64]:
    """Return the fee owed but not paid at each session, as a fraction of net asset value.

    Parameters
    ----------
    rates : pandas.Series of float, shape (days,)
        Fee of every calendar day from the first session to the last, a fraction a year.
    nav : pandas.Series of float, shape (T + 1,)
        Net asset value a share by session.
    period : str
        ``"M"`` or ``"Q"``: what has accrued to the end of a month or quarter is paid on the next one's first session.

    Returns
    -------
    numpy.ndarray of float, shape (T + 1,)
        0 at the first session: what was owed before it is not known.

    Notes
    -----
    A day accrues ``rate/365`` of the net asset value last struck before it, in dollars, which the asset's price does
    not move any more.
    """
    sessions, days = pd.DatetimeIndex(nav.index), pd.DatetimeIndex(rates.index)
    share = _share(
        rates.to_numpy(dtype=float)[:, None],
        nav.to_numpy(dtype=float),
        _struck(sessions, days),
        days.searchsorted(sessions),
        _paid(sessions, days, period),
    )
    return np.asarray(share[:, 0], dtype=float)
