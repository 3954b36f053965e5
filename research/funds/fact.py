"""A fact that says where it comes from and how far it can be trusted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["STATUS_MEANING", "UNKNOWN", "Fact", "FrozenModel", "Status", "Text"]

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

    def stated(self) -> dict[str, object]:
        """Return what was stated, as text by the name of its field; what was left to a default is not among it."""
        return {name: str(getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set}


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

    __repr__ = __str__

    @property
    def text(self) -> str:
        """The value as it reads in a sentence."""
        if self.value is None:
            return UNKNOWN
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return str(self.value)
