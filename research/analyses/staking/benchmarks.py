"""A staking fund against two kinds of benchmark: one of prices, and one that earns the reward itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.inputs import accrue, input_series

__all__ = ["price_return", "total_return"]

_YIELD = "benchmark_staking_yield"


def price_return(history: History) -> History:
    """Return the history against a benchmark of prices: a total-return benchmark has its reward taken out.

    Parameters
    ----------
    history : History
        Its input ``benchmark_staking_yield`` says that its benchmark earns staking.
    """
    earned = input_series(history, _YIELD)
    if earned is None:
        return history
    inputs = {name: values for name, values in history.inputs.items() if name != _YIELD}
    return replace(history, frame=_scaled(history, -1.0 * accrue(earned, _YIELD)), inputs=inputs)


def total_return(history: History, reward: pd.Series) -> History:
    """Return a history of prices against a benchmark that stakes all its coins and pays no fee.

    Parameters
    ----------
    history : History
        From `price_return`.
    reward : pandas.Series
        Gross reward on staked coins by session, a fraction a year.

    Notes
    -----
    ``B·exp(Σ y_t·days_t/365)``: the index earns from the first session on, whether or not the fund stakes.
    """
    inputs = {**history.inputs, _YIELD: reward}
    return replace(history, frame=_scaled(history, accrue(reward, _YIELD)), inputs=inputs)


def _scaled(history: History, log_factor: pd.Series) -> pd.DataFrame:
    return history.frame.assign(benchmark=history.frame["benchmark"] * np.exp(log_factor))
