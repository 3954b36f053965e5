"""The local-level regression: slow drivers measured in levels, with an error that may wander, revert, or both.

``g_t = a + Σ_k β_k·X_k,t + μ_t + ε_t`` with ``μ_t = μ_{t−1} + η_t``. Regressions in changes (no ε) and in levels
(no η) are its two ends; restricted maximum likelihood decides where between them the data lie.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import lapack, solveh_banded
from scipy.optimize import minimize
from scipy.special import expit, fdtrc, logit, stdtr, stdtrit

from research.conventions import DAYS_PER_YEAR, SESSIONS_PER_YEAR, check_confidence
from research.decomposition.covariance import (
    Moments,
    QuasiDifference,
    moments,
    restricted_likelihood,
    whiten,
)
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError
from research.tables import Format, Result, Table, p_value

__all__ = [
    "COLLINEAR",
    "LOGITS",
    "MOST_PERSISTENT",
    "AutoregressiveProblem",
    "LocalLevelResult",
    "check_rank",
    "check_sample",
    "checked_sample",
    "local_level",
]

Array = npt.NDArray[np.float64]

# Beyond ±24 on the logit scale λ is nothing (4e-11) or everything to any sample a person could own: the smallest
# eigenvalue of the transitory part is about (π/T)², 1e-6 at ten years of sessions.
LOGITS: Array = np.concatenate([np.linspace(-24.0, -9.0, 16), np.linspace(-8.0, 8.0, 33), np.linspace(9.0, 24.0, 16)])
"""Where the search for the permanent share looks first, as log λ/(1 − λ)."""

COLLINEAR = 1e-10
"""Smallest eigenvalue of the drivers' correlations below which some of them add up to another."""

MOST_PERSISTENT = 0.98
"""Largest autocorrelation: at 0.98 half of a shock is gone in 34 sessions; beyond, no sample tells it from a walk."""

_PHI = np.array([-0.5, -0.2, 0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96])
_SHARES = expit(np.array([-16.0, -11.0, -9.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]))


@dataclass(frozen=True, eq=False)
class LocalLevelResult(Result):
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
        return self.permanent_over(SESSIONS_PER_YEAR)

    def permanent_over(self, periods_per_year: float) -> float:
        """Return the standard deviation that the permanent part gathers in a year of so many observations.

        Parameters
        ----------
        periods_per_year : float
            Such as ``History.periods_per_year``; a variance by the day takes 365 days instead.
        """
        periods = periods_per_year if self.variance_per == "session" else DAYS_PER_YEAR
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

    def p_values_unity(self) -> pd.Series:
        """Return the two-sided p-value of each β = 1: that a driver passes through in full."""
        return self._p_values(1.0)

    def p_values_zero(self) -> pd.Series:
        """Return the two-sided p-value of each β = 0: that a driver plays no part."""
        return self._p_values(0.0)

    def p_values(self, value: float = 1.0) -> pd.Series:
        """Return the two-sided p-value of each β = `value`: the old name, which does not say what it tests."""
        advice = "p_values does not say what it tests: use p_values_unity (β = 1) or p_values_zero (β = 0)"
        warnings.warn(advice, DeprecationWarning, stacklevel=2)
        return self._p_values(value)

    def p_values_at(self, values: pd.Series) -> pd.Series:
        """Return the two-sided p-value of each coefficient's being the value given under its name."""
        return self._p_values(values.reindex(self.params.index)).loc[values.index]

    def _p_values(self, value: float | pd.Series) -> pd.Series:
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
                "p (β = 1)": self.p_values_unity(),
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


def local_level(
    level: pd.Series,
    drivers: pd.DataFrame | None = None,
    *,
    variance_per: Literal["session", "day"] = "session",
    positions: npt.ArrayLike | None = None,
    cov_type: Literal["classical", "robust"] = "classical",
    transitory: Literal["noise", "ar1"] = "noise",
) -> LocalLevelResult:
    """Estimate how drivers pass into a divergence level whose error is part random walk, part noise.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level g in logs, one value a session, strictly increasing labels.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Cumulated log returns X of the drivers, with the labels of `level`. None estimates the noise alone.
    variance_per : {"session", "day"}
        Whether the permanent part gathers variance by session (default) or by calendar day.
    positions : array_like of int, shape (T + 1,), optional
        Session number of each row, where sessions are missing from the rows. By default rows follow one another.
    cov_type : {"classical", "robust"}
        Errors of a constant variance, or of one that may change through time; see `LocalLevelResult.robust`.
    transitory : {"noise", "ar1"}
        Whether the transitory part is plain noise or may itself persist for a while, as an AR(1): a premium that takes
        days to close, for one. `autocorrelation_test` says when that is worth it.

    Returns
    -------
    LocalLevelResult
        ``params`` (β), ``std_errors``, ``cov``, ``sd_permanent`` and ``sd_transitory`` (per session or day, log),
        ``permanent_share`` (λ), residuals and tests.

    Raises
    ------
    AlignmentError
        If the labels of `level` and `drivers` differ, are not sorted, or are duplicated.
    DataError
        If a value is infinite, or a driver is NaN where the level is not.
    IdentificationError
        If a driver does not vary, or some drivers add up to another.
    SampleError
        If fewer than three more differences than drivers remain.

    Notes
    -----
    NaN in `level` is a missing session: it is left out, never filled, and the gap is taken into account.

    Differences ``d = ΔX·β + e`` have covariance ``σ²·V(λ)``, ``V = λ·I + (1 − λ)·M``, ``M`` tridiagonal (−1, 2, −1);
    ``sd_permanent² = λσ²`` and ``sd_transitory² = (1 − λ)σ²``. For each λ, β is generalised least squares and
    σ² = RSS/(T − K); λ maximises the restricted likelihood ``−½[(T − K)·log σ² + log|V| + log|X'V⁻¹X|]``. This is
    the local-level model of Harvey (1989, ch. 4) with diffuse start, estimated without a Kalman filter. With
    ``transitory="ar1"`` the likelihood has one more parameter, the autocorrelation φ; differences less φ times the one
    before are tridiagonal again, so it stays banded. Where a slow random walk hides
    behind persistent noise the data can take it for nothing: with an AR(1) of 0.8 and a walk that gathers, over two
    years, as much as the noise, 95 % intervals covered 81 % in simulation. Plain noise, the default, covers there.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2024-01-01", periods=505)
    >>> fee = pd.Series(-0.0020 * np.arange(505) / 252, days, name="fee")
    >>> noise = pd.Series(2e-5 * rng.standard_normal(505), days)
    >>> fit = local_level(fee + noise, fee.to_frame())
    >>> bool(abs(fit.params["fee"] - 1) < 3 * fit.std_errors["fee"])
    True
    """
    if cov_type not in {"classical", "robust"}:
        raise ParameterError(f"cov_type is {cov_type!r}: give 'classical' or 'robust'")
    if transitory not in {"noise", "ar1"}:
        raise ParameterError(f"transitory is {transitory!r}: give 'noise' or 'ar1'")
    y, x, names, at = checked_sample(level, drivers, variance_per, positions)
    differences = np.diff(np.column_stack([y, x]), axis=0)
    gaps = np.diff(at).astype(float)
    nobs, drivers_count = differences.shape[0], x.shape[1]
    check_sample(nobs, drivers_count)
    scale = np.sqrt((differences**2).sum(axis=0))
    if scale[0] == 0.0:
        raise DataError("the divergence level never changes: fund and benchmark are the same series")
    log_det_design = check_rank(differences[:, 1:], scale[1:], names)
    # A premium may explain all but a millionth of the variance: what is left must not be found by cancellation.
    near = np.linalg.lstsq(differences[:, 1:] / scale[1:], differences[:, 0])[0] / scale[1:]
    differences[:, 0] -= differences[:, 1:] @ near
    scale[0] = np.linalg.norm(differences[:, 0]) or 1.0
    if transitory == "ar1":
        problem = AutoregressiveProblem(differences / scale, gaps, float(scale[0]), log_det_design)
        share, phi, log_likelihood = problem.best()
        matrix, df, method = problem.cross(share, phi)[0], problem.df, problem.method
    else:
        plain = _Problem(moments(differences / scale, gaps), scale, nobs, log_det_design)
        (share, log_likelihood), phi = _best_share(plain), 0.0
        matrix, df, method = plain.cross(np.array([share]))[0][0], plain.df, plain.cross.method
    inverse = np.linalg.inv(matrix[1:, 1:]) if drivers_count else np.zeros((0, 0))
    beta = inverse @ matrix[1:, 0]
    variance = max(float(matrix[0, 0] - matrix[0, 1:] @ beta), 0.0) / df * scale[0] ** 2
    rescale = scale[0] / scale[1:]
    result = LocalLevelResult(
        params=pd.Series(near + beta * rescale, names, name="coefficient"),
        cov=pd.DataFrame(inverse * variance / np.outer(scale[1:], scale[1:]), names, names),
        variance=variance,
        permanent_share=share,
        log_likelihood=log_likelihood,
        nobs=nobs,
        method=method,
        variance_per=variance_per,
        cov_type="classical",
        level=pd.Series(y, level.index[level.notna()], name="level"),
        drivers=pd.DataFrame(x, level.index[level.notna()], columns=names),
        gaps=gaps,
        phi=phi,
    )
    return result.robust() if cov_type == "robust" else result


def check_level(level: pd.Series) -> None:
    """Raise ParameterError unless the level is a pandas Series."""
    if not isinstance(level, pd.Series):
        raise ParameterError(
            f"level is a {type(level).__name__}: give a pandas Series of the divergence in logs, by session, such as "
            'research.load("ETHV").divergence()'
        )


def checked_sample(
    level: pd.Series, drivers: pd.DataFrame | None, variance_per: str, positions: npt.ArrayLike | None
) -> tuple[Array, Array, list[str], npt.NDArray[np.int64]]:
    """Return level, drivers, their names and the positions of the rows where the level is known.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `local_level` does.
    """
    check_level(level)
    if variance_per not in {"session", "day"}:
        raise ParameterError(f"variance_per is {variance_per!r}: give 'session' or 'day'")
    if not (level.index.is_monotonic_increasing and level.index.is_unique):
        raise AlignmentError("the labels of the level are not strictly increasing: sort them and drop duplicates")
    frame = pd.DataFrame(index=level.index) if drivers is None else drivers
    if not frame.index.equals(level.index):
        raise AlignmentError(f"level has {len(level)} labels and drivers {len(frame)}, and they are not the same ones")
    known = level.notna().to_numpy()
    y = level.to_numpy(dtype=float)[known]
    x = frame.to_numpy(dtype=float).reshape(len(level), -1)[known]
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise ParameterError(f"two drivers share a name: {', '.join(names)}")
    if not np.isfinite(y).all():
        raise DataError("the level holds an infinite value: look for a price of zero")
    for name, column in zip(names, x.T, strict=True):
        if not np.isfinite(column).all():
            row = level.index[known][~np.isfinite(column)][0]
            raise DataError(f"driver {name!r} has no finite value at {row}, where the level has one")
    return y, x, names, _positions(level.index, known, variance_per, positions)


def _positions(
    index: pd.Index, known: npt.NDArray[np.bool_], variance_per: str, positions: npt.ArrayLike | None
) -> npt.NDArray[np.int64]:
    """Return where each known row stands in time, counted in sessions or in calendar days."""
    if variance_per == "day":
        if not isinstance(index, pd.DatetimeIndex):
            raise ParameterError("variance_per='day' needs dates as labels")
        at = ((index - index[0]) // pd.Timedelta(days=1)).to_numpy()
    else:
        at = np.arange(len(index)) if positions is None else np.asarray(positions)
    if at.shape != (len(index),) or np.any(np.diff(at) <= 0):
        raise ParameterError(f"positions must be {len(index)} strictly increasing session numbers")
    return at[known].astype(np.int64)


def check_sample(nobs: int, drivers: int) -> None:
    """Raise where differences are too few for as many drivers.

    Raises
    ------
    SampleError
        If there are fewer than three more differences than drivers.
    """
    if nobs < drivers + 3:
        raise SampleError(f"{nobs} differences cannot carry {drivers} drivers: give at least {drivers + 3}")


def check_rank(design: Array, norms: Array, names: list[str]) -> float:
    """Return log|X'X| of the unit-norm design.

    Raises
    ------
    IdentificationError
        If a driver is constant or a combination of others.
    """
    for name, norm in zip(names, norms, strict=True):
        if norm == 0.0:
            raise IdentificationError(
                f"driver {name!r} does not vary over the sample: impose it or leave it out", (name,)
            )
    if not names:
        return 0.0
    values, vectors = np.linalg.eigh((design / norms).T @ (design / norms))
    if values[0] < COLLINEAR:
        involved = tuple(name for name, weight in zip(names, vectors[:, 0], strict=True) if abs(weight) > 1e-3)
        raise IdentificationError(f"drivers {', '.join(involved)} are collinear: impose or leave out one", involved)
    return float(np.log(values).sum())


@dataclass(frozen=True, eq=False)
class _Problem:
    """Differences, scaled to unit columns so that no unit can spoil the arithmetic."""

    cross: Moments
    scale: Array
    nobs: int
    log_det_design: float

    @property
    def df(self) -> int:
        return self.nobs - (self.scale.size - 1)

    def criterion(self, shares: Array) -> Array:
        """Return the restricted log likelihood, profiled over β and σ², for each permanent share."""
        matrix, log_det = self.cross(shares)
        return restricted_likelihood(matrix, log_det - self.log_det_design, self.df, float(self.scale[0]))


def _best_share(problem: _Problem) -> tuple[float, float]:
    """Return the permanent share of greatest restricted likelihood, the ends 0 and 1 included, and the likelihood.

    A grid finds the hill, three rounds of seventeen points climb it, a parabola through the last three finds the top:
    five evaluations in all, each of them many λ at once.
    """
    values = problem.criterion(np.concatenate([[0.0], expit(LOGITS), [1.0]]))
    ends = [(0.0, float(values[0])), (1.0, float(values[-1]))]
    best = int(np.argmax(values[1:-1]))
    low, high = LOGITS[max(best - 1, 0)], LOGITS[min(best + 1, LOGITS.size - 1)]
    for _ in range(3):
        points = np.linspace(low, high, 17)
        values = problem.criterion(expit(points))
        best = int(np.clip(np.argmax(values), 1, 15))
        low, high = points[best - 1], points[best + 1]
    left, top, right = values[best - 1 : best + 2]
    curvature = left - 2.0 * top + right
    shift = 0.5 * (left - right) / curvature if curvature < 0.0 else 0.0
    share = float(expit(points[best] + np.clip(shift, -1.0, 1.0) * (points[1] - points[0])))
    value = float(problem.criterion(np.array([share]))[0])
    # A flat tail differs from its end by rounding only; then the end is the answer, and says so exactly.
    for end in ends:
        if value - end[1] < 1e-7:
            return end
    return share, value


@dataclass(frozen=True, eq=False)
class AutoregressiveProblem:
    """Likelihood over the permanent share λ and the autocorrelation φ.

    Parameters
    ----------
    differences : numpy.ndarray, shape (T, K + 1)
        Changes of level (first) and drivers, each column of unit norm.
    gaps : numpy.ndarray, shape (T,)
        Sessions that each change spans.
    scale : float
        Norm of the level's changes before scaling.
    log_det_design : float
        log|X'X| of the scaled drivers.
    """

    differences: Array
    gaps: Array
    scale: float
    log_det_design: float

    @property
    def df(self) -> int:
        """Observations less drivers."""
        return int(self.differences.shape[0] - self.differences.shape[1] + 1)

    @property
    def method(self) -> str:
        """Name of the algorithm, for the record."""
        return "banded Cholesky, AR(1)"

    def cross(self, share: float, phi: float) -> tuple[Array, float]:
        """Return ``Y'V(λ, φ)⁻¹Y`` and ``log|V(λ, φ)|``."""
        shift = QuasiDifference.of(phi, self.gaps)
        columns = shift.less(self.differences)
        pivots, factors, _ = lapack.dpttrf(*shift.tridiagonal(share))
        solved, _ = lapack.dpttrs(pivots, factors, columns)
        return columns.T @ solved, float(np.log(pivots).sum())

    def criterion(self, share: float, phi: float) -> float:
        """Return the restricted log likelihood."""
        matrix, log_det = self.cross(share, phi)
        reduced = np.array([log_det - self.log_det_design])
        return float(restricted_likelihood(matrix[None], reduced, self.df, self.scale)[0])

    def best(self) -> tuple[float, float, float]:
        """Return λ, φ and the likelihood at its greatest: a grid, then a simplex from its three best points."""
        grid = [(self.criterion(float(share), float(phi)), share, phi) for share in _SHARES for phi in _PHI]
        found = []
        steps = np.array([[0.0, 0.0], [0.7, 0.0], [0.0, 0.3]])
        for _, share, phi in sorted(grid, reverse=True)[:3]:
            start = np.array([logit(share), np.arctanh(phi / MOST_PERSISTENT)])
            options: Any = {"xatol": 1e-5, "fatol": 1e-8, "initial_simplex": start + steps}
            result = minimize(self._objective, start, method="Nelder-Mead", options=options)
            found.append((-float(result.fun), *_natural(result.x)))
        value, share, phi = max(found)
        without = self.criterion(0.0, phi)
        # A likelihood that is flat toward λ = 0 has its answer there.
        return (0.0, phi, without) if value - without < 1e-7 else (share, phi, value)

    def _objective(self, point: Array) -> float:
        return -self.criterion(*_natural(point))


def _natural(point: Array) -> tuple[float, float]:
    """Return λ and φ from the unbounded scale on which the simplex moves."""
    return float(expit(np.clip(point[0], -24.0, 24.0))), float(MOST_PERSISTENT * np.tanh(point[1]))
