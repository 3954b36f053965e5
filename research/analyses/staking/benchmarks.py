"""A staking fund against two kinds of benchmark: one of prices, and one that earns the reward itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition
from research.drivers.inputs import accrue, input_series
from research.tables import Table

__all__ = ["against_table", "price_return", "total_return"]

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


def against_table(against: Mapping[str, Decomposition], ticker: str) -> Table:
    """Return the parts of the tracking difference against each benchmark, side by side.

    Parameters
    ----------
    against : mapping of str to Decomposition
        By kind of benchmark.
    ticker : str
        For the caption.
    """
    columns = {}
    for name, result in against.items():
        parts = {part.title: part.contribution / BASIS_POINT for part in (*result.drivers, result.unexplained)}
        columns[f"{name} benchmark"] = {**parts, "Tracking difference (log)": result.tracking_difference / BASIS_POINT}
    frame = pd.DataFrame(columns)
    notes = (
        "The total-return benchmark earns the gross reward on all its coins from the first session on; the staking "
        "reward of the fund is what it earned less that.",
    )
    return Table(frame, f"{ticker} against two kinds of benchmark, bp a year", dict.fromkeys(columns, "+.1f"), notes)
