"""What an interval is handed back in: the numbers, and how they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from research.tables import Table

__all__ = ["MeasureInterval"]


@dataclass(frozen=True, eq=False)
class MeasureInterval:
    """Estimates of one measure with confidence intervals, one row for each fund.

    Parameters
    ----------
    measure : str
        Name of the measure's function.
    frame : pandas.DataFrame
        One row for each fund: ``estimate``, ``std_error``, ``lower``, ``upper``, ``nobs`` and ``lags`` or
        ``block_length``.
    level : float
        Nominal coverage.
    method : str
        How the intervals were made.
    options : mapping
        The measure's own options.
    draws, seed : int or None
        Replicates and seed of a bootstrap.
    single : bool
        Whether one fund was asked for: then the properties are numbers, otherwise Series.
    """

    measure: str
    frame: pd.DataFrame
    level: float
    method: str
    options: Mapping[str, Any]
    draws: int | None = None
    seed: int | None = None
    single: bool = True

    def _get(self, column: str) -> float | pd.Series:
        values = self.frame[column]
        return float(values.iloc[0]) if self.single else values

    @property
    def estimate(self) -> float | pd.Series:
        """The measure."""
        return self._get("estimate")

    @property
    def std_error(self) -> float | pd.Series:
        """Standard error of the measure."""
        return self._get("std_error")

    @property
    def lower(self) -> float | pd.Series:
        """Lower end of the interval."""
        return self._get("lower")

    @property
    def upper(self) -> float | pd.Series:
        """Upper end of the interval."""
        return self._get("upper")

    @property
    def interval(self) -> tuple[float | pd.Series, float | pd.Series]:
        """Both ends of the interval."""
        return self.lower, self.upper

    @property
    def nobs(self) -> float | pd.Series:
        """Complete periods (overlapping sums for a horizon)."""
        return self._get("nobs")

    @property
    def lags(self) -> float | pd.Series | None:
        """Lags of the long-run variance; None for a bootstrap."""
        return self._get("lags") if "lags" in self.frame.columns else None

    @property
    def block_length(self) -> float | pd.Series | None:
        """Expected block length in periods; None for the delta method."""
        return self._get("block_length") if "block_length" in self.frame.columns else None

    def summary(self) -> Table:
        """Return estimates and intervals as a table."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        drawn = "" if self.draws is None else f"; {self.draws} draws, seed {self.seed}"
        formats = dict.fromkeys(("estimate", "std_error", "lower", "upper"), ".6g")
        formats |= {"nobs": "d", "lags": ".0f", "block_length": ".1f"}
        caption = f"{self.measure.replace('_', ' ')}{f' ({options})' if options else ''}, {self.level:.0%} intervals"
        return Table(self.frame, caption, formats, (f"{self.method}{drawn}",))

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers and words, ready for JSON."""
        rows = {str(fund): {k: float(v) for k, v in row.items()} for fund, row in self.frame.iterrows()}
        return {
            "measure": self.measure,
            "funds": rows,
            "level": self.level,
            "method": self.method,
            "options": dict(self.options),
            "draws": self.draws,
            "seed": self.seed,
        }

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
