"""Do the intervals cover? A study on funds that are made like one simulated fund, under several kinds of noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from research.alignment.history import History
from research.analyses.lead import PERCENT, Lead, LeadFigure, spark
from research.analyses.phrases import simulated_note
from research.analyses.report import Report
from research.errors import DataError
from research.plots.coverage import coverage_chart
from research.simulation import coverage_study
from research.simulation.coverage import CoverageStudy

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["CoverageReport", "coverage_report"]

TOLERANCE = 0.03
BIAS = 0.1


@dataclass(frozen=True, eq=False)
class CoverageReport(Report):
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

    @property
    def random_seed(self) -> int | None:
        """What seeded the funds."""
        return self.study.seed

    @property
    def _estimated(self) -> pd.DataFrame:
        return self.study.frame[self.study.frame["draws"] > 0]

    @property
    def outside(self) -> pd.DataFrame:
        """Rows whose coverage lies outside the nominal one by more than three points, beyond Monte-Carlo doubt."""
        frame, nominal = self._estimated, self.study.confidence
        low, high = nominal - TOLERANCE, nominal + TOLERANCE
        return frame[(frame["upper"] < low) | (frame["lower"] > high)]

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What the study shows, generated from its numbers."""
        frame, study = self._estimated, self.study
        wrong = self.outside
        sentences = [
            *simulated_note(self.history.fund),
            f"{study.draws} {self.history.fund.kind} funds were made for each of {len(study.worlds)} kinds of noise; "
            f"{len(frame) - len(wrong)} of {len(frame)} intervals cover within three points of {study.confidence:.0%}, "
            "Monte-Carlo error allowed for.",
        ]
        columns = ["noise", "driver", "basis", "coverage", "lower", "upper"]
        for noise, driver, basis, coverage, low, high in wrong[columns].itertuples(index=False, name=None):
            side = "too narrow" if coverage < study.confidence else "wider than need be"
            sentences.append(
                f"Under {noise.replace('_', ' ')} noise the interval of {driver.replace('_', ' ')} on {basis} basis "
                f"covers {100 * coverage:.1f} % ({100 * low:.1f} to {100 * high:.1f}): it is {side}."
            )
        biased = frame[frame["bias_share"].abs() > BIAS + 2 / study.draws**0.5]
        sentences.append(
            "No coefficient is biased by more than a tenth of its standard error, Monte-Carlo error allowed for."
            if biased.empty
            else f"Biased by more than a tenth of its standard error: {_named(biased)}."
        )
        return tuple(sentences)

    @property
    def limits(self) -> tuple[str, ...]:
        """What the study cannot say."""
        return (
            "The funds are simulated: coverage holds for noise of these kinds and for a model whose drivers are right. "
            "A driver that is measured wrongly, or left out, is not in this study.",
            f"{self.study.draws} funds a kind leave a Monte-Carlo error of "
            f"{100 * (0.95 * 0.05 / self.study.draws) ** 0.5:.1f} points on a coverage of 95 %.",
        )

    def key_figures(self) -> Mapping[str, str]:
        """Return the handful of figures that a reader looks for first."""
        frame = self._estimated.sort_values("coverage")
        ends = frame[["coverage", "driver", "noise"]].iloc[[0, -1]].itertuples(index=False, name=None)
        lowest, highest = (f"{100 * share:.1f} % ({driver}, {noise})" for share, driver, noise in ends)
        return {
            "Funds of each kind of noise": str(self.study.draws),
            "Nominal coverage": f"{self.study.confidence:.0%}",
            "Lowest coverage": lowest,
            "Highest coverage": highest,
            "Greatest bias, in standard errors": f"{frame['bias_share'].abs().max():.2f}",
        }

    def lead(self) -> Lead:
        """Return lowest and highest coverage, the share of intervals that cover as they should, and the bias."""
        frame = self._estimated
        covered = 100.0 * frame["coverage"].astype(float)
        right = 100.0 * (1.0 - len(self.outside) / len(frame)) if len(frame) else float("nan")
        figures = (
            LeadFigure("Lowest coverage", float(covered.min()), PERCENT),
            LeadFigure("Highest coverage", float(covered.max()), PERCENT),
            LeadFigure("Intervals that cover as stated", right, PERCENT),
            LeadFigure("Greatest bias", float(frame["bias_share"].abs().max()), "standard errors"),
        )
        return Lead(figures, spark("Coverage, interval by interval", PERCENT, covered))

    def figures(self) -> tuple[DescribedFigure, ...]:
        """Return one chart a basis."""
        return tuple(coverage_chart(self.study, str(basis)) for basis in dict.fromkeys(self.study.frame["basis"]))

    def numbers(self) -> dict[str, object]:
        """Return the study in the layout of ``research.result/1``."""
        return {"coverage": self.study.to_dict()}


def coverage_report(
    history: History,
    *,
    noises: Sequence[str] = ("stationary", "random_walk", "mixed"),
    draws: int = 200,
    sessions: int = 504,
    transitory: Literal["noise", "ar1"] = "noise",
    confidence: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
) -> CoverageReport:
    """Study the intervals on funds of the same kind as a simulated fund.

    Parameters
    ----------
    history : History
        Of a simulated fund; its kind decides the drivers.
    noises : sequence of str
        Kinds of noise, see `research.simulation.NOISE_KINDS`.
    draws, sessions, confidence, seed, jobs
        As in `research.simulation.coverage_study`.
    transitory : {"noise", "ar1"}
        Model of the noise that comes back.

    Returns
    -------
    CoverageReport

    Raises
    ------
    DataError
        If the fund is real: nobody knows its truth.

    Examples
    --------
    >>> from research.opening import load
    >>> report = coverage_report(load("SIM-SPOT"), noises=["random_walk"], draws=20, sessions=120)
    >>> report.study.draws
    20
    """
    fund = history.fund
    if not fund.simulated or fund.kind not in {"spot", "futures", "staking", "leveraged"}:
        raise DataError(f"coverage: the truth of {fund.ticker} is not known; take a simulated fund, such as SIM-SPOT")
    study = coverage_study(
        list(noises),
        draws,
        sessions,
        seed=seed,
        confidence=confidence,
        jobs=jobs,
        kind=fund.kind,
        transitory=transitory,
    )
    return CoverageReport(history, study)


def _named(frame: pd.DataFrame) -> str:
    rows = frame[["driver", "noise", "bias_share"]].itertuples(index=False, name=None)
    return "; ".join(f"{driver} under {noise} ({share:+.2f})" for driver, noise, share in rows)
