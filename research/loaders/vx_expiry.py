"""When a VIX future settles, from its month: thirty days before the third Friday of the month after."""

from __future__ import annotations

import datetime as dt
from typing import Final

from dateutil.easter import easter

__all__ = ["MONTH_CODES", "vx_expiry"]

MONTH_CODES: Final = dict(zip("FGHJKMNQUVXZ", range(1, 13), strict=True))
"""Letters of the delivery months."""

_JUNETEENTH_SINCE: Final = 2022


def vx_expiry(year: int, month: int) -> dt.date:
    """Return the final settlement day of a VIX future.

    Parameters
    ----------
    year, month : int
        Delivery month.

    Returns
    -------
    datetime.date
        A Wednesday, but the Tuesday before where a holiday falls on the Wednesday or on the Friday it counts from.

    Notes
    -----
    Cboe's rule. Of the exchange's holidays only Good Friday and Juneteenth (since 2022) can be the third Friday, and
    only Juneteenth the Wednesday thirty days before one; a test compares the rule with an exchange calendar month by
    month.

    Examples
    --------
    >>> vx_expiry(2014, 3), vx_expiry(2024, 6)
    (datetime.date(2014, 3, 18), datetime.date(2024, 6, 18))
    """
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    friday = following + dt.timedelta(days=(4 - following.weekday()) % 7 + 14)
    if friday == easter(friday.year) - dt.timedelta(days=2) or _is_juneteenth(friday):
        friday -= dt.timedelta(days=1)
    day = friday - dt.timedelta(days=30)
    return day - dt.timedelta(days=1) if _is_juneteenth(day) else day


def _is_juneteenth(day: dt.date) -> bool:
    return (day.month, day.day) == (6, 19) and day.year >= _JUNETEENTH_SINCE
