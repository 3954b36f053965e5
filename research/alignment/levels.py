"""Two series of levels that can be compared: positive, on the same dates."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from research.errors import AlignmentError, DataError, SampleError

__all__ = ["FEWEST", "shared_labels"]

FEWEST: Final = 22
"""Sessions below which nothing is said of two clocks."""


def shared_labels(fund: pd.Series, benchmark: pd.Series) -> pd.DatetimeIndex:
    """Return the labels of two series of levels.

    Parameters
    ----------
    fund, benchmark : pandas.Series of float
        Levels by session.

    Raises
    ------
    AlignmentError
        If the labels differ, are not dates, or are not sorted and unique.
    DataError
        If a level is NaN, infinite, zero or negative.
    SampleError
        If there are fewer than 22 sessions.
    """
    for name, values in (("the fund", fund), ("the benchmark", benchmark)):
        if not isinstance(values.index, pd.DatetimeIndex) or not values.index.is_monotonic_increasing:
            raise AlignmentError(f"{name} is not labelled by ascending dates: use sort_index()")
        numbers = values.to_numpy(dtype=float)
        wrong = ~(np.isfinite(numbers) & (numbers > 0.0))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{name} of {values.index[at]:%Y-%m-%d} is {numbers[at]:g}: give positive levels (not returns), and "
                "leave out sessions without one"
            )
    labels = pd.DatetimeIndex(fund.index)
    if not labels.is_unique or not labels.equals(pd.DatetimeIndex(benchmark.index)):
        raise AlignmentError(
            f"fund ({len(fund)} labels) and benchmark ({len(benchmark)}) do not carry the same dates, each once: take "
            "both on the sessions that they share"
        )
    if len(labels) < FEWEST:
        raise SampleError(f"{len(labels)} sessions are too few to tell two clocks apart: give at least {FEWEST}")
    return labels
