"""Do the intervals cover? A study on funds that are made like one simulated fund, under several kinds of noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, cast, get_args

import pandas as pd

from research.alignment.history import History
from research.decomposition.identification import Error
from research.errors import DataError
from research.simulation import coverage_study
from research.simulation.coverage import CoverageStudy

__all__ = ["CoverageFacts", "Uncovered", "kind_of"]

Kind = Literal["spot", "futures", "staking", "leveraged"]

TOLERANCE = 0.03
"""Points of coverage about the nominal one that count as right, Monte-Carlo doubt allowed for."""

BIAS = 0.1
"""Standard errors beyond which a coefficient counts as biased, Monte-Carlo doubt allowed for."""


@dataclass(frozen=True)
class Uncovered:
    """An interval that does not cover as it says.

    Parameters
    ----------
    noise, driver, basis : str
        Where.
    coverage, lower, upper : float
        Share that held the truth, and its Monte-Carlo interval.
    side : {"too narrow", "wider than need be"}
        What is wrong with it.
    """

    noise: str
    driver: str
    basis: str
    coverage: float
    lower: float
    upper: float
    side: Literal["too narrow", "wider than need be"]


@dataclass(frozen=True, eq=False)
class CoverageFacts:
    """What a coverage study found.

    Parameters
    ----------
    history : History
        The simulated fund whose kind was studied.
    study : CoverageStudy
        Bias, efficiency and coverage by noise, basis and driver.
    """

    history: History
    study: CoverageStudy

    @classmethod
    def of(
        cls,
        history: History,
        *,
        noises: Sequence[str],
        draws: int,
        sessions: int,
        error: Error,
        confidence: float,
        seed: int,
        jobs: int,
    ) -> Self:
        """Study; parameters and errors are those of `coverage`."""
        kind = kind_of(history)
        study = coverage_study(
            list(noises),
            draws,
            sessions,
            seed=seed,
            confidence=confidence,
            jobs=jobs,
            kind=kind,
            error=error,
        )
        return cls(history, study)

    @cached_property
    def estimated(self) -> pd.DataFrame:
        """Rows of the study whose coefficient was estimated in some draw."""
        frame: pd.DataFrame = self.study.frame[self.study.frame["draws"] > 0]
        return frame

    @cached_property
    def outside(self) -> tuple[Uncovered, ...]:
        """Intervals whose coverage lies outside the nominal one by more than three points, beyond Monte-Carlo doubt."""
        frame, nominal = self.estimated, self.study.confidence
        wrong = frame[(frame["upper"] < nominal - TOLERANCE) | (frame["lower"] > nominal + TOLERANCE)]
        columns = ["noise", "driver", "basis", "coverage", "lower", "upper"]
        return tuple(
            Uncovered(noise, driver, basis, share, low, high, "too narrow" if share < nominal else "wider than need be")
            for noise, driver, basis, share, low, high in wrong[columns].itertuples(index=False, name=None)
        )

    @cached_property
    def biased(self) -> pd.DataFrame:
        """Rows whose coefficient is biased by more than a tenth of its standard error, beyond Monte-Carlo doubt."""
        frame = self.estimated
        biased: pd.DataFrame = frame[frame["bias_share"].abs() > BIAS + 2 / self.study.draws**0.5]
        return biased

    @property
    def bias(self) -> Literal["none found", "biased"]:
        """Whether some coefficient is biased."""
        return "none found" if self.biased.empty else "biased"


def kind_of(history: History) -> Kind:
    """Return what kind of fund is to be made; raise a `DataError` where the fund is real: nobody knows its truth."""
    fund = history.fund
    if not fund.simulated or fund.kind not in get_args(Kind):
        raise DataError(f"coverage: the truth of {fund.ticker} is not known; take a simulated fund, such as SIM-SPOT")
    return cast("Kind", fund.kind)
