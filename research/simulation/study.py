"""What a coverage study found: one row for each kind of noise and driver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from research.simulation.noise_kinds import NOISE_KINDS
from research.simulation.world import World
from research.tables import Table

__all__ = ["BreakCoverage", "CoverageStudy", "share_interval"]


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted.

    Parameters
    ----------
    count, total : int
        Hits, and trials.

    Returns
    -------
    tuple of float
        Lower and upper bound, fractions; NaN without trials.

    Notes
    -----
    Wilson (1927): stays inside 0 to 1 and holds near the ends, where the normal one does not.

    Examples
    --------
    >>> [round(bound, 4) for bound in share_interval(950, 1000)]
    [0.9347, 0.9619]
    """
    if total == 0:
        return math.nan, math.nan
    z = 1.959963984540054
    share = count / total
    middle = share + z**2 / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return (middle - half) / (1 + z**2 / total), (middle + half) / (1 + z**2 / total)


@dataclass(frozen=True, eq=False)
class CoverageStudy:
    """Result of `coverage_study`.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Every single estimate: ``noise``, ``basis``, ``draw``, ``driver``, ``truth``, ``estimate``, ``std_error``,
        ``inside`` (1 where the interval holds the truth), ``best`` (generalised least squares with the true noise
        parameters), ``stated_bp`` (driver's gain a year). NaN where the driver was imposed.
    worlds : mapping of str to World
        What was simulated.
    draws, seed : int
        Funds of each kind, and what seeded them.
    confidence : float
        Nominal coverage.
    """

    estimates: pd.DataFrame = field(repr=False)
    worlds: Mapping[str, World] = field(repr=False)
    draws: int
    seed: int
    confidence: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of noise, basis and driver.

        ``draws`` that were estimated, ``bias`` of the coefficient, ``bias_std_error`` (its Monte-Carlo error),
        ``bias_share`` (bias over the mean standard error), ``sd`` of the estimates, ``std_error`` (mean of those
        stated), ``std_error_bp`` (of the contribution, a year), ``efficiency`` (variance of the best estimator over
        that of this one), ``coverage`` and its Monte-Carlo interval ``lower`` to ``upper``.
        """
        keys = ["noise", "basis", "driver"]
        rows = [(*map(str, key), *_row(group)) for key, group in self.estimates.groupby(keys, sort=False)]
        columns = ["draws", "bias", "bias_std_error", "bias_share", "sd", "std_error", "std_error_bp"]
        return pd.DataFrame(rows, columns=[*keys, *columns, "efficiency", "coverage", "lower", "upper"])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `frame`."""
        return self.frame.copy()

    def summary(self) -> Table:
        """Return the study as a table for readers."""
        frame = self.frame
        shown = pd.DataFrame(
            {
                "basis": frame["basis"],
                "driver": frame["driver"],
                "bias": frame["bias"],
                "bias / se": frame["bias_share"],
                "sd": frame["sd"],
                "mean se": frame["std_error"],
                "se, bp": frame["std_error_bp"],
                "efficiency": frame["efficiency"],
                "coverage": 100 * frame["coverage"],
                "Monte Carlo": _ranges(frame),
            }
        ).set_index(frame["noise"].rename(None))
        formats = {"bias": "+.5f", "bias / se": "+.3f", "sd": ".5f", "mean se": ".5f", "se, bp": ".3f"}
        formats |= {"efficiency": ".3f", "coverage": ".1f"}
        notes = (
            "Bias, sd and se are those of the coefficient, whose truth is 1; se, bp: of the contribution a year.",
            "Efficiency: variance of generalised least squares with the true noise, over the variance found.",
            *_descriptions(self.worlds),
        )
        caption = f"Coverage of {self.confidence:.0%} intervals, %, {self.draws} simulated funds each, seed {self.seed}"
        return Table(shown, caption, formats, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the study as plain numbers, ready for JSON."""
        rows = self.frame.to_dict(orient="records")
        return {"draws": self.draws, "seed": self.seed, "confidence": self.confidence, "rows": _plain(rows)}

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


@dataclass(frozen=True, eq=False)
class BreakCoverage:
    """Result of `break_coverage`.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Every single search: ``noise``, ``draw``, ``truth``, ``date``, ``lower``, ``upper``.
    worlds : mapping of str to World
        What was simulated.
    draws, seed : int
        Funds of each kind, and what seeded them.
    confidence : float
        Nominal coverage.
    """

    estimates: pd.DataFrame = field(repr=False)
    worlds: Mapping[str, World] = field(repr=False)
    draws: int
    seed: int
    confidence: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of noise.

        ``bias_days`` and ``sd_days`` of the day found, ``exact`` (share found to the day), ``width_days`` (median days
        in the interval), ``coverage`` and its Monte-Carlo interval ``lower`` to ``upper``.
        """
        rows = []
        for name, group in self.estimates.groupby("noise", sort=False):
            error = (group["date"] - group["truth"]).dt.days
            inside = (group["lower"] <= group["truth"]) & (group["truth"] <= group["upper"])
            width = (group["upper"] - group["lower"]).dt.days + 1
            bounds = share_interval(int(inside.sum()), len(group))
            middle = (float(error.mean()), float(error.std()), float((error == 0).mean()), float(width.median()))
            rows.append((str(name), len(group), *middle, float(inside.mean()), *bounds))
        columns = ["noise", "draws", "bias_days", "sd_days", "exact", "width_days", "coverage", "lower", "upper"]
        return pd.DataFrame(rows, columns=columns)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `frame`."""
        return self.frame.copy()

    def summary(self) -> Table:
        """Return the study as a table for readers."""
        frame = self.frame
        shown = pd.DataFrame(
            {
                "bias, days": frame["bias_days"],
                "sd, days": frame["sd_days"],
                "to the day": 100 * frame["exact"],
                "interval, days": frame["width_days"],
                "coverage": 100 * frame["coverage"],
                "Monte Carlo": _ranges(frame),
            }
        ).set_index(frame["noise"].rename(None))
        formats = {"bias, days": "+.2f", "sd, days": ".2f", "to the day": ".1f", "interval, days": ".0f"}
        caption = f"First day of a fee: coverage of {self.confidence:.0%} intervals, %, {self.draws} funds each"
        notes = (f"Seed {self.seed}. The interval's days are a median.", *_descriptions(self.worlds))
        return Table(shown, caption, formats | {"coverage": ".1f"}, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the study as plain numbers, ready for JSON."""
        rows = self.frame.to_dict(orient="records")
        return {"draws": self.draws, "seed": self.seed, "confidence": self.confidence, "rows": _plain(rows)}

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def _row(group: pd.DataFrame) -> tuple[float, ...]:
    """Return the figures of one kind, basis and driver."""
    known = group.dropna(subset=["estimate"])
    count = len(known)
    if count < 2:
        return (count, *[math.nan] * 10)
    error = (known["estimate"] - known["truth"]).to_numpy()
    best = (known["best"] - known["truth"]).to_numpy()
    spread, stated = float(error.std(ddof=1)), float(known["std_error"].mean())
    bias = float(error.mean())
    bounds = share_interval(int(known["inside"].sum()), count)
    in_bp = float((known["std_error"] * known["stated_bp"].abs()).mean())
    efficiency = float(best.var(ddof=1) / spread**2) if spread > 0.0 else math.nan
    figures = (bias, spread / math.sqrt(count), bias / stated, spread, stated, in_bp, efficiency)
    return (count, *figures, float(known["inside"].mean()), *bounds)


def _ranges(frame: pd.DataFrame) -> list[str]:
    """Return the Monte-Carlo intervals in words."""
    bounds = zip(100 * frame["lower"], 100 * frame["upper"], strict=True)
    return [f"{low:.1f} to {high:.1f}" for low, high in bounds]


def _descriptions(worlds: Mapping[str, World]) -> tuple[str, ...]:
    """Return a sentence for each named kind of noise."""
    return tuple(f"{name}: {NOISE_KINDS[name].description}." for name in worlds if name in NOISE_KINDS)


def _plain(rows: list[dict[object, object]]) -> list[dict[str, object]]:
    """Return rows whose numbers are Python's own, NaN as None."""
    plain = []
    for row in rows:
        cells: dict[str, object] = {}
        for key, value in row.items():
            number = value.item() if isinstance(value, np.generic) else value
            cells[str(key)] = None if isinstance(number, float) and math.isnan(number) else number
        plain.append(cells)
    return plain
