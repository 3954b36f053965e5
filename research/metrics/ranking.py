"""A league table that says which of its places are real: model confidence set, and jointly compared places."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from research.conventions import check_confidence
from research.errors import DataError, ParameterError, SampleError, UnknownNameError, former_field, renamed
from research.metrics._sample import Array, Returns, check_pair
from research.metrics.blocks import choose_block_length, stationary_blocks
from research.tables import Result, Table

__all__ = ["FundRanking", "rank_funds"]

LOSSES: dict[str, tuple[Callable[[Array], Array], str]] = {
    "squared": (lambda d: d**2, "root mean square divergence, bp"),
    "centred": (lambda d: (d - d.mean(axis=0)) ** 2, "deviation of the divergence, bp"),
    "absolute": (np.abs, "mean absolute divergence, bp"),
}


@dataclass(frozen=True, eq=False)
class FundRanking(Result):
    """Funds ordered by how closely they track, with what the data can and cannot tell.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each fund, best first: ``place``, ``loss`` (mean), ``p_value`` of the model confidence set, whether
        ``in_best_set``, and ``best_place`` and ``worst_place`` that the data allow.
    loss : str
        ``"squared"``, ``"centred"`` or ``"absolute"``.
    confidence : float
        Confidence of the set and, jointly over all funds, of the places.
    method : str
        How both were made.
    block_length : float
        Expected block length, periods.
    draws, seed, nobs : int
        Replicates, seed, and periods complete for every fund.
    """

    frame: pd.DataFrame
    loss: str
    confidence: float
    method: str
    block_length: float
    draws: int
    seed: int
    nobs: int
    level = former_field("level", "confidence")

    @property
    def best_set(self) -> tuple[object, ...]:
        """Funds that may be the best: the model confidence set."""
        return tuple(self.frame.index[self.frame["in_best_set"]])

    def summary(self) -> Table:
        """Return the league table: place, the places that the data allow, loss, and the confidence set."""
        shown = self.frame["loss"] if self.loss == "absolute" else np.sqrt(self.frame["loss"])
        ranges = zip(self.frame["best_place"], self.frame["worst_place"], strict=True)
        frame = pd.DataFrame(
            {
                "place": self.frame["place"],
                "may be": [str(a) if a == b else f"{a}–{b}" for a, b in ranges],
                LOSSES[self.loss][1]: shown / 1e-4,
                "p (best)": self.frame["p_value"],
                "may be the best": np.where(self.frame["in_best_set"], "yes", "no"),
            },
            index=self.frame.index,
        )
        notes = (
            f"{self.method}; expected block {self.block_length:.1f}, {self.draws} draws, seed {self.seed}, "
            f"{self.nobs} periods",
        )
        formats = {"place": "d", LOSSES[self.loss][1]: ".2f", "p (best)": ".3f"}
        return Table(frame, f"Funds by {LOSSES[self.loss][1]}, {self.confidence:.0%} confidence", formats, notes)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers and words, ready for JSON."""
        rows = dict(zip(map(str, self.frame.index), self.frame.to_dict("records"), strict=True))
        return {
            "funds": rows,
            "loss": self.loss,
            "confidence": self.confidence,
            "level": self.confidence,  # until research.result/2
            "method": self.method,
            "block_length": self.block_length,
            "draws": self.draws,
            "seed": self.seed,
            "nobs": self.nobs,
        }


@renamed("level", "confidence")
def rank_funds(
    fund_returns: pd.DataFrame,
    benchmark_returns: Returns,
    *,
    loss: Literal["squared", "centred", "absolute"] = "squared",
    confidence: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
    block_length: float | None = None,
) -> FundRanking:
    """Rank funds by how closely they track, and say which places the data can tell apart.

    Parameters
    ----------
    fund_returns : pandas.DataFrame
        Log returns per period, one column for each fund, two funds or more.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    loss : {"squared", "centred", "absolute"}
        What is averaged: d², (d − d̄)² or |d| of the divergence d.
    confidence : float
        Confidence of the best set, and jointly of all places.
    draws : int
        Replicates.
    seed : int
        Seed of the generators.
    block_length : float, optional
        Expected block length; by default the longest that Politis and White's rule gives for a fund's loss less the
        mean loss of all.

    Returns
    -------
    FundRanking
        League table with p-values of the model confidence set and the range of places of each fund.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite, labels are unsorted or repeated, or two funds diverge identically.
    ParameterError
        If there are fewer than two funds, or `confidence` or `draws` cannot be.
    SampleError
        If fewer than ten periods are complete for all funds.
    UnknownNameError
        If `loss` is none of the three.

    Notes
    -----
    The model confidence set of Hansen, Lunde and Nason (2011) is `arch`'s (range statistic, stationary bootstrap): it
    holds the best fund with probability `confidence`. A fund's places are those that remain when every pairwise
    comparison that is significant jointly - the bootstrap quantile of the largest absolute t statistic of all pairs -
    is respected (Mogstad, Romano, Shaikh and Wilhelm 2024). Periods in which any fund has a NaN are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> benchmark = pd.Series(0.03 * rng.standard_normal(250))
    >>> sizes = {"A": 1e-3, "B": 1.02e-3, "C": 4e-3}
    >>> funds = pd.DataFrame({k: benchmark + size * rng.standard_normal(250) for k, size in sizes.items()})
    >>> table = rank_funds(funds, benchmark, draws=500).frame
    >>> table.loc["C", ["place", "best_place", "worst_place"]].tolist(), bool(table.loc["C", "in_best_set"])
    ([3, 3, 3], False)
    """
    if loss not in LOSSES:
        raise UnknownNameError("loss", str(loss), LOSSES)
    check_confidence(confidence)
    pair = check_pair(fund_returns, benchmark_returns)
    if pair.columns is None or len(pair.columns) < 2:
        raise ParameterError("a ranking needs a DataFrame of two funds or more")
    difference = pair.difference[~np.isnan(pair.difference).any(axis=1)]
    if len(difference) < 10:
        raise SampleError(f"{len(difference)} periods are complete for all funds: give at least 10")
    losses = LOSSES[loss][0](difference)
    _check_distinct(losses, pair.columns)
    relative = losses - losses.mean(axis=1, keepdims=True)
    length = choose_block_length(relative) if block_length is None else float(block_length)
    p_values = _confidence_set(losses, 1 - confidence, draws, length, seed)
    best, worst = _places(losses, confidence, draws, length, seed)
    frame = pd.DataFrame(
        {
            "place": losses.mean(axis=0).argsort().argsort() + 1,
            "loss": losses.mean(axis=0),
            "p_value": p_values,
            "in_best_set": p_values >= 1 - confidence,
            "best_place": best,
            "worst_place": worst,
        },
        index=pair.columns,
    )
    return FundRanking(
        frame=frame.sort_values("place"),
        loss=loss,
        confidence=confidence,
        method="model confidence set (arch, range statistic) and joint pairwise comparisons, stationary bootstrap",
        block_length=length,
        draws=draws,
        seed=seed,
        nobs=len(losses),
    )


def _check_distinct(losses: Array, columns: pd.Index) -> None:
    for i in range(losses.shape[1] - 1):
        gaps = np.ptp(losses[:, i + 1 :] - losses[:, [i]], axis=0)
        same = np.flatnonzero(gaps <= 1e-14 * np.abs(losses).max())
        if same.size:
            raise DataError(f"funds {columns[i]!r} and {columns[i + 1 + same[0]]!r} diverge identically: keep one")


def _confidence_set(losses: Array, size: float, draws: int, length: float, seed: int) -> Array:
    """Return each fund's p-value of the model confidence set."""
    from arch.bootstrap import MCS  # noqa: PLC0415 - a slow import, used only here

    count = losses.shape[1]
    scaled = losses / losses.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = MCS(scaled, size, reps=draws, block_size=max(math.ceil(length), 1), bootstrap="stationary", seed=seed)
        test.compute()
    return np.asarray(test.pvalues["Pvalue"].reindex(range(count)), dtype=np.float64)


def _places(losses: Array, confidence: float, draws: int, length: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the best and worst place of each fund that joint pairwise comparisons allow."""
    means = losses.mean(axis=0)
    blocks = stationary_blocks(len(losses), draws=draws, block_length=length, seed=seed)
    moves = blocks.means(losses - means)
    count = len(means)
    largest, statistic = np.zeros(draws), np.zeros((count, count))
    for i in range(count - 1):
        gaps = moves[:, [i]] - moves[:, i + 1 :]
        errors = gaps.std(axis=0, ddof=1)
        largest = np.maximum(largest, (np.abs(gaps) / errors).max(axis=1))
        statistic[i, i + 1 :] = (means[i] - means[i + 1 :]) / errors
    statistic -= statistic.T
    critical = np.quantile(largest, confidence)
    return 1 + (statistic > critical).sum(axis=1), count - (statistic < -critical).sum(axis=1)
