"""What a local-level regression found: coefficients with their uncertainty, the two kinds of noise, the residuals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import solveh_banded
from scipy.special import fdtrc, stdtr, stdtrit

from research.conventions import DAYS_PER_YEAR, SESSIONS_PER_YEAR, check_confidence
from research.decomposition.covariance import whiten
from research.tables import Format, Table, p_value

__all__ = ["LocalLevelResult"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalLevelResult:
    """Result of `local_level`; every series carries the labels of the sample.

    Parameters
    ----------
    params : pandas.Series, shape (K,)
        Coefficients β.
    cov : pandas.DataFrame, shape (K, K)
        Their covariance.
    variance : float
        σ² = permanent plus transitory variance, per session or day.
    permanent_share : float
        λ = permanent variance / σ², from 0 (noise that comes back) to 1 (random walk).
    log_likelihood : float
        Restricted log likelihood at the estimate; comparable between fits on the same level.
    nobs : int
        Differences used.
    method : str
        ``"sine transform"`` or ``"banded Cholesky"``.
    variance_per : str
        ``"session"`` or ``"day"``.
    cov_type : str
        ``"classical"`` or ``"robust"``.
    phi : float
        Autocorrelation of the transitory part from one session to the next; 0 where it is plain noise.
    level, drivers : pandas.Series, pandas.DataFrame
        The sample that was used.
    gaps : numpy.ndarray, shape (nobs,)
        Sessions or days that each difference spans.
    """

    params: pd.Series
    cov: pd.DataFrame
    variance: float
    permanent_share: float
    log_likelihood: float
    nobs: int
    method: str
    variance_per: str
    cov_type: str
    level: pd.Series = field(repr=False)
    drivers: pd.DataFrame = field(repr=False)
    gaps: Array = field(repr=False)
    phi: float = 0.0

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom, T − K."""
        return self.nobs - len(self.params)

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors of the coefficients."""
        return pd.Series(np.sqrt(np.diag(self.cov.to_numpy())), self.params.index, name="std_error")

    @property
    def sd_permanent(self) -> float:
        """Standard deviation of the permanent step η, per session or day."""
        return float(np.sqrt(self.permanent_share * self.variance))

    @property
    def sd_transitory(self) -> float:
        """Standard deviation of the transitory part of the level: of ε, or of an AR(1) driven by ε."""
        return float(np.sqrt((1.0 - self.permanent_share) * self.variance / (1.0 - self.phi**2)))

    @property
    def permanent_per_year(self) -> float:
        """Standard deviation that the permanent part gathers in a year (√252 sessions, or √365 days)."""
        periods = SESSIONS_PER_YEAR if self.variance_per == "session" else DAYS_PER_YEAR
        return float(self.sd_permanent * np.sqrt(periods))

    def quantile(self, confidence: float) -> float:
        """Return the half width, in standard errors, of a two-sided interval (Student t with T − K degrees)."""
        return float(stdtrit(self.df_resid, 0.5 + check_confidence(confidence) / 2))

    def conf_int(self, confidence: float = 0.95) -> pd.DataFrame:
        """Return two-sided intervals of the coefficients.

        Parameters
        ----------
        confidence : float
            Nominal coverage between 0 and 1.

        Returns
        -------
        pandas.DataFrame, shape (K, 2)
            Columns ``lower`` and ``upper``.
        """
        half = self.quantile(confidence) * self.std_errors
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    def p_values(self, value: float = 1.0) -> pd.Series:
        """Return the two-sided p-value of each β = `value`; 1 says that a driver passes through in full."""
        distance = (self.params - value).abs() / self.std_errors
        return pd.Series(2 * stdtr(self.df_resid, -distance), self.params.index, name="p_value")

    def joint_test(self, value: float = 1.0) -> tuple[float, float]:
        """Return the F statistic and p-value of all β = `value` at once (NaN without drivers)."""
        if not len(self.params):
            return float("nan"), float("nan")
        gap = self.params.to_numpy() - value
        statistic = float(gap @ np.linalg.solve(self.cov.to_numpy(), gap)) / gap.size
        return statistic, float(fdtrc(gap.size, self.df_resid, statistic))

    @cached_property
    def residual_level(self) -> pd.Series:
        """What the drivers leave, ``g − Xβ``, measured from its first value."""
        rest = self.level - self.drivers.to_numpy() @ self.params.to_numpy()
        return pd.Series(rest - rest.iloc[0], self.level.index, name="residual")

    @cached_property
    def permanent(self) -> pd.Series:
        """Smoothed permanent part μ of the residual level given the whole sample, from the residual's first value.

        Notes
        -----
        Minimises ``Σ(r − μ)²/s_ε² + Σ(Δμ)²/(s_η²·gap)``, the Kalman smoother's answer with a diffuse start.
        """
        rest = self.residual_level.to_numpy()
        if self.permanent_share == 1.0:
            return pd.Series(rest, self.level.index, name="permanent")
        # Precision of the transitory part, banded: the identity for noise, tridiagonal for an AR(1).
        decay = self.phi**self.gaps
        gained = (1.0 - decay**2) / (1.0 - self.phi**2)
        precision = np.zeros((2, rest.size))
        precision[1, 0] = 1.0 - self.phi**2
        precision[1, 1:] = 1.0 / gained
        precision[1, :-1] += decay**2 / gained
        precision[0, 1:] = -decay / gained
        weighted = precision[1] * rest
        weighted[:-1] += precision[0, 1:] * rest[1:]
        weighted[1:] += precision[0, 1:] * rest[:-1]
        if self.permanent_share == 0.0:
            total = precision[1].sum() + 2.0 * precision[0, 1:].sum()
            smooth = np.full(rest.size, weighted.sum() / total)
        else:
            stiffness = (1.0 - self.permanent_share) / self.permanent_share / self.gaps
            precision[0, 1:] -= stiffness
            precision[1, :-1] += stiffness
            precision[1, 1:] += stiffness
            smooth = solveh_banded(precision, weighted)
        return pd.Series(smooth, self.level.index, name="permanent")

    @cached_property
    def whitened(self) -> Array:
        """Differences of level and drivers, side by side, with the error's covariance taken out (variance σ² stays)."""
        differences = np.diff(np.column_stack([self.level, self.drivers]), axis=0)
        return whiten(differences, self.permanent_share, self.phi, self.gaps)

    @cached_property
    def innovations(self) -> pd.Series:
        """One-step prediction errors over their standard deviations: white, mean 0, variance 1 if the model holds."""
        errors = self.whitened[:, 0] - self.whitened[:, 1:] @ self.params.to_numpy()
        scale = np.sqrt(self.variance) if self.variance > 0 else 1.0
        return pd.Series(errors / scale, self.level.index[1:], name="innovation")

    def robust(self) -> LocalLevelResult:
        """Return the same fit with a covariance that does not assume a constant variance.

        Notes
        -----
        Sandwich of the whitened regression with leverage-adjusted squares (HC3, MacKinnon & White 1985): a variance
        that changes through time - a fund that tracks better in one year than in the next - widens or narrows the
        errors of exactly the coefficients that it concerns.
        """
        design = self.whitened[:, 1:]
        bread = np.linalg.inv(design.T @ design) if design.shape[1] else np.zeros((0, 0))
        leverage = np.einsum("ij,jk,ik->i", design, bread, design)
        errors = np.sqrt(self.variance) * self.innovations.to_numpy() / np.maximum(1.0 - leverage, 1e-8)
        meat = (design * errors[:, None] ** 2).T @ design
        names = self.params.index
        return replace(self, cov=pd.DataFrame(bread @ meat @ bread, names, names), cov_type="robust")

    def changing_variance(self, blocks: int = 4) -> float:
        """Return the p-value of a constant variance of the innovations over equal blocks of the sample.

        Notes
        -----
        Levene's test on absolute innovations about their medians (Brown & Forsythe 1974), robust to fat tails.
        """
        from scipy.stats import levene  # noqa: PLC0415 - slow to import, used only here

        parts = np.array_split(self.innovations.to_numpy(), blocks)
        return float(levene(*parts, center="median").pvalue)

    def summary(self, confidence: float = 0.95) -> Table:
        """Return coefficients, standard errors, tests of β = 1 and intervals as a table."""
        bounds = self.conf_int(confidence)
        frame = pd.DataFrame(
            {
                "coefficient": self.params,
                "std error": self.std_errors,
                "p (β = 1)": self.p_values(),
                "lower": bounds["lower"],
                "upper": bounds["upper"],
            }
        )
        unit = "session" if self.variance_per == "session" else "calendar day"
        noise = f"permanent {self.sd_permanent * 1e4:.4f} bp, transitory {self.sd_transitory * 1e4:.4f} bp"
        notes = (
            f"{self.nobs} differences, {self.method}, {self.cov_type} errors; noise per {unit}: {noise} "
            f"(permanent share {self.permanent_share:.3f}"
            f"{f', autocorrelation of the transitory part {self.phi:.3f}' if self.phi else ''})",
        )
        formats: dict[str, Format] = dict.fromkeys(["coefficient", "std error", "lower", "upper"], ".5f")
        formats["p (β = 1)"] = p_value
        return Table(frame, f"Local-level regression, {confidence:.0%} intervals", formats, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the estimates as plain numbers, ready for JSON."""
        return {
            "params": {str(k): float(v) for k, v in self.params.items()},
            "std_errors": {str(k): float(v) for k, v in self.std_errors.items()},
            "sd_permanent": self.sd_permanent,
            "sd_transitory": self.sd_transitory,
            "permanent_share": self.permanent_share,
            "log_likelihood": self.log_likelihood,
            "nobs": self.nobs,
            "method": self.method,
            "variance_per": self.variance_per,
            "cov_type": self.cov_type,
            "phi": self.phi,
        }

    def __str__(self) -> str:
        return str(self.summary())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
