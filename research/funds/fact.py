"""A fact that says where it comes from and how far it can be trusted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["STATUS_MEANING", "UNKNOWN", "Fact", "FrozenModel", "LeverageTerms", "StakingTerms", "Status", "Text"]

UNKNOWN = "unknown"
"""How a file writes that a value is not known."""

Status = Literal["READ", "CHECKED", "2ND", "MEM", "inferred"]
"""How well a fact is established; `STATUS_MEANING` spells each out."""

STATUS_MEANING: dict[Status, str] = {
    "READ": "read in the named source",
    "CHECKED": "read in the named source and recomputed from data",
    "2ND": "read in a secondary source that attributes it to the issuer",
    "MEM": "from memory, not verified",
    "inferred": "follows from other data, as the source says",
}

Text = Annotated[str, Field(min_length=1)]


class FrozenModel(BaseModel):
    """Immutable and closed: a misspelt key is an error, never ignored. NaN and infinity are not numbers here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Fact(FrozenModel):
    """One stated value with its source and the status of that source.

    Parameters
    ----------
    value : str, float, int, bool, date or None
        The value as stated; None, or the text ``unknown``, where nobody found it.
    source : str
        Where the value was found.
    status : {"READ", "CHECKED", "2ND", "MEM", "inferred"}
        How far the source was verified.

    Examples
    --------
    >>> print(Fact(value=0.002, source="10-Q", status="READ"))
    0.002 [READ] 10-Q
    """

    value: bool | int | float | dt.date | str | None
    source: Text
    status: Status

    @field_validator("value", mode="before")
    @classmethod
    def _unknown(cls, value: Any) -> Any:  # noqa: ANN401 - raw input, before validation
        # TOML has no null.
        return None if value == UNKNOWN else value

    def __str__(self) -> str:
        return f"{self.text} [{self.status}] {self.source}"

    @property
    def text(self) -> str:
        """The value as it reads in a sentence."""
        if self.value is None:
            return UNKNOWN
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return str(self.value)


class StakingTerms(FrozenModel):
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


class LeverageTerms(FrozenModel):
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
