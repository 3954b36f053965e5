"""A diagnostic of the transitory part: whether it persists, and whether saying so would narrow the intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from research.decomposition.local_level import local_level
from research.tables import Table

__all__ = ["AutocorrelationTest", "autocorrelation_test"]

SIGNIFICANT = 0.01


@dataclass(frozen=True, eq=False)
class AutocorrelationTest:
    """Likelihood ratio of a transitory part that persists against plain noise.

    Parameters
    ----------
    statistic : float
        Twice the gain in restricted log likelihood.
    p_value : float
        Of plain noise, from χ² with one degree of freedom.
    phi : float
        Autocorrelation from one session to the next.
    narrowing : pandas.Series
        Standard errors under plain noise over those under the AR(1), by driver: 2 means that they halve.
    recommended : bool
        Whether ``transitory="ar1"`` is worth it: the gain is more than chance at 1 %, φ is positive, and some standard
        error shrinks by a tenth or more.
    """

    statistic: float
    p_value: float
    phi: float
    narrowing: pd.Series
    recommended: bool

    def summary(self) -> Table:
        """Return test and narrowing as a table."""
        advice = 'transitory="ar1" is recommended.' if self.recommended else "Plain noise is enough."
        notes = (
            f"Likelihood ratio {self.statistic:.2f}, p {self.p_value:.4f}, autocorrelation {self.phi:.3f}. {advice}",
        )
        frame = pd.DataFrame({"times narrower": self.narrowing})
        return Table(frame, "Standard errors under an AR(1) against plain noise", {"times narrower": ".2f"}, notes)

    def __str__(self) -> str:
        return str(self.summary())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def autocorrelation_test(
    level: pd.Series, drivers: pd.DataFrame | None = None, *, positions: npt.ArrayLike | None = None
) -> AutocorrelationTest:
    """Test whether the transitory part of the error persists from session to session.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level; NaN is a missing session.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Cumulated drivers.
    positions : array_like of int, optional
        As in `local_level`.

    Returns
    -------
    AutocorrelationTest
        Statistic, p-value, φ, how much narrower the standard errors get, and a recommendation.

    Notes
    -----
    Both fits share the drivers, so their restricted likelihoods are comparable. Where there is no transitory part at
    all φ is not identified and χ²(1) is only a guide, which is why the recommendation asks for more than the test.

    Examples
    --------
    >>> import research as rs
    >>> from research.decomposition import autocorrelation_test
    >>> autocorrelation_test(rs.load("ETHV").divergence("nav")).recommended
    False
    """
    plain = local_level(level, drivers, positions=positions)
    persistent = local_level(level, drivers, positions=positions, transitory="ar1")
    statistic = max(0.0, 2.0 * (persistent.log_likelihood - plain.log_likelihood))
    p_value = float(chdtrc(1, statistic))
    narrowing = (plain.std_errors / persistent.std_errors).rename("narrowing")
    useful = bool(len(narrowing) and narrowing.max() >= 1.1)
    return AutocorrelationTest(
        statistic=statistic,
        p_value=p_value,
        phi=persistent.phi,
        narrowing=narrowing,
        recommended=p_value < SIGNIFICANT and persistent.phi > 0.0 and useful,
    )
