"""What the data of a fund are worth: what a reader sees of the facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.data_quality.facts import DataQualityFacts
from research.analyses.data_quality.words import conclusions, limits
from research.analyses.figure import BP_A_YEAR, PERCENT, SESSIONS, Figure, Spark, cumulated_divergence
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.plots.quality import days_strip, findings_marked
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["DataQuality", "data_quality"]


@dataclass(frozen=True, eq=False)
class DataQuality(DataQualityFacts, Report):
    """Result of `data_quality`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "data_quality"
    opening: ClassVar[tuple[str, ...]] = ("data_quality", "losses")
    max_loss: ClassVar[float] = 0.99  # a sample with holes is what needs this report most

    @property
    def conclusions(self) -> Statements:
        """What follows from losses, screens and the cost of not looking."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What a check cannot see."""
        return limits(self)

    def figures(self) -> tuple[Figure, ...]:
        """Return sessions kept and lost, rows dropped, the cost of not looking, verdict and findings."""
        losses, naive = self.history.losses, self.history.naive
        found = ", ".join(_counted(self.counts[name], name) for name in ("error", "warning", "note"))
        known = f"{len(self.acknowledged)} more acknowledged" if self.acknowledged else ""
        dropped = 100.0 * losses.rows_dropped / max(losses.rows_in, 1)
        return (
            Figure("Sessions kept", float(losses.rows_out), SESSIONS, remark=f"of {losses.sessions:,}"),
            Figure("Sessions lost", float(losses.sessions_lost), SESSIONS),
            Figure("Rows dropped", dropped, PERCENT, remark=f"{losses.rows_dropped:,} of {losses.rows_in:,}"),
            *([] if naive is None else [Figure("Tracking error without a calendar", naive.all_rows_bp, BP_A_YEAR)]),
            Figure("Verdict", self.verdict),
            Figure("Findings", found, remark=known),
        )

    @property
    def leading(self) -> int:  # type: ignore[override]
        """Four, or three of a fund whose series were made on sessions."""
        return 3 if self.history.naive is None else 4

    def spark(self) -> Spark:
        """Return the cumulated divergence of net asset value."""
        return cumulated_divergence(self.history)

    def record(self) -> dict[str, object]:
        """Return the ``data_quality`` object, also under its old name until ``research.result/2``."""
        facts = self.to_record()
        return {self.name: facts, "quality": facts}

    def sources_table(self) -> Table | tuple[str]:
        """Return where each series comes from."""
        rows = [
            [source.role, source.name, source.format, source.provider, source.clock, source.unit, source.rows]
            for source in self.history.sources
        ]
        if not rows:
            return ("The series were made, so there is no file to name.",)
        frame = pd.DataFrame(rows, columns=["series", "from", "format", "provider", "clock", "unit", "rows"])
        return Table(frame.set_index("series"), f"Series of {self.history.fund.ticker}", {"rows": ",d"})

    def remarks_table(self) -> Table | tuple[str]:
        """Return what the loaders set aside or repaired."""
        rows = [
            [source.role, remark.rule.replace("_", " "), remark.message, remark.rows_lost]
            for source in self.history.sources
            for remark in source.remarks
        ]
        if not rows:
            return ("The loaders set nothing aside and repaired nothing.",)
        frame = pd.DataFrame(rows, columns=["series", "rule", "what", "rows lost"])
        return Table(frame.set_index("series"), "What the loaders set aside or repaired", {"rows lost": ",d"})

    def cost_table(self) -> Table | tuple[str]:
        """Return the tracking error that other ideas of a session would read."""
        naive = self.history.naive
        if naive is None:
            return ("The series were made on sessions, so there is no other way to read them.",)
        rows = {
            "every row of the file": naive.all_rows_bp,
            "weekdays": naive.weekdays_bp,
            "sessions of the exchange": naive.sessions_bp,
        }
        frame = pd.DataFrame({"bp a year": rows})
        return Table(frame, "Tracking error of net asset value by what counts as a session", {"bp a year": ",.1f"})

    def days_figure(self) -> DescribedFigure:
        """Return what became of each day."""
        return days_strip(self.history)

    def findings_figure(self) -> DescribedFigure:
        """Return the sessions that a screen names."""
        return findings_marked(self.history)


def data_quality(history: History) -> DataQuality:
    """Return the check of a fund's data as a report.

    Parameters
    ----------
    history : History
        Load it with a `max_loss` near 1, so that a sample with holes is reported instead of refused.

    Returns
    -------
    DataQuality

    Examples
    --------
    >>> from research.opening import load
    >>> data_quality(load("ETHV")).verdict
    'usable'
    """
    require_history(history, "data_quality")
    return DataQuality(history)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
