"""What is true of a simulated fund: every part of its divergence, session by session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.conventions import BASIS_POINT, years_between
from research.errors import ParameterError
from research.simulation.paths import NAV_NOISE
from research.simulation.world import World
from research.tables import Table

__all__ = ["SimulatedHistory", "Truth"]


@dataclass(frozen=True, eq=False)
class Truth:
    """The parts of which a simulated fund was made, on the sessions of its history.

    Parameters
    ----------
    world : World
        Every parameter.
    seed, draw : int
        What the fund was made from: ``simulate(world, seed, draw=draw)`` makes it again.
    coefficients : mapping of str to float
        True coefficient of each driver.
    components : pandas.DataFrame, shape (T + 1, K)
        Cumulated log return of each driver, of ``permanent`` and ``transitory`` noise and of ``rounding``, 0 at the
        first session. On the basis of net asset value they add up to the divergence.
    premium, observed_premium : pandas.Series, optional
        Log premium before rounding, and as the printed prices show it.
    """

    world: World
    seed: int
    draw: int
    coefficients: Mapping[str, float]
    components: pd.DataFrame = field(repr=False)
    premium: pd.Series[float] | None = field(default=None, repr=False)
    observed_premium: pd.Series[float] | None = field(default=None, repr=False)

    def parts(self, basis: Basis = "nav") -> pd.DataFrame:
        """Return the parts that add up to the divergence on a basis.

        Parameters
        ----------
        basis : {"nav", "price"}
            Net asset value or market close.

        Returns
        -------
        pandas.DataFrame
            Cumulated log returns from the first session. On price basis the premium as it is observed is
            ``premium_discount``, rounding of both prices included, since that is the one that closes the sum.

        Raises
        ------
        ParameterError
            If the basis does not exist or the fund has no close.

        Examples
        --------
        >>> from research.simulation import World, simulate
        >>> history = simulate(World(sessions=40), seed=1)
        >>> gap = history.truth.parts("price").sum(axis=1) - history.divergence("price").diff().cumsum()
        >>> bool(gap.abs().max() < 1e-12)
        True
        """
        if basis == "nav":
            return self.components
        observed = self.observed_premium
        if basis != "price" or observed is None:
            raise ParameterError(f"basis is {basis!r}: give 'nav', or 'price' where the fund has a market close")
        return self.components.assign(premium_discount=observed - observed.iloc[0])

    def between(self, labels: pd.DatetimeIndex) -> Truth:
        """Return the truth on some of its sessions, cumulated from the first of them."""
        part = self.components.loc[labels]
        return replace(
            self,
            components=part - part.iloc[0],
            premium=None if self.premium is None else self.premium.loc[labels],
            observed_premium=None if self.observed_premium is None else self.observed_premium.loc[labels],
        )

    def summary(self) -> Table:
        """Return what each part contributed, in basis points a year."""
        frame = self.components
        years = years_between(pd.Timestamp(frame.index[0]), pd.Timestamp(frame.index[-1]))
        gains = frame.iloc[-1] / years / BASIS_POINT
        table = pd.DataFrame(
            {
                "coefficient": [self.coefficients.get(str(name), np.nan) for name in frame.columns],
                "bp a year": gains.to_numpy(),
            },
            index=frame.columns,
        )
        notes = (f"Simulated with seed {self.seed}, fund {self.draw}.",)
        return Table(table, "True parts of the tracking difference", {"coefficient": ".2f", "bp a year": "+.2f"}, notes)

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers on the basis of net asset value."""
        return tuple(str(name) for name in self.components.columns if name not in NAV_NOISE)


@dataclass(frozen=True, eq=False)
class SimulatedHistory(History):
    """A history that was made, with the truth about it."""

    truth: Truth = field(kw_only=True)

    def between(self, start: pd.Timestamp | str, end: pd.Timestamp | str) -> SimulatedHistory:
        """Return the part of the history from `start` to `end`, and the truth about that part."""
        part = super().between(start, end)
        assert isinstance(part, SimulatedHistory)
        return replace(part, truth=self.truth.between(pd.DatetimeIndex(part.frame.index)))
