"""Coverage of the intervals: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from research.alignment.history import History, require_history
from research.analyses.coverage.facts import CoverageFacts, kind_of
from research.analyses.coverage.words import conclusions, limits
from research.analyses.figure import PERCENT, Figure, Spark, spark
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.decomposition.identification import Error
from research.errors import UnknownNameError, renamed
from research.plots.coverage import coverage_chart
from research.simulation import NOISE_KINDS

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["Coverage", "coverage"]


@dataclass(frozen=True, eq=False)
class Coverage(CoverageFacts, Report):
    """Result of `coverage`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "coverage"
    opening: ClassVar[tuple[str, ...]] = ("coverage", "coverage.bias")

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise where the fund is real, or a kind of noise is not known."""
        kind_of(history)
        noises = parameters.get("noises", [])
        for noise in noises if isinstance(noises, list) else []:
            if noise not in NOISE_KINDS:
                raise UnknownNameError("kind of noise", str(noise), NOISE_KINDS)

    @property
    def conclusions(self) -> Statements:
        """What the study shows."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What the study cannot say."""
        return limits(self)

    @property
    def random_seed(self) -> int | None:
        """What seeded the funds."""
        return self.study.seed

    def figures(self) -> tuple[Figure, ...]:
        """Return lowest and highest coverage, the share of intervals that cover as stated, and the bias."""
        frame = self.estimated.sort_values("coverage")
        ends = [
            (100.0 * float(share), f"{driver}, {noise}")
            for share, driver, noise in frame[["coverage", "driver", "noise"]]
            .iloc[[0, -1]]
            .itertuples(index=False, name=None)
        ]
        right = 100.0 * (1.0 - len(self.outside) / len(frame)) if len(frame) else float("nan")
        return (
            Figure("Lowest coverage", ends[0][0], PERCENT, remark=ends[0][1]),
            Figure("Highest coverage", ends[1][0], PERCENT, remark=ends[1][1]),
            Figure("Intervals that cover as stated", right, PERCENT),
            Figure("Greatest bias", float(frame["bias_share"].abs().max()), "standard errors"),
            Figure("Nominal coverage", 100.0 * self.study.confidence, PERCENT),
            Figure("Funds of each kind of noise", float(self.study.draws)),
        )

    def spark(self) -> Spark:
        """Return the coverage, interval by interval."""
        return spark("Coverage, interval by interval", PERCENT, 100.0 * self.estimated["coverage"].astype(float))

    def record(self) -> dict[str, object]:
        """Return the study in the layout of ``research.result/1``."""
        return {self.name: self.study.to_dict()}

    def charts(self) -> tuple[DescribedFigure, ...]:
        """Return one chart a basis."""
        return tuple(coverage_chart(self.study, str(basis)) for basis in dict.fromkeys(self.study.frame["basis"]))


@renamed("transitory", "error")
def coverage(
    history: History,
    *,
    noises: Sequence[str] = ("stationary", "random_walk", "mixed"),
    draws: int = 200,
    sessions: int = 504,
    error: Error = "averaged",
    confidence: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
) -> Coverage:
    """Study the intervals on funds of the same kind as a simulated fund.

    Parameters
    ----------
    history : History
        Of a simulated fund; its kind decides the drivers.
    noises : sequence of str
        Kinds of noise, see `research.simulation.NOISE_KINDS`.
    draws, sessions, confidence, seed, jobs
        As in `research.simulation.coverage_study`.
    error : {"averaged", "noise", "ar1"}
        What the errors know of the noise; see `decompose`.

    Returns
    -------
    Coverage

    Raises
    ------
    DataError
        If the fund is real: nobody knows its truth.

    Examples
    --------
    >>> from research.opening import load
    >>> report = coverage(load("SIM-SPOT"), noises=["random_walk"], draws=20, sessions=120)
    >>> report.study.draws
    20
    """
    require_history(history, "coverage")
    return Coverage.of(
        history,
        noises=noises,
        draws=draws,
        sessions=sessions,
        error=error,
        confidence=confidence,
        seed=seed,
        jobs=jobs,
    )
