"""What the data of a fund are worth before anybody trusts a number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from research.alignment.findings import Finding
from research.alignment.history import History
from research.analyses.obstacles import Obstacle, obstacles

__all__ = ["DataQualityFacts", "Verdict"]

Verdict = Literal["usable", "look first", "not usable"]

LOST = 0.05
"""Share of the sessions that may be lost before the data are called not usable."""

NAIVE = 1.5
"""How many times the tracking error must be without a calendar before it is said."""


@dataclass(frozen=True, eq=False)
class DataQualityFacts:
    """What is there, what is lost, what the screens find, and what it would cost not to look.

    Parameters
    ----------
    history : History
        Loaded with a high `max_loss`, so that a bad file still gets its report.
    """

    history: History

    @cached_property
    def counts(self) -> Counter[str]:
        """Findings by severity, an error or a warning only while nobody has acknowledged it."""
        return Counter(item.severity for item in self.history.findings if item.is_open or item.severity == "note")

    @cached_property
    def worth_a_look(self) -> tuple[Finding, ...]:
        """Errors and warnings that nobody has acknowledged, the worst first."""
        return tuple(self.history.open_findings)

    @cached_property
    def acknowledged(self) -> tuple[Finding, ...]:
        """Errors and warnings that somebody has looked at, each with the reason, in order."""
        return tuple(item for item in self.history.findings if item.severity != "note" and item.acknowledged)

    @cached_property
    def failing(self) -> tuple[Obstacle, ...]:
        """What would keep the decomposition of this fund from being made."""
        return tuple(found for found in obstacles(self.history) if found.applies)

    @property
    def lost_share(self) -> float:
        """Share of the exchange's sessions that are not in the sample."""
        return self.history.losses.lost_share

    @property
    def verdict(self) -> Verdict:
        """Whether the data can be used as they are."""
        if self.counts["error"] or self.lost_share > LOST or self.failing:
            return "not usable"
        return "look first" if self.counts["warning"] or self.lost_share > 0 else "usable"

    @property
    def calendar_matters(self) -> bool:
        """Whether reading the rows without an exchange calendar would show another tracking error."""
        naive = self.history.naive
        return naive is not None and naive.all_rows_bp > NAIVE * naive.sessions_bp

    def to_record(self) -> dict[str, object]:
        """Return the ``data_quality`` object of the result."""
        losses, naive = self.history.losses, self.history.naive
        return {
            "verdict": self.verdict,
            "findings": {
                **{name: self.counts[name] for name in ("error", "warning", "note")},
                "acknowledged": len(self.acknowledged),
            },
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
