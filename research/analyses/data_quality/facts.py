"""What the data of a fund are worth before anybody trusts a number: the check as a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

from research.alignment.history import History
from research.analyses.lead import BP_A_YEAR, PERCENT, Lead, LeadFigure, cumulated_divergence
from research.analyses.phrases import bp, percent, simulated_note
from research.analyses.report import Report
from research.plots.quality import days_strip, findings_marked
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["QualityReport", "Verdict", "quality_report"]

Verdict = Literal["usable", "look first", "not usable"]

_LOST = 0.05


@dataclass(frozen=True, eq=False)
class QualityReport(Report):
    """What is there, what is lost, what the screens find, and what it would cost not to look.

    Parameters
    ----------
    history : History
        Loaded with a high `max_loss`, so that a bad file still gets its report.
    """

    history: History

    @cached_property
    def counts(self) -> Counter[str]:
        """Findings by severity."""
        return Counter(item.severity for item in self.history.findings)

    @property
    def lost_share(self) -> float:
        """Share of the exchange's sessions that are not in the sample."""
        return self.history.losses.lost_share

    @property
    def verdict(self) -> Verdict:
        """Whether the data can be used as they are."""
        if self.counts["error"] or self.lost_share > _LOST:
            return "not usable"
        return "look first" if self.counts["warning"] or self.lost_share > 0 else "usable"

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows from losses, screens and the cost of not looking."""
        history, losses = self.history, self.history.losses
        said = list(simulated_note(history.fund))
        said.append(
            f"Of {losses.rows_in:,} days in the files of {history.fund.ticker}, {losses.rows_out:,} are sessions with "
            f"net asset value and benchmark; {losses.sessions_lost} of {losses.sessions:,} sessions of the exchange "
            "are lost" + (f", {percent(self.lost_share)} of them." if losses.sessions_lost else ".")
        )
        worst = [item for item in history.findings if item.severity != "note"]
        if worst:
            rules = Counter(item.rule.replace("_", " ") for item in worst)
            told = ", ".join(f"{rule}{f' ({count} times)' if count > 1 else ''}" for rule, count in rules.items())
            said.append(f"Screens name {told}: {worst[0].message}.")
        else:
            said.append("No screen finds an error or something to look at.")
        naive = history.naive
        if naive is not None and naive.all_rows_bp > 1.5 * naive.sessions_bp:
            said.append(
                f"Read without an exchange calendar, the same rows would show a tracking error of "
                f"{naive.all_rows_bp:,.0f} bp a year instead of {naive.sessions_bp:,.1f} bp."
            )
        if history.fund.benchmark_mismatch is not None:
            said.append(history.fund.benchmark_mismatch)
        return (*said, self._advice())

    def _advice(self) -> str:
        if self.verdict == "usable":
            return "The data can be used as they are."
        if self.verdict == "look first":
            return "The data can be used; look at what the screens name before a figure rests on those sessions."
        why = (
            "a screen reports an error"
            if self.counts["error"]
            else f"{percent(self.lost_share)} of the sessions are lost"
        )
        return f"The data should not be used as they are: {why}. Repair the file, or choose another sample."

    @property
    def limits(self) -> tuple[str, ...]:
        """What a check cannot see."""
        return (
            "Screens find what does not fit together. A value that is wrong in every file alike, or wrong by less than "
            "the noise, passes.",
            "That clocks and units are as the entry states is not proved by a silent screen, only not contradicted.",
        )

    def key_figures(self) -> dict[str, str]:
        """Return verdict, losses and findings."""
        losses = self.history.losses
        rows = {
            "Verdict": self.verdict,
            "Sessions kept": f"{losses.rows_out:,} of {losses.sessions:,}",
            "Rows dropped": f"{losses.rows_dropped:,} of {losses.rows_in:,}",
            "Findings": ", ".join(_counted(self.counts[name], name) for name in ("error", "warning", "note")),
        }
        if self.history.naive is not None:
            rows["Tracking error without a calendar"] = f"{bp(self.history.naive.all_rows_bp / 1e4)} a year"
        return rows

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

    def lead(self) -> Lead:
        """Return sessions kept and lost, rows dropped, and the cost of not looking."""
        losses = self.history.losses
        figures = [
            LeadFigure("Sessions kept", float(losses.rows_out), "sessions"),
            LeadFigure("Sessions lost", float(losses.sessions_lost), "sessions"),
            LeadFigure("Rows dropped", 100.0 * losses.rows_dropped / max(losses.rows_in, 1), PERCENT),
        ]
        if self.history.naive is not None:
            figures.append(LeadFigure("Tracking error without a calendar", self.history.naive.all_rows_bp, BP_A_YEAR))
        return Lead(tuple(figures), cumulated_divergence(self.history))

    def numbers(self) -> dict[str, object]:
        """Return the ``quality`` object of the result."""
        losses, naive = self.history.losses, self.history.naive
        return {
            "quality": {
                "verdict": self.verdict,
                "findings": {name: self.counts[name] for name in ("error", "warning", "note")},
                "rows_in": losses.rows_in,
                "rows_dropped": losses.rows_dropped,
                "sessions": losses.sessions,
                "sessions_lost": losses.sessions_lost,
                "naive_tracking_error_bp": None
                if naive is None
                else {"all_rows": naive.all_rows_bp, "weekdays": naive.weekdays_bp, "sessions": naive.sessions_bp},
                "remarks": [
                    {
                        "series": source.role,
                        "rule": remark.rule,
                        "message": remark.message,
                        "rows_lost": remark.rows_lost,
                    }
                    for source in self.history.sources
                    for remark in source.remarks
                ],
            }
        }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def quality_report(history: History) -> QualityReport:
    """Return the check of a fund's data as a report.

    Parameters
    ----------
    history : History
        Load it with a `max_loss` near 1, so that a sample with holes is reported instead of refused.

    Returns
    -------
    QualityReport

    Examples
    --------
    >>> from research.opening import load
    >>> quality_report(load("ETHV")).verdict
    'look first'
    """
    return QualityReport(history)
