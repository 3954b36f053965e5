"""The averaged local-level regression: coefficients whose errors own up to not knowing how the noise behaves.

At a permanent share λ and an autocorrelation φ that were chosen, intervals claim too much where a walk is too faint to
be seen, and far too little where noise that comes back slowly is taken for one. Here both are integrated out, and a
coefficient's distribution is a mixture of Student t's, one for each point of a grid of (λ, φ).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import fdtrc, logsumexp

from research.conventions import BASIS_POINT, DAYS_PER_YEAR, SESSIONS_PER_YEAR
from research.decomposition.local_level import LocalLevelResult, check_rank, check_sample, checked_sample
from research.decomposition.mixture import StudentMixture
from research.decomposition.noise_grid import AveragedBlock, average_sample, robust_covariances
from research.errors import DataError, ParameterError
from research.tables import Format, Result, Table, p_value

__all__ = ["AveragedResult", "NoisePosterior", "averaged_level"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoisePosterior:
    """What the sample says of its noise, and what each possibility says of the coefficients; P points in all.

    Parameters
    ----------
    weights : numpy.ndarray, shape (P,)
        Posterior weights, greatest first; they sum to 1.
    share, phi, variance : numpy.ndarray, shape (P,)
        λ, φ and σ² of each point.
    params : numpy.ndarray, shape (P, K)
        Coefficients.
    cov : numpy.ndarray, shape (P, K, K)
        Their covariances for a constant variance.
    """

    weights: Array
    share: Array
    phi: Array
    variance: Array
    params: Array
    cov: Array

    @classmethod
    def of(cls, block: AveragedBlock, fund: int, count: int) -> NoisePosterior:
        """Return one fund's, of its first `count` coefficients, without points of negligible weight."""
        weights = block.weights[fund]
        order = np.argsort(-weights, kind="stable")
        kept = order[weights[order] > 0.0]
        inverse = block.inverse[fund if len(block.inverse) > 1 else 0][kept, :count, :count]
        variance = block.variance[fund, kept]
        return cls(
            weights=weights[kept],
            share=block.share[kept],
            phi=block.phi[kept],
            variance=variance,
            params=block.params[fund, kept, :count],
            cov=inverse * variance[:, None, None],
        )

    def mean(self, values: Array) -> float:
        """Return the posterior mean of a number that is known at each point."""
        return float(self.weights @ values)


@dataclass(frozen=True, eq=False)
class AveragedResult(Result):
    """Result of `averaged_level`: a coefficient is a mixture of Student t's, one for each way the noise may behave.

    Parameters
    ----------
    params : pandas.Series, shape (K,)
        Coefficients β: their posterior means, the centre of what their intervals average over.
    posterior : NoisePosterior
        Points of the grid with their weights.
    mode : LocalLevelResult
        The regression at the point of greatest weight; residuals, innovations and the smoothed permanent part are its.
    robust_cov : numpy.ndarray, shape (K, K), optional
        Covariance at that point for a variance that may change; None for classical errors.
    log_likelihood : float
        Log of the restricted likelihood averaged over the prior; comparable between fits on the same level.
    method : str
        Name of the algorithm, for the record.
    """

    params: pd.Series
    posterior: NoisePosterior = field(repr=False)
    mode: LocalLevelResult = field(repr=False)
    robust_cov: Array | None = field(repr=False)
    log_likelihood: float
    method: str

    @property
    def cov_type(self) -> str:
        """``"classical"`` or ``"robust"``."""
        return "classical" if self.robust_cov is None else "robust"

    @property
    def variance_per(self) -> str:
        """``"session"`` or ``"day"``."""
        return self.mode.variance_per

    @property
    def nobs(self) -> int:
        """Differences used."""
        return self.mode.nobs

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom, T − K."""
        return self.mode.df_resid

    @property
    def level(self) -> pd.Series:
        """Divergence level of the sample that was used."""
        return self.mode.level

    @property
    def drivers(self) -> pd.DataFrame:
        """Drivers of the sample that was used."""
        return self.mode.drivers

    @property
    def gaps(self) -> Array:
        """Sessions or days that each difference spans."""
        return self.mode.gaps

    def combination(self, weights: npt.ArrayLike) -> StudentMixture:
        """Return the distribution of a linear combination of the coefficients, or of several.

        Parameters
        ----------
        weights : array_like of float, shape (..., K)
            Weight of each coefficient, in the order of `params`.

        Returns
        -------
        StudentMixture
            With as many leading axes as `weights` has.

        Notes
        -----
        ``Σ_g w_g·t_{T−K}(a'β_g, r·√(a'C_g a))`` with ``r = max(1, √(a'Sa/a'Ca))`` at the mode, S robust and C
        classical: robust errors may widen, never narrow. Where rounding makes errors negatively correlated they would
        narrow, and wrongly.
        """
        a = np.asarray(weights, dtype=float)
        if a.shape[-1:] != (len(self.params),):
            raise ParameterError(f"weights have shape {a.shape}: give one for each of {', '.join(self.params.index)}")
        spreads = np.sqrt(np.einsum("...i,gij,...j->...g", a, self.posterior.cov, a))
        if self.robust_cov is not None:
            robust = np.sqrt(np.einsum("...i,ij,...j->...", a, self.robust_cov, a))
            spreads = spreads * np.maximum(1.0, robust / spreads[..., 0])[..., None]
        centres = np.einsum("...i,gi->...g", a, self.posterior.params)
        weights_of = np.broadcast_to(self.posterior.weights, centres.shape)
        return StudentMixture(weights_of, centres, spreads, float(self.df_resid))

    @cached_property
    def coefficients(self) -> StudentMixture:
        """The distribution of each coefficient."""
        return self.combination(np.eye(len(self.params)))

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of the coefficients, (K, K): that of the mixture.

        Notes
        -----
        Its diagonal is that of `coefficients`. Correlations inside a point of the grid are its own, classical ones: of
        a combination that matters `combination` knows more.
        """
        names, posterior = self.params.index, self.posterior
        widening = self.coefficients.scales[:, 0] / np.sqrt(np.diagonal(posterior.cov[0]))
        within = np.einsum("g,gij->ij", posterior.weights, posterior.cov) * np.outer(widening, widening)
        apart = posterior.params - self.params.to_numpy()
        between = (posterior.weights[:, None] * apart).T @ apart
        return pd.DataFrame(within * (self.df_resid / (self.df_resid - 2.0)) + between, names, names)

    @property
    def std_errors(self) -> pd.Series:
        """Standard deviations of the coefficients' distributions."""
        return pd.Series(self.coefficients.sd, self.params.index, name="std_error")

    def conf_int(self, confidence: float = 0.95) -> pd.DataFrame:
        """Return central intervals of the coefficients.

        Parameters
        ----------
        confidence : float
            Nominal coverage between 0 and 1.

        Returns
        -------
        pandas.DataFrame, shape (K, 2)
            Columns ``lower`` and ``upper``: quantiles of the mixture.
        """
        lower, upper = self.coefficients.interval(confidence)
        return pd.DataFrame({"lower": lower, "upper": upper}, self.params.index)

    def p_values_unity(self) -> pd.Series:
        """Return the two-sided p-value of each β = 1: below 1 − c where the interval of confidence c leaves it out."""
        return self._p_values(1.0)

    def p_values_zero(self) -> pd.Series:
        """Return the two-sided p-value of each β = 0: below 1 − c where the interval of confidence c leaves it out."""
        return self._p_values(0.0)

    def p_values_at(self, values: pd.Series) -> pd.Series:
        """Return the two-sided p-value of each coefficient's being the value given under its name."""
        return self._p_values(values.reindex(self.params.index)).loc[values.index]

    def _p_values(self, value: float | pd.Series) -> pd.Series:
        p = self.coefficients.p_value(np.broadcast_to(np.asarray(value, dtype=float), len(self.params)))
        return pd.Series(p, self.params.index, name="p_value")

    def joint_test(self, value: float = 1.0) -> tuple[float, float]:
        """Return the Wald statistic over K and the p-value of all β = `value` at once (NaN without drivers).

        Notes
        -----
        The mixture's mean and covariance, referred to F(K, T − K); of a single coefficient the p-value is its own.
        """
        if not len(self.params):
            return float("nan"), float("nan")
        gap = self.params.to_numpy() - value
        # In units of the errors: coefficients of slow and of fast drivers differ by orders of magnitude.
        errors = self.std_errors.to_numpy()
        correlation = self.cov.to_numpy() / np.outer(errors, errors)
        statistic = float((gap / errors) @ np.linalg.solve(correlation, gap / errors)) / gap.size
        if gap.size == 1:
            return statistic, float(self._p_values(value).iloc[0])
        return statistic, float(fdtrc(gap.size, self.df_resid, statistic))

    @property
    def permanent_share(self) -> float:
        """Posterior mean of λ."""
        return self.posterior.mean(self.posterior.share)

    @property
    def phi(self) -> float:
        """Posterior mean of φ; `phi_posterior` has the whole of it."""
        return self.posterior.mean(self.posterior.phi)

    @cached_property
    def phi_posterior(self) -> pd.Series:
        """Posterior weight of each φ of the grid, 0 (plain noise) first."""
        weights = pd.Series(self.posterior.weights, pd.Index(self.posterior.phi, name="phi"), name="weight")
        return weights.groupby(level=0).sum()

    @property
    def variance(self) -> float:
        """Posterior mean of σ² = permanent plus transitory variance, per session or day."""
        return self.posterior.mean(self.posterior.variance)

    @property
    def sd_permanent(self) -> float:
        """Standard deviation of the permanent step η, per session or day: root of its averaged variance."""
        return float(np.sqrt(self.posterior.mean(self.posterior.share * self.posterior.variance)))

    @property
    def sd_transitory(self) -> float:
        """Standard deviation of the transitory part of the level: root of its averaged variance."""
        posterior = self.posterior
        variances = (1.0 - posterior.share) * posterior.variance / (1.0 - posterior.phi**2)
        return float(np.sqrt(posterior.mean(variances)))

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

    @cached_property
    def _shown(self) -> LocalLevelResult:
        """The mode's noise about the averaged coefficients, which are those that a reader sees."""
        return replace(self.mode, params=self.params)

    @property
    def residual_level(self) -> pd.Series:
        """What the drivers leave, ``g − Xβ``, measured from its first value."""
        return self._shown.residual_level

    @property
    def permanent(self) -> pd.Series:
        """Smoothed permanent part of the residual level at the mode."""
        return self._shown.permanent

    @property
    def innovations(self) -> pd.Series:
        """One-step prediction errors at the mode, over their standard deviations."""
        return self._shown.innovations

    @property
    def whitened(self) -> Array:
        """Differences of level and drivers with the error's covariance at the mode taken out."""
        return self.mode.whitened

    def changing_variance(self, blocks: int = 4) -> float:
        """Return the p-value of a constant variance of the innovations over equal blocks of the sample."""
        return self._shown.changing_variance(blocks)

    def summary(self, confidence: float = 0.95) -> Table:
        """Return coefficients, standard errors, tests of β = 1 and intervals as a table."""
        frame = pd.DataFrame(
            {"coefficient": self.params, "std error": self.std_errors, "p (β = 1)": self.p_values_unity()}
        ).join(self.conf_int(confidence))
        unit = "session" if self.variance_per == "session" else "calendar day"
        plain = float(self.phi_posterior.get(0.0, 0.0))
        notes = (
            f"{self.nobs} differences, {self.method}, {self.cov_type} errors; noise per {unit}: permanent "
            f"{self.sd_permanent / BASIS_POINT:.4f} bp, transitory {self.sd_transitory / BASIS_POINT:.4f} bp; plain "
            f"noise has a probability of {plain:.2f}, an autocorrelation {self.phi:.2f} on average.",
        )
        formats: dict[str, Format] = dict.fromkeys(["coefficient", "std error", "lower", "upper"], ".5f")
        formats["p (β = 1)"] = p_value
        return Table(frame, f"Averaged local-level regression, {confidence:.0%} intervals", formats, notes)

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
            "plain_noise": float(self.phi_posterior.get(0.0, 0.0)),
        }


def averaged_level(
    level: pd.Series,
    drivers: pd.DataFrame | None = None,
    *,
    variance_per: Literal["session", "day"] = "session",
    positions: npt.ArrayLike | None = None,
    cov_type: Literal["classical", "robust"] = "robust",
) -> AveragedResult:
    """Estimate how drivers pass into a divergence level, averaged over what its noise may be.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level g in logs, one value a session, strictly increasing labels.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Cumulated log returns X of the drivers, with the labels of `level`. None estimates the noise alone.
    variance_per : {"session", "day"}
        Whether noise gathers and fades by session (default) or by calendar day.
    positions : array_like of int, shape (T + 1,), optional
        Session number of each row, where sessions are missing from the rows. By default rows follow one another.
    cov_type : {"robust", "classical"}
        Errors that a variance which changes through time may widen (default), or those of a constant one.

    Returns
    -------
    AveragedResult
        ``params`` (posterior means), ``std_errors``, ``conf_int`` and p-values from the mixture, the noise
        averaged, the posterior itself, and the regression at its mode.

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

    The model is that of `local_level` with ``transitory="ar1"``. With a prior flat in β and log σ,
    ``β | d ~ Σ_g w_g·t_{T−K}(β_g, r·se_g)`` over a grid of (λ, φ), w prior times restricted likelihood, β_g and se_g
    generalised least squares, r as in `AveragedResult.combination`. The prior: logit λ from 2·ln(3.4/T) to 7 with a
    density that grows as (λ/(1 − λ))^0.2; φ = 0 with probability ½, else uniform to 0.9. The mean rather than the mode
    is shown: where the likelihood has two hills, the mode stands on one of them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2024-01-01", periods=505)
    >>> fee = pd.Series(-0.0020 * np.arange(505) / 252, days, name="fee")
    >>> noise = pd.Series(2e-5 * rng.standard_normal(505), days)
    >>> fit = averaged_level(fee + noise, fee.to_frame())
    >>> bool(fit.conf_int().loc["fee", "lower"] < 1 < fit.conf_int().loc["fee", "upper"])
    True
    """
    if cov_type not in {"classical", "robust"}:
        raise ParameterError(f"cov_type is {cov_type!r}: give 'classical' or 'robust'")
    y, x, names, at = checked_sample(level, drivers, variance_per, positions)
    differences = np.diff(np.column_stack([y, x]), axis=0)
    gaps = np.diff(at).astype(float)
    nobs, count = differences.shape[0], x.shape[1]
    check_sample(nobs, count)
    if not differences[:, 0].any():
        raise DataError("the divergence level never changes: fund and benchmark are the same series")
    check_rank(differences[:, 1:], np.sqrt((differences[:, 1:] ** 2).sum(axis=0)), names)
    block, method = average_sample(np.column_stack([y, x]), at)
    best = int(block.mode[0])
    share, phi = block.share[[best]], block.phi[[best]]
    robust = None
    if cov_type == "robust":
        steps = differences.T
        robust = robust_covariances(steps[:1], steps[None, 1:], share, phi, gaps)[0]
    posterior = NoisePosterior.of(block, 0, count)
    index = level.index[level.notna()]
    return AveragedResult(
        params=pd.Series(posterior.weights @ posterior.params, names, name="coefficient", dtype=float),
        posterior=posterior,
        mode=LocalLevelResult(
            params=pd.Series(posterior.params[0], names, name="coefficient", dtype=float),
            cov=pd.DataFrame(posterior.cov[0], names, names),
            variance=float(posterior.variance[0]),
            permanent_share=float(share[0]),
            log_likelihood=float(block.log_likelihood[0, best]),
            nobs=nobs,
            method=method,
            variance_per=variance_per,
            cov_type="classical",
            level=pd.Series(y, index, name="level"),
            drivers=pd.DataFrame(x, index, columns=names),
            gaps=gaps,
            phi=float(phi[0]),
        ),
        robust_cov=robust,
        log_likelihood=float(logsumexp(block.log_posterior[0])),
        method=f"averaged over λ and φ, {method}",
    )
