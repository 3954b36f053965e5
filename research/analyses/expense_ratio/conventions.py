"""How much of a measured fee is data and how much is a convention about what the fund owes before it pays."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.decomposition import FeeRegimes
from research.decomposition.averaged import averaged_level
from research.drivers import LIABILITIES, Driver, accrued_fee
from research.tables import Result, Table

__all__ = ["Conventions", "FeeReading", "fee_conventions"]

_ACCRUED = "accrued_fee"

_OWED = {
    "session": "owed to the session's day",
    "next day": "owed to the day after",
    "next session": "owed to the next session",
}

_BOOKED = {"session": "booked on its own day", "month end": "booked to the month's end on its last session"}


@dataclass(frozen=True)
class FeeReading:
    """The fee of the last period under one convention.

    Parameters
    ----------
    name : str
        The convention in words.
    fee, std_error : float
        A fraction a year.
    coefficient, coefficient_std_error : float
        Of the accrued fee; NaN where it is left out.
    log_likelihood : float
        Of the whole sample, averaged over the noise; comparable where as many coefficients are estimated.
    """

    name: str
    fee: float
    std_error: float
    coefficient: float
    coefficient_std_error: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class Conventions(Result):
    """The fee of the last period under every convention about the unpaid fee, by half, and without it.

    Parameters
    ----------
    used : FeeReading
        The one that every other table of the report has.
    liabilities : tuple of FeeReading
        By which days of liability count, `used` among them: the books would say, and are not published.
    halves : tuple of FeeReading
        `used` in the first and in the second half of the period.
    booked_otherwise : FeeReading
        `used` with the other way to book the end of a month: whether the data know better shows in the likelihood.
    without : FeeReading
        Without the unpaid fee.
    """

    used: FeeReading
    liabilities: tuple[FeeReading, ...]
    halves: tuple[FeeReading, ...]
    booked_otherwise: FeeReading
    without: FeeReading

    @property
    def fees(self) -> tuple[float, float]:
        """Smallest and greatest fee over conventions and halves."""
        found = [one.fee for one in chain(self.liabilities, self.halves)]
        return min(found), max(found)

    @property
    def coefficients(self) -> tuple[float, float]:
        """Smallest and greatest coefficient of the accrued fee over conventions."""
        found = [one.coefficient for one in self.liabilities]
        return min(found), max(found)

    @property
    def likeliest(self) -> FeeReading:
        """The convention about the days of liability that the data make likeliest."""
        return max(self.liabilities, key=lambda one: one.log_likelihood)

    @property
    def gained_by_booking(self) -> float:
        """Log likelihood by which the booking that is used exceeds the other one; no parameter makes the difference."""
        return self.used.log_likelihood - self.booked_otherwise.log_likelihood

    @property
    def booking(self) -> Literal["known from the data", "against the data"]:
        """Whether the data make the booking that is used likelier than the other one."""
        return "known from the data" if self.gained_by_booking > 0.0 else "against the data"

    @property
    def likelier(self) -> FeeReading | None:
        """The convention that the data make likelier than the one used; None where they make none."""
        return self.likeliest if self.likeliest.log_likelihood > self.used.log_likelihood else None

    @property
    def larger(self) -> Literal["convention", "sampling"]:
        """Whether conventions and halves move the fee further than its standard error says that chance does."""
        low, high = self.fees
        return "convention" if (high - low) / 2.0 > self.used.std_error else "sampling"

    def summary(self) -> Table:
        """Return every reading as a row, in basis points a year."""
        rows = (*self.liabilities, *self.halves, self.booked_otherwise, self.without)
        frame = pd.DataFrame(
            {
                "fee": [one.fee / BASIS_POINT for one in rows],
                "± se": [one.std_error / BASIS_POINT for one in rows],
                "accrued fee β": [one.coefficient for one in rows],
                "± se of β": [one.coefficient_std_error for one in rows],
                "log likelihood": [one.log_likelihood - self.used.log_likelihood for one in rows],
            },
            index=[one.name for one in rows],
        )
        notes = (
            f"Every other table has the unpaid fee {self.used.name}. Log likelihood: beside that one; of the halves, "
            "which estimate one coefficient more, and without the unpaid fee, which estimates one less, it is no "
            "measure of a convention.",
        )
        formats = {"fee": ".2f", "± se": ".2f", "accrued fee β": ".3f", "± se of β": ".3f", "log likelihood": "+.1f"}
        return Table(frame, "The fee of the last period by convention, bp a year", formats, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the range and what stands beside it, in basis points a year."""
        return {
            "fee_bp": self.used.fee / BASIS_POINT,
            "std_error_bp": self.used.std_error / BASIS_POINT,
            "fees_bp": [end / BASIS_POINT for end in self.fees],
            "coefficients": list(self.coefficients),
            "without_accrued_fee_bp": self.without.fee / BASIS_POINT,
            "without_accrued_fee_std_error_bp": self.without.std_error / BASIS_POINT,
            "log_likelihood_gained_by_booking": self.gained_by_booking,
            "likeliest": self.likeliest.name,
            "log_likelihood_gained_by_likeliest": self.likeliest.log_likelihood - self.used.log_likelihood,
        }


def fee_conventions(history: History, regimes: FeeRegimes) -> Conventions | None:
    """Measure the last period's fee under every convention about what is owed before it is paid.

    Parameters
    ----------
    history : History
        The sample.
    regimes : FeeRegimes
        From `fee_regimes`: its drivers are used, the accrued fee exchanged.

    Returns
    -------
    Conventions or None
        None where no accrued fee is estimated.

    Notes
    -----
    The averaged regression of `research.decomposition.averaged.averaged_level`, of level and drivers of
    ``regimes.fit``. The halves of the last period have a rate each, and share everything else.
    """
    fit = regimes.fit
    schedule = history.fund.fee
    if schedule is None or _ACCRUED not in fit.drivers:
        return None
    last = str(fit.drivers.columns[len(regimes.regimes) - 1])

    def read(name: str, design: pd.DataFrame, rate: str = last) -> FeeReading:
        found = averaged_level(fit.level, design, positions=history.positions)
        errors = found.std_errors
        return FeeReading(
            name=name,
            fee=float(found.params[rate]),
            std_error=float(errors[rate]),
            coefficient=float(found.params.get(_ACCRUED, math.nan)),
            coefficient_std_error=float(errors.get(_ACCRUED, math.nan)),
            log_likelihood=found.log_likelihood,
        )

    def exchanged(driver: Driver | None) -> pd.DataFrame:
        return fit.drivers if driver is None else fit.drivers.assign(**{_ACCRUED: driver.level})

    liabilities = tuple(read(_OWED[one], exchanged(accrued_fee(history, one))) for one in LIABILITIES)
    clock = fit.drivers[last].to_numpy()
    middle = (clock[0] + clock[-1]) / 2.0
    parted = fit.drivers.drop(columns=last).assign(first=np.maximum(clock, middle), second=np.minimum(clock, middle))
    other: Literal["session", "month end"] = "month end" if schedule.booked == "session" else "session"
    fund = history.fund.model_copy(update={"fee": schedule.model_copy(update={"booked": other})})
    return Conventions(
        used=liabilities[0],
        liabilities=liabilities,
        halves=tuple(read(f"{half} half of the period", parted, half) for half in ("first", "second")),
        booked_otherwise=read(_BOOKED[other], exchanged(accrued_fee(replace(history, fund=fund)))),
        without=read("no unpaid fee", fit.drivers.drop(columns=_ACCRUED)),
    )
