"""What the local-level regressions of a panel found: one row for each fund."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT
from research.tables import Table

__all__ = ["LocalLevelPanel"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalLevelPanel:
    """Local-level regressions of many funds, one row for each.

    Parameters
    ----------
    params, std_errors : pandas.DataFrame, shape (N, K)
        Coefficients β and their standard errors.
    covariances : numpy.ndarray, shape (N, K, K)
        Covariances of the coefficients, funds and drivers in the order of `params`.
    noise : pandas.DataFrame, shape (N, 6)
        ``sd_permanent`` and ``sd_transitory`` (log, per session), ``permanent_share`` (λ), ``variance`` (σ²),
        ``log_likelihood`` and ``nobs``.
    tracking_difference : pandas.Series, shape (N,)
        Change of the divergence level a year, log, Act/365; NaN where labels are no dates.
    contributions : pandas.DataFrame, shape (N, K)
        β·ΔX a year, log, Act/365.
    method : str
        What was done, for the record.
    """

    params: pd.DataFrame
    std_errors: pd.DataFrame
    covariances: Array = field(repr=False)
    noise: pd.DataFrame
    tracking_difference: pd.Series
    contributions: pd.DataFrame
    method: str = "restricted maximum likelihood, sine transform, grid of λ refined by Chebyshev interpolation"

    @property
    def unexplained(self) -> pd.Series:
        """Tracking difference that no driver accounts for, log a year."""
        return (self.tracking_difference - self.contributions.sum(axis=1)).rename("unexplained")

    def summary(self) -> Table:
        """Return coefficients with errors, contributions and noise, one row for each fund."""
        columns: dict[str, pd.Series] = {"tracking difference, bp": self.tracking_difference / BASIS_POINT}
        formats = {"tracking difference, bp": "+.2f"}
        for name in self.params.columns:
            shown = {f"{name} β": ".4f", f"{name} se": ".4f", f"{name}, bp": "+.2f"}
            parts = (self.params[name], self.std_errors[name], self.contributions[name] / BASIS_POINT)
            columns |= dict(zip(shown, parts, strict=True))
            formats |= shown
        for kind in ("permanent", "transitory"):
            columns[f"{kind}, bp a session"] = self.noise[f"sd_{kind}"] / BASIS_POINT
            formats[f"{kind}, bp a session"] = ".4f"
        return Table(pd.DataFrame(columns), f"Local-level regressions of {len(self.params)} funds", formats)

    def to_dict(self) -> dict[str, object]:
        """Return the estimates as plain numbers, ready for JSON."""
        frames = {"params": self.params, "std_errors": self.std_errors, "contributions": self.contributions}
        plain: dict[str, object] = {
            name: {str(fund): {str(k): float(v) for k, v in row.items()} for fund, row in frame.iterrows()}
            for name, frame in (frames | {"noise": self.noise}).items()
        }
        return plain | {"method": self.method}

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
