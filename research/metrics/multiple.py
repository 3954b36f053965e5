"""Many p-values on one page: what remains of each once all are looked at together."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["holm"]


def holm(p_values: pd.Series) -> pd.Series:
    """Return p-values adjusted for being many, by Holm's step-down rule.

    Parameters
    ----------
    p_values : pandas.Series of float, shape (m,)
        One for each hypothesis, between 0 and 1; NaN stands for a hypothesis that was not tested, and is not counted.

    Returns
    -------
    pandas.Series of float, shape (m,)
        With the labels of `p_values`: rejecting where it is below α keeps the probability of any false rejection below
        α, however the tests depend on each other. NaN stays NaN.

    Notes
    -----
    In ascending order ``p̃_(i) = max over j ≤ i of min(1, (m − j + 1)·p_(j))`` (Holm 1979).

    Examples
    --------
    >>> holm(pd.Series([0.01, 0.04, 0.03, float("nan")])).round(4).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    known = p_values.dropna().sort_values(kind="stable")
    factors = np.arange(len(known), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(factors * known.to_numpy(dtype=float)), 1.0)
    return pd.Series(adjusted, known.index, name=p_values.name, dtype=float).reindex(p_values.index)
