"""What a driver is: one cumulated log return series, measured without looking at the divergence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from research.conventions import basis_points, years_between
from research.errors import DataError
from research.tables import Result, Table, unsigned_zero

__all__ = ["Driver", "exposures"]


@dataclass(frozen=True, eq=False)
class Driver(Result):
    """One reason why a fund and its benchmark part.

    Parameters
    ----------
    name : str
        The field's standard term: ``"expense_ratio"``, ``"premium_discount"``, ``"roll_yield"`` …
    level : pandas.Series of float, shape (T + 1,)
        Cumulated log return on the sessions of the history; negative where the driver costs the fund.
    title : str
        How the driver is called in a report.
    description : str
        What was measured, in a sentence.
    source : str
        Where the measurement comes from.
    truth : float, optional
        The coefficient that simulated data were made with; None for real data.
    group : str, optional
        Drivers of one group share one coefficient, because the fund has one exposure to them: the carry and the curve
        shift of the contracts it holds, or a staking reward and what is taken off it. Empty: a group of its own.
    rounding : float, optional
        Standard deviation, in logs, of a rounding error that the level holds and the divergence's remainder holds with
        the opposite sign. Where it matters the coefficient is biased, and a decomposition imposes it.
    identity : bool, optional
        Whether the same numbers stand on both sides, as those of the premium do on price basis: its coefficient is 1 by
        arithmetic, and estimated only where that is asked for.

    Raises
    ------
    DataError
        If the level is infinite somewhere. NaN is allowed where the divergence is unknown too.
    """

    name: str
    level: pd.Series = field(repr=False)
    title: str
    description: str
    source: str
    truth: float | None = None
    group: str = ""
    rounding: float = 0.0
    identity: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return the level as a frame of one column."""
        return self.level.to_frame(self.name)

    def summary(self) -> Table:
        """Return what was measured, from where, and what it added to the fund over the sample."""
        known = self.level.dropna()
        rows: dict[str, object] = {"measured": self.description, "source": self.source}
        if len(known):
            first, last = pd.Timestamp(known.index[0]), pd.Timestamp(known.index[-1])
            gained, years = basis_points(float(known.iloc[-1] - known.iloc[0])), years_between(first, last)
            rows["sample"] = f"{len(known)} sessions, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            rows["cumulated (bp)"] = unsigned_zero(f"{gained:+.2f}")
            rows["a year (bp)"] = unsigned_zero(f"{gained / years:+.2f}") if years > 0.0 else None
        if self.group:
            rows["one coefficient with"] = self.group
        if self.truth is not None:
            rows["true coefficient"] = f"{self.truth:g}"
        return Table.of(rows, f"{self.title} ({self.name})")

    @property
    def exposure(self) -> str:
        """Name under which the coefficient is estimated: the group, or the driver itself."""
        return self.group or self.name

    def __post_init__(self) -> None:
        values = self.level.to_numpy(dtype=float)
        if np.isinf(values).any():
            where = self.level.index[np.isinf(values)][0]
            raise DataError(f"driver {self.name!r} is infinite at {where}")


def exposures(drivers: Iterable[Driver], index: pd.Index) -> pd.DataFrame:
    """Return one column for each coefficient that can be estimated: the drivers of a group added up.

    Parameters
    ----------
    drivers : iterable of Driver
        In the order of the columns.
    index : pandas.Index, shape (T + 1,)
        Sessions.

    Returns
    -------
    pandas.DataFrame of float, shape (T + 1, groups)
        NaN where a driver has NaN.
    """
    columns: dict[str, pd.Series] = {}
    for driver in drivers:
        before = columns.get(driver.exposure)
        columns[driver.exposure] = driver.level if before is None else before + driver.level
    return pd.DataFrame(columns, index=index)
