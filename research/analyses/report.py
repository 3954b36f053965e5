"""What every report has in common: a history, statements made from facts, figures, a record for machines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pandas as pd

from research.alignment.history import History
from research.analyses.figure import Figure, Spark, texts
from research.analyses.provenance import provenance
from research.analyses.statement import Statements, Told
from research.tables import Result, Table

__all__ = ["Report"]


class Report(Result):
    """One analysis of one history: its facts, what follows from them in words, and how it all is shown.

    A report is made once and holds every number that its notebook prints and its JSON records. As the last line of a
    cell it shows its figures.

    Attributes
    ----------
    name : str
        Of the analysis: the same for its notebook, its function, its folder and its key in the record.
    leading : int
        How many of its figures, the first ones, stand for it among many.
    opening : tuple of str
        Ids of the statements that make its bottom line, three sentences at most.
    max_loss : float
        Share of the sessions that may lack net asset value or benchmark before its notebook is refused.
    """

    name: ClassVar[str]
    leading: ClassVar[int] = 4
    opening: ClassVar[tuple[str, ...]] = ()
    max_loss: ClassVar[float] = 0.05
    history: History

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise where the history, or a parameter of the notebook, lacks what this analysis needs.

        Raises
        ------
        ResearchError
            One line that names the fund, the analysis and what to do. By default nothing more is needed than what
            every history has.
        """

    @property
    @abstractmethod
    def conclusions(self) -> Statements:
        """What a careful analyst would conclude, the most important first."""

    @property
    @abstractmethod
    def limits(self) -> Statements:
        """What these numbers cannot say."""

    @abstractmethod
    def figures(self) -> tuple[Figure, ...]:
        """Return the figures that a reader looks for first, those that stand for the report among many at the head."""

    @abstractmethod
    def spark(self) -> Spark:
        """Return the main series, thinned for a small drawing."""

    @abstractmethod
    def record(self) -> dict[str, object]:
        """Return what the result holds beyond the parts that all reports share."""

    @property
    def random_seed(self) -> int | None:
        """What seeded the random numbers; None where none were drawn."""
        return None

    @property
    def provenance(self) -> dict[str, object]:
        """Versions, data hashes and seed."""
        return provenance(self.history, self.random_seed)

    def told(self) -> Told:
        """Return what is said, in reading order: findings and mismatch, bottom line, main points, the rest."""
        mismatch = self.history.fund.benchmark_mismatch
        before = [*self.history.open_findings, *([mismatch] if mismatch else [])]
        return Told.of(before, self.conclusions, self.opening)

    def __repr__(self) -> str:
        return f"{self.told()}\n\n{self.summary()}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        told = self.told()
        return f"{told.head_html()}{self.summary()._repr_html_()}{told.points_html()}"

    def summary(self) -> Table:
        """Return the figures as a table."""
        fund = self.history.fund
        said = fund.name.lower().startswith("simulated")
        title = f"{fund.ticker}, {fund.name}" + (" (simulated)" if fund.simulated and not said else "")
        span = f"{self.history.start:%Y-%m-%d} to {self.history.end:%Y-%m-%d}"
        return Table(pd.DataFrame({"": texts(self.figures())}), f"{title}, {span}")

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers in the layout of ``research.result/1`` (without the parameters)."""
        history, fund = self.history, self.history.fund
        used = next((source.measures for source in history.sources if source.role == "benchmark"), None)
        figures = self.figures()
        return {
            "fund": fund.ticker,
            "simulated": fund.simulated,
            "provenance": self.provenance,
            "headline": [figure.to_dict() for figure in figures[: self.leading]],
            "spark": self.spark().to_dict(),
            "figures": [figure.to_dict() for figure in figures],
            "sample": _sample(history),
            "benchmark": {"stated": fund.benchmark.value, "used": used, "mismatch": fund.benchmark_mismatch},
            **self.record(),
            "conclusions": list(self.conclusions.texts),
            "limits": list(self.limits.texts),
            "bottom_line": list(self.told().bottom_line.texts),
            "statements": [
                {"kind": kind, **statement.to_dict()}
                for kind, statements in (("conclusion", self.conclusions), ("limit", self.limits))
                for statement in statements
            ],
        }


def _sample(history: History) -> dict[str, object]:
    return {
        "start": history.start,
        "end": history.end,
        "sessions": len(history.frame),
        "frequency": history.frequency,
        "periods_per_year": history.periods_per_year,
        "dropped": [{"rule": rule, "count": count} for rule, count in history.losses.counts().items()],
        "screens": [
            {
                "rule": item.rule,
                "series": item.series,
                "session": item.session,
                "value": item.value,
                "severity": item.severity,
                "message": item.message,
                "sessions": item.sessions,
                "acknowledged": item.acknowledged or None,
            }
            for item in history.findings
        ],
    }
