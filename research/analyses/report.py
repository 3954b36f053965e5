"""What every report has in common: a history, sentences made from numbers, a table of key figures, a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import pandas as pd

from research.alignment.history import History
from research.analyses.lead import Lead
from research.analyses.provenance import provenance
from research.tables import Table

__all__ = ["Report"]


class Report(ABC):
    """Everything that one report shows, computed once: what its notebook prints and what its JSON holds."""

    history: History

    @property
    @abstractmethod
    def conclusions(self) -> tuple[str, ...]:
        """What a careful analyst would conclude, one sentence or two each, generated from the numbers."""

    @property
    @abstractmethod
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say."""

    @abstractmethod
    def key_figures(self) -> Mapping[str, str]:
        """Return the handful of figures that a reader looks for first, by what they are."""

    @abstractmethod
    def lead(self) -> Lead:
        """Return what stands for this report among many: two to four figures and a small series."""

    @abstractmethod
    def numbers(self) -> dict[str, object]:
        """Return what the result holds beyond the parts that all reports share."""

    @property
    def random_seed(self) -> int | None:
        """What seeded the random numbers; None where none were drawn."""
        return None

    @property
    def provenance(self) -> dict[str, object]:
        """Versions, data hashes and seed."""
        return provenance(self.history, self.random_seed)

    def headline(self) -> Table:
        """Return the key figures as a table."""
        fund = self.history.fund
        said = fund.name.lower().startswith("simulated")
        title = f"{fund.ticker}, {fund.name}" + (" (simulated)" if fund.simulated and not said else "")
        span = f"{self.history.start:%Y-%m-%d} to {self.history.end:%Y-%m-%d}"
        return Table(pd.DataFrame({"": dict(self.key_figures())}), f"{title}, {span}")

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers in the layout of ``research.result/1`` (without the parameters)."""
        history, fund = self.history, self.history.fund
        used = next((source.measures for source in history.sources if source.role == "benchmark"), None)
        return {
            "fund": fund.ticker,
            "simulated": fund.simulated,
            "provenance": self.provenance,
            **self.lead().to_dict(),
            "sample": _sample(history),
            "benchmark": {"stated": fund.benchmark.value, "used": used, "mismatch": fund.benchmark_mismatch},
            **self.numbers(),
            "conclusions": list(self.conclusions),
            "limits": list(self.limits),
        }

    def __str__(self) -> str:
        return "\n".join(self.conclusions)


def _sample(history: History) -> dict[str, object]:
    return {
        "start": history.start,
        "end": history.end,
        "sessions": len(history.frame),
        "dropped": [{"rule": rule, "count": count} for rule, count in history.losses.counts().items()],
        "screens": [
            {
                "rule": item.rule,
                "series": item.series,
                "session": item.session,
                "value": item.value,
                "severity": item.severity,
                "message": item.message,
            }
            for item in history.findings
        ],
    }
