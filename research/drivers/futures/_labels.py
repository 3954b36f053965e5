"""Checks that every futures table passes before anything is computed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_dates", "as_prices", "calendar_days", "check_positive", "day"]


def day(label: object) -> str:
    """Return a date label as text."""
    return f"{pd.Timestamp(label):%Y-%m-%d}"  # type: ignore[arg-type]


def as_dates(labels: pd.Index, what: str) -> pd.DatetimeIndex:
    """Return labels as naive, normalised, strictly increasing dates; raise where they are not.

    Raises
    ------
    DataError
        Naming the first label that is wrong.
    """
    if not isinstance(labels, pd.DatetimeIndex):
        raise DataError(f"the {what} are not dates but {labels.dtype}: convert them with pandas.to_datetime")
    if len(labels) == 0:
        raise DataError(f"there are no {what}: give one at least")
    if labels.tz is not None:
        raise DataError(
            f"the {what} carry time zone {labels.tz}: a label is a date; use .tz_localize(None).normalize()"
        )
    if labels.hasnans:
        raise DataError(f"one of the {what} is not a date (place {int(labels.isna().argmax())}): correct or drop it")
    timed = labels[labels != labels.normalize()]
    if len(timed):
        raise DataError(f"one of the {what} has a time of day, {timed[0]}: normalise the labels")
    if not labels.is_unique:
        raise DataError(
            f"the {what} hold {day(labels[labels.duplicated()][0])} more than once: decide which one is right"
        )
    if not labels.is_monotonic_increasing:
        place = int((np.diff(labels.asi8) < 0).argmax()) + 1
        raise DataError(f"the {what} are not in order: {day(labels[place])} follows a later date; sort them")
    return pd.DatetimeIndex(labels.to_numpy(dtype="datetime64[ns]"))


def as_prices(prices: pd.DataFrame, what: str) -> NDArray[np.float64]:
    """Return the values of a table as floats, NaN where there is no price.

    Raises
    ------
    DataError
        If a value is not a number.
    """
    try:
        return prices.to_numpy(dtype="float64", na_value=np.nan, copy=True)
    except (TypeError, ValueError):
        raise DataError(f"the {what} hold text: read the file with its thousands separator and null marker") from None


def check_positive(values: NDArray[np.float64], rows: pd.DatetimeIndex, names: list[str]) -> None:
    """Raise where a price is zero, negative or infinite; NaN is no price and passes.

    Raises
    ------
    DataError
        Naming session, contract and value.
    """
    bad = ~np.isnan(values) & ~((values > 0) & np.isfinite(values))
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        raise DataError(
            f"{names[column]} settles at {values[row, column]:g} on {day(rows[row])}: a return needs a positive "
            "price; set a placeholder to NaN, and where the market did settle there hold another contract or leave "
            "the session out"
        )


def calendar_days(rows: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the calendar days of each interval between sessions, one fewer than sessions."""
    days: NDArray[np.int64] = np.diff(rows.to_numpy(dtype="datetime64[D]")).astype(np.int64)
    return days
