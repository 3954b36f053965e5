"""One stretch of a fee schedule: the days on which a set of asset tiers holds."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from research.funds.fact import FrozenModel, Status, Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FeePeriod", "FeeTier"]


def _dollars(amount: float) -> str:
    return f"${amount / 1e9:g} bn" if amount >= 1e8 else f"${amount:,.0f}"


class FeeTier(FrozenModel):
    """The rate on the slice of assets below `up_to` and above the tier before.

    Parameters
    ----------
    rate : float
        Fraction a year: 0.0020 is 0.20 %.
    up_to : float, optional
        Upper end of the slice in US dollars; None for no limit.
    """

    rate: float = Field(ge=0.0, lt=0.2)
    up_to: float | None = Field(default=None, gt=0.0)


class FeePeriod(FrozenModel):
    """Days on which one set of tiers holds.

    Parameters
    ----------
    start, end : date
        First and last day, both inclusive; `end` None for a period that lasts.
    tiers : tuple of FeeTier
        Marginal tiers, ascending; the last one has no limit.
    note : str
        What the period is, in words.
    source, status : str, optional
        As in `Fact`, where they differ from the schedule's own.
    """

    start: dt.date
    end: dt.date | None = None
    tiers: tuple[FeeTier, ...] = Field(min_length=1)
    note: str = ""
    source: Text | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"the period ends on {self.end}, before its start on {self.start}")
        limits = [tier.up_to for tier in self.tiers]
        if limits[-1] is not None:
            raise ValueError("the last tier has a limit: leave its up_to out, so that every dollar has a rate")
        bounded = [limit for limit in limits[:-1] if limit is not None]
        if len(bounded) != len(limits) - 1:
            raise ValueError("only the last tier may be without up_to")
        if any(high <= low for low, high in pairwise(bounded)):
            raise ValueError("tiers must ascend: each up_to above the one before")
        return self

    def __str__(self) -> str:
        until = f"{self.start} to {self.end}" if self.end else f"from {self.start}"
        return f"{until}: {self.terms}"

    @property
    def terms(self) -> str:
        """The tiers in words: ``0.00 % up to $1.5 bn, 0.20 % beyond``."""
        if self.is_flat:
            return f"{self.tiers[0].rate:.2%}".replace("%", " %")
        words = [
            f"{tier.rate * 100:.2f} % " + (f"up to {_dollars(tier.up_to)}" if tier.up_to else "beyond")
            for tier in self.tiers
        ]
        return ", ".join(words)

    @property
    def is_flat(self) -> bool:
        """Whether the rate is the same whatever the assets."""
        return len({tier.rate for tier in self.tiers}) == 1

    def effective_rate(self, assets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rate on the whole of `assets`: each tier's rate weighted by the slice that falls into it.

        Parameters
        ----------
        assets : numpy.ndarray, shape (n,)
            US dollars, finite and not negative; a fund without assets pays the first tier's rate.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Fraction a year.

        Notes
        -----
        Effective rate = sum(rate_i * slice_i) / assets.

        Examples
        --------
        >>> period = FeePeriod(start="2024-07-23", tiers=[{"rate": 0.0, "up_to": 1e9}, {"rate": 0.002}])
        >>> period.effective_rate(np.array([5e8, 2e9]))
        array([0.   , 0.001])
        """
        edges = np.array([0.0, *(np.inf if tier.up_to is None else tier.up_to for tier in self.tiers)])
        rates = np.array([tier.rate for tier in self.tiers])
        slices = np.clip(assets[:, None], edges[:-1], edges[1:]) - edges[:-1]
        empty = assets == 0.0
        weights = slices / np.where(empty, 1.0, assets)[:, None]
        weights[empty, 0] = 1.0
        effective: NDArray[np.float64] = weights @ rates
        return effective
