"""Accrued fee: what is owed to the sponsor but not yet paid is a debt in dollars, and it gears the fund a little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History
from research.conventions import DAYS_PER_YEAR
from research.drivers.driver import Driver

__all__ = ["accrued_fee", "unpaid_share"]

_PERIOD = {"monthly": "M", "quarterly": "Q"}


def accrued_fee(history: History) -> Driver | None:
    """Return what the unpaid part of the fee adds to the fund's return, or None where fees are not paid in arrears.

    Parameters
    ----------
    history : History
        Of a fund whose fee schedule states how often the fee is paid.

    Returns
    -------
    Driver or None
        ``accrued_fee``. None where the fee or its payment is not known, or it is paid daily.

    Notes
    -----
    A fund that owes the share ℓ of its net asset value in dollars holds 1 + ℓ of the asset. Over one interval with
    benchmark return R its net asset value grows by ``(1 + ℓ)(1 + R) − ℓ``, so the log return gains
    ``ln(1 + ℓ·R/(1 + R))``. A fee of 20 bp paid monthly owes at most 1.7 bp of net asset value: no money to speak of,
    but in a fund that otherwise tracks to a hundredth of a basis point a day it is most of the tracking error, and
    leaving it out widens the interval of the fee many times over. See `unpaid_share` for ℓ.
    """
    schedule = history.fund.fee
    if schedule is None or schedule.paid not in _PERIOD:
        return None
    index = pd.DatetimeIndex(history.frame.index)
    rates = history.fund.fee_rates(pd.date_range(index[0], index[-1], freq="D"), history.frame.get("assets"))
    share = unpaid_share(rates, history.frame["nav"], _PERIOD[schedule.paid])
    simple = np.expm1(history.benchmark_returns.to_numpy())
    gained = np.log1p(share[:-1] * simple / (1.0 + simple))
    level = pd.Series(np.concatenate([[0.0], np.cumsum(gained)]), index, name="accrued_fee")
    return Driver(
        name="accrued_fee",
        level=level,
        title="Accrued fee",
        description=f"gearing by the fee that is owed until it is paid ({schedule.paid}, on the first session)",
        source=schedule.paid_source or schedule.source,
        truth=1.0 if history.fund.simulated else None,
    )


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
    sessions = pd.DatetimeIndex(nav.index)
    days = pd.DatetimeIndex(rates.index)
    last_struck = np.maximum(sessions.searchsorted(days, side="left") - 1, 0)
    dollars = rates.to_numpy() / DAYS_PER_YEAR * nav.to_numpy()[last_struck]
    dollars[0] = 0.0
    accrued = np.cumsum(dollars)
    until = days.searchsorted(sessions.to_period(period).start_time.normalize(), side="left") - 1
    paid = np.where(until >= 0, accrued[np.maximum(until, 0)], 0.0)
    share: npt.NDArray[np.float64] = (accrued[days.searchsorted(sessions)] - paid) / nav.to_numpy()
    return share
