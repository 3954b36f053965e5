"""What screens find in a fund's data and somebody has looked at: `known` entries of a ``funds.toml``."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from pydantic import field_validator

from research.errors import UnknownNameError
from research.funds.fact import FrozenModel, Text
from research.funds.series import INPUTS, ROLES

__all__ = ["SCREEN_RULES", "KnownFinding"]

SCREEN_RULES: Final = (
    "assets_differ",
    "change_differs",
    "clock_offset",
    "constant_column",
    "copied_columns",
    "copied_fund",
    "distribution_as_loss",
    "distributions_not_named",
    "input_missing",
    "local_time_for_utc",
    "non_positive",
    "premium_differs",
    "premium_hundredfold",
    "premium_in_dollars",
    "premium_in_fraction",
    "premium_in_percent",
    "premium_out_of_bounds",
    "premium_sign",
    "prior_nav_differs",
    "shifted_dates",
    "spike",
    "spin_off",
    "stale_value",
    "swapped_columns",
    "unadjusted_split",
    "zero_column",
)
"""Rules of the screens whose findings are more than notes."""


class KnownFinding(FrozenModel):
    """A finding that is acknowledged: shown in every report, and not counted as open.

    Parameters
    ----------
    rule : str
        Name of the screen, one of `SCREEN_RULES`.
    series : str
        The series that the finding names.
    date : date, optional
        The session. A finding that flags several is acknowledged where each of them is; without a date only what is
        said of the series as a whole is acknowledged, so that a new row is never covered by an old reason.
    why : str
        What somebody found who looked.

    Examples
    --------
    >>> print(KnownFinding(rule="stale_value", series="close", date="2026-03-06", why="the right one is on the 7th"))
    stale_value of close on 2026-03-06: the right one is on the 7th
    """

    rule: Text
    series: Text
    date: dt.date | None = None
    why: Text

    @field_validator("rule")
    @classmethod
    def _is_a_rule(cls, rule: str) -> str:
        return _among("screen", rule, SCREEN_RULES)

    @field_validator("series")
    @classmethod
    def _is_a_series(cls, series: str) -> str:
        return _among("series", series, (*ROLES, *INPUTS))

    @field_validator("date", mode="before")
    @classmethod
    def _is_a_day(cls, date: Any) -> Any:  # noqa: ANN401 - raw input, before validation
        if isinstance(date, dt.datetime):
            raise ValueError(f"the date is {date}: write a day without a time, as in 2026-03-06")  # noqa: TRY004 - pydantic reports only ValueError
        return date

    def __str__(self) -> str:
        day = "" if self.date is None else f" on {self.date}"
        return f"{self.rule} of {self.series}{day}: {self.why}"

    __repr__ = __str__


def _among(kind: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise ValueError(str(UnknownNameError(kind, name, names)))
    return name
