"""What chance makes of a remainder: how large it comes out where nothing is unexplained, and whether it is larger."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT, check_confidence
from research.decomposition.averaged import AveragedResult, NoisePosterior
from research.decomposition.covariance import whiten
from research.decomposition.local_level import LocalLevelResult
from research.decomposition.mixture import StudentMixture
from research.errors import ParameterError
from research.tables import Result, Table, p_value

__all__ = ["LEAST_DRIFT_LEFT", "Chance", "chance_of_difference", "chance_of_remainder"]

Array = npt.NDArray[np.float64]

_ENDS = 63  # sessions at either end over which its noise is measured

LEAST_DRIFT_LEFT = 0.05
"""Share of a steady drift that must be left in a remainder for it to get a verdict: below, drivers absorb a line."""


@dataclass(frozen=True, eq=False)
class Chance(Result):
    """A drift a year, and the error that chance alone gives it.

    Parameters
    ----------
    name : str
        ``"remainder"`` or ``"tracking difference"``.
    value, std_error : float
        Log a year, Act/365, and its standard deviation where nothing but noise made it.
    interval : tuple of float
        Central interval around `value`.
    confidence : float
        Its nominal coverage, and one minus the probability of a false alarm.
    p_value : float
        Two-sided, of 0; NaN where `drift_left` allows no verdict.
    more_than_chance : bool or None
        Whether 0 lies outside the interval; None where the free drivers absorb a straight line, so that whatever drifts
        is in their coefficients.
    drift_left : float
        Share of a steady drift that the free drivers leave in the remainder; 1 where nothing is estimated.
    """

    name: str
    value: float
    std_error: float
    interval: tuple[float, float]
    confidence: float
    p_value: float
    more_than_chance: bool | None
    drift_left: float = 1.0

    def summary(self) -> Table:
        """Return value, error, interval and verdict as a table, in basis points a year."""
        low, high = self.interval
        frame = pd.DataFrame(
            {
                "bp a year": [self.value / BASIS_POINT],
                "± by chance": [self.std_error / BASIS_POINT],
                "lower": [low / BASIS_POINT],
                "upper": [high / BASIS_POINT],
                "p (nothing)": [self.p_value],
                "more than chance": [{True: "yes", False: "no", None: "no verdict"}[self.more_than_chance]],
            },
            index=[self.name],
        )
        notes = () if self.more_than_chance is not None else ("The free drivers absorb a straight line.",)
        formats = dict.fromkeys(["± by chance"], ".2f") | dict.fromkeys(["bp a year", "lower", "upper"], "+.2f")
        return Table(frame, f"{self.confidence:.0%} interval by chance", {**formats, "p (nothing)": p_value}, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the numbers in basis points a year; a p-value that does not exist is None."""
        return {
            "value_bp": self.value / BASIS_POINT,
            "std_error_bp": self.std_error / BASIS_POINT,
            "interval_bp": [end / BASIS_POINT for end in self.interval],
            "confidence": self.confidence,
            "p_value": None if math.isnan(self.p_value) else self.p_value,
            "more_than_chance": self.more_than_chance,
            "drift_left": self.drift_left,
        }


def chance_of_remainder(fit: AveragedResult | LocalLevelResult, years: float, *, confidence: float = 0.95) -> Chance:
    """Return what the drivers leave a year, with the error that chance gives it.

    Parameters
    ----------
    fit : AveragedResult or LocalLevelResult
        Regression of the level, less the imposed drivers, on the free ones.
    years : float
        Elapsed time of the sample, Act/365.
    confidence : float
        Nominal coverage.

    Returns
    -------
    Chance

    Raises
    ------
    ParameterError
        If `years` is not positive or `confidence` is not between 0 and 1.

    Notes
    -----
    The remainder is ``R = ι'd − ι'ΔX·β̂``. Where nothing is unexplained its variance is ``ι'Vι − ι'ΔX·Cov(β̂)·ΔX'ι`` with
    ``ι'Vι = T·s_η² + 2·s_v²·(1 − φ^T)``, ``s_v² = s_ε²/(1 − φ²)`` the variance of the transitory part, which is there
    on the first day and on the last: what free drivers absorb is subtracted, and imposed ones, which are as they were
    stated, add nothing. It is taken at every point of an averaged fit and the remainder is their mixture. Cov(β̂) is the
    classical one: a robust one that is wider would make less of chance. Where the noise of the first and the last 63
    sessions is louder than that of the sample - a price that fell is rounded more coarsely - their own counts; where it
    is quieter the sample's does: robust errors may widen, never narrow.

    Examples
    --------
    >>> from research.decomposition.averaged import averaged_level
    >>> days = pd.bdate_range("2024-01-01", periods=253)
    >>> noise = 1e-4 * np.random.default_rng(1).standard_normal(253)
    >>> lost = pd.Series(noise - 0.0030 * np.arange(253) / 252, days)
    >>> chance_of_remainder(averaged_level(lost), 1.0).more_than_chance
    True
    """
    posterior = _posterior(fit)
    gain = (fit.drivers.iloc[-1] - fit.drivers.iloc[0]).to_numpy(dtype=float)
    total = float(fit.level.iloc[-1] - fit.level.iloc[0])
    ends = _variance_of_sum(fit, posterior)
    absorbed = np.einsum("i,gij,j->g", gain, posterior.cov, gain)
    # A line under a random walk leaves nothing at all: its variance is rounding, of either sign.
    spread = np.sqrt(np.maximum(ends - absorbed, 1e-20 * ends))
    mixture = StudentMixture(posterior.weights, total - posterior.params @ gain, spread, float(fit.df_resid))
    left = _drift_left(fit, posterior, gain)
    return _chance("remainder", mixture, years, confidence, left)


def chance_of_difference(
    fit: AveragedResult | LocalLevelResult, change: float, years: float, *, confidence: float = 0.95
) -> Chance:
    """Return a tracking difference, as an estimate of what the fund will lose, with the error that chance gives it.

    Parameters
    ----------
    fit : AveragedResult or LocalLevelResult
        Regression of the divergence level, for its noise.
    change : float
        What the level gained over the sample, log.
    years : float
        Elapsed time of the sample, Act/365.
    confidence : float
        Nominal coverage.

    Returns
    -------
    Chance
        `more_than_chance` says whether the noise alone could have made the difference.

    Raises
    ------
    ParameterError
        If `years` is not positive or `confidence` is not between 0 and 1.

    Notes
    -----
    The error is ``√(T·s_η² + 2·s_v²·(1 − φ^T))/years``, the noise of louder ends their own; see `chance_of_remainder`.
    """
    posterior = _posterior(fit)
    spread = np.sqrt(_variance_of_sum(fit, posterior))
    mixture = StudentMixture(posterior.weights, np.full_like(spread, change), spread, float(fit.df_resid))
    return _chance("tracking difference", mixture, years, confidence, 1.0)


def _chance(name: str, mixture: StudentMixture, years: float, confidence: float, left: float) -> Chance:
    check_confidence(confidence)
    if not 0.0 < years < math.inf:
        raise ParameterError(f"years is {years!r}: give the elapsed time in years")
    low, high = (float(end) / years for end in mixture.interval(confidence))
    judged = abs(left) >= LEAST_DRIFT_LEFT
    p = float(mixture.p_value(0.0)) if judged else math.nan
    return Chance(
        name=name,
        value=float(mixture.mean) / years,
        std_error=float(mixture.sd) / years,
        interval=(low, high),
        confidence=confidence,
        p_value=p,
        more_than_chance=bool(p < 1.0 - confidence) if judged else None,
        drift_left=left,
    )


def _posterior(fit: AveragedResult | LocalLevelResult) -> NoisePosterior:
    """Return the points of a fit; a plug-in fit has one."""
    if isinstance(fit, AveragedResult):
        return fit.posterior
    design = fit.whitened[:, 1:]
    inverse = np.asarray(np.linalg.inv(design.T @ design), dtype=float)
    return NoisePosterior(
        weights=np.ones(1),
        share=np.array([fit.permanent_share]),
        phi=np.array([fit.phi]),
        variance=np.array([fit.variance]),
        params=fit.params.to_numpy(dtype=float)[None],
        cov=inverse[None] * fit.variance,
    )


def _variance_of_sum(fit: AveragedResult | LocalLevelResult, posterior: NoisePosterior) -> Array:
    """Return the variance of the level's gain over the sample at every point, ``ι'Vι``."""
    span, phi = float(fit.gaps.sum()), posterior.phi
    squares = fit.innovations.to_numpy() ** 2
    either = min(_ENDS, squares.size // 4)
    louder = max(1.0, float(np.r_[squares[:either], squares[-either:]].mean() / squares.mean()))
    around = 2.0 * (1.0 - posterior.share) * (1.0 - phi**span) / (1.0 - phi**2) * louder
    return np.asarray(posterior.variance * (posterior.share * span + around), dtype=float)


def _drift_left(fit: AveragedResult | LocalLevelResult, posterior: NoisePosterior, gain: Array) -> float:
    """Return the share of a steady drift that the free drivers do not absorb, at the point of greatest weight."""
    if not gain.size:
        return 1.0
    line = np.column_stack([fit.gaps, np.diff(fit.drivers.to_numpy(dtype=float), axis=0)])
    line /= np.sqrt((line**2).sum(axis=0))
    white = whiten(line, float(posterior.share[0]), float(posterior.phi[0]), fit.gaps)
    absorbed = np.linalg.lstsq(white[:, 1:], white[:, 0])[0]
    return float(1.0 - line[:, 1:].sum(axis=0) @ absorbed / line[:, 0].sum())
