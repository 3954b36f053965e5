"""The analyses by name: one line for each notebook that the package brings."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from research.analyses.report import Report

__all__ = ["ANALYSES", "analysis"]

ANALYSES: Final[Mapping[str, str]] = {
    "decomposition": "Explanation",
    "expense_ratio": "ExpenseRatio",
    "premium_discount": "PremiumDiscount",
    "futures_roll": "FuturesRoll",
    "staking": "Staking",
    "benchmark_clock": "BenchmarkClock",
    "data_quality": "DataQuality",
    "coverage": "Coverage",
}
"""Class of the report, in ``research.analyses.<name>.report``, by the name of analysis and notebook."""


def analysis(name: str) -> type[Report] | None:
    """Return the report class of an analysis; None for a notebook that is not one of the package's.

    Parameters
    ----------
    name : str
        Of notebook and analysis.

    Examples
    --------
    >>> analysis("staking").name
    'staking'
    """
    if name not in ANALYSES:
        return None
    found: type[Report] = getattr(importlib.import_module(f"research.analyses.{name}.report"), ANALYSES[name])
    return found
