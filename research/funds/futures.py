"""How a futures fund holds its contracts, as its entry says: which prices, which schedule."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from research.funds.fact import FrozenModel, Text

__all__ = ["FuturesTerms"]


class FuturesTerms(FrozenModel):
    """Futures behind a fund: ``[fund.TICKER.futures]``.

    Parameters
    ----------
    table : str
        A ``[table.NAME]`` of the same ``funds.toml`` with futures prices: contracts by day and expiry (Cboe), or
        constant maturities in columns ``m1``, ``m2`` ... (months).
    schedule : {"constant_maturity", "last_days", "expiry"}
        A point at a constant maturity; contracts rolled over the last `days` days before expiry; contracts held to
        expiry.
    maturity_months : float
        Maturity of the point, for ``constant_maturity``.
    days : int
        Days over which contracts are rolled, for ``last_days``.
    below : {"curve", "spot"}
        What the curve below its first maturity is taken from, for constant maturities in columns.
    cost : float
        Trading cost of a roll as a fraction of the value traded.

    Examples
    --------
    >>> FuturesTerms(table="cme", schedule="constant_maturity", maturity_months=1).days
    5
    """

    table: Text
    schedule: Literal["constant_maturity", "last_days", "expiry"]
    maturity_months: float = Field(default=1.0, gt=0.0, le=60.0)
    days: int = Field(default=5, ge=1, le=60)
    below: Literal["curve", "spot"] = "curve"
    cost: float = Field(default=0.0, ge=0.0, lt=0.1)

    @model_validator(mode="after")
    def _says_what_matters(self) -> Self:
        if self.schedule != "last_days" and "days" in self.model_fields_set:
            raise ValueError(f"days belongs to schedule 'last_days', not {self.schedule!r}")
        if self.schedule != "constant_maturity" and "maturity_months" in self.model_fields_set:
            raise ValueError(f"maturity_months belongs to schedule 'constant_maturity', not {self.schedule!r}")
        return self
