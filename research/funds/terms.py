"""Terms on which a fund stakes, borrows or holds futures, as its entry states them."""

from __future__ import annotations

from typing import Literal, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from research.funds.fact import Fact, FrozenModel, Status, Text
from research.tables import Result, Table

__all__ = ["FuturesTerms", "LeverageTerms", "StakingTerms"]


class StakingTerms(Result, FrozenModel):
    """What a fund that stakes says about it; an item that is not known is absent.

    Parameters
    ----------
    since : Fact
        First day on which the fund stakes (a date).
    fee_share : Fact, optional
        Fraction of the gross reward that providers and sponsor keep.
    staked_share : Fact, optional
        Fraction of the fund's ether that is staked.
    target : Fact, optional
        The share that the fund aims at, in words.
    providers : Fact, optional
        Who runs the validators.
    """

    since: Fact
    fee_share: Fact | None = None
    staked_share: Fact | None = None
    target: Fact | None = None
    providers: Fact | None = None

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return what is stated, one row each: label, value, status and source."""
        stated = {
            "stakes since": self.since,
            "staking fee": self.fee_share,
            "staked share": self.staked_share,
            "staking target": self.target,
            "validators": self.providers,
        }
        return [(label, _share(fact), fact.status, fact.source) for label, fact in stated.items() if fact is not None]

    def summary(self) -> Table:
        """Return what is stated as a table: value, status and source."""
        return _table(self.rows(), "Terms on which the fund stakes")


def _share(fact: Fact) -> str:
    return f"{fact.value * 100:.1f} %" if isinstance(fact.value, float) else fact.text


def _table(rows: list[tuple[str, str, str, str]], caption: str) -> Table:
    frame = pd.DataFrame([row[1:] for row in rows], [row[0] for row in rows], ["value", "status", "source"])
    return Table(frame, caption)


class LeverageTerms(Result, FrozenModel):
    """The stated multiple of the benchmark's return over one reset interval.

    Parameters
    ----------
    multiple : float
        2.0 for a fund that doubles, -1.0 for an inverse one.
    reset : {"daily", "monthly"}
        How often the exposure is brought back to the multiple.
    source, status
        As in `Fact`.
    """

    multiple: float = Field(ge=-5, le=5)
    reset: Literal["daily", "monthly"] = "daily"
    source: Text
    status: Status

    @field_validator("multiple")
    @classmethod
    def _is_an_exposure(cls, multiple: float) -> float:
        if multiple == 0.0:
            raise ValueError("the multiple is 0, which is no exposure: write 2 for a fund that doubles, -1 for inverse")
        return multiple

    def row(self) -> tuple[str, str, str, str]:
        """Return the terms as one row: label, value, status and source."""
        return "leverage", f"{self.multiple:g}x, {self.reset}", self.status, self.source

    def summary(self) -> Table:
        """Return the terms as a table: value, status and source."""
        return _table([self.row()], "Leverage that the fund states")


class FuturesTerms(Result, FrozenModel):
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
    gaps : {"refuse", "accept"}
        Whether the contracts in use may lie further apart than usual, as where no contract was listed for a month.

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
    gaps: Literal["refuse", "accept"] = "refuse"

    @model_validator(mode="after")
    def _says_what_matters(self) -> Self:
        if self.schedule != "last_days" and "days" in self.model_fields_set:
            raise ValueError(f"days belongs to schedule 'last_days', not {self.schedule!r}")
        if self.schedule != "constant_maturity" and "maturity_months" in self.model_fields_set:
            raise ValueError(f"maturity_months belongs to schedule 'constant_maturity', not {self.schedule!r}")
        return self

    def summary(self) -> Table:
        """Return the settings as a table, those of other schedules left out."""
        idle = {"last_days": {"maturity_months"}, "expiry": {"maturity_months", "days"}, "constant_maturity": {"days"}}
        shown = {name: str(value) for name, value in self if name not in idle[self.schedule]}
        frame = pd.DataFrame({"value": list(shown.values())}, index=[name.replace("_", " ") for name in shown])
        return Table(frame, "Futures that the fund holds")
