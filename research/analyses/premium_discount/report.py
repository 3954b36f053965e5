"""The premium as it moves: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.figure import BP, PERCENT, SESSIONS, Figure, Spark, in_bp, spark
from research.analyses.measures import premium_table
from research.analyses.phrases import bp, ends_bp, interval_text, number
from research.analyses.premium_discount.facts import PremiumDiscountFacts
from research.analyses.premium_discount.words import conclusions, half_life_text, limits
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.conventions import BASIS_POINT
from research.errors import MissingColumnError
from research.plots.history import premium as premium_through_time
from research.plots.premium_dynamics import premium_by_quarter, premium_groups, premium_next_session
from research.tables import Table, p_value

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["PremiumDiscount", "premium_discount"]


@dataclass(frozen=True, eq=False)
class PremiumDiscount(PremiumDiscountFacts, Report):
    """Result of `premium_discount`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "premium_discount"
    opening: ClassVar[tuple[str, ...]] = (
        "premium_discount.level",
        "premium_discount.closes",
        "premium_discount.origin",
    )

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise a `MissingColumnError` where there is no market close."""
        if "close" not in history.frame:
            raise MissingColumnError(
                f"premium_discount: {history.fund.ticker} has no market close here, so it has no premium; add "
                "series.close to its entry in a funds.toml of your own, or take a fund that has one, such as ETHV"
            )

    @property
    def conclusions(self) -> Statements:
        """What follows about the premium."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say of the premium."""
        return limits(self)

    def figures(self) -> tuple[Figure, ...]:
        """Return mean, deviation and half-life of the premium, how often it strays, sides and what the clock makes."""
        widest = self.bands[-1]
        sides, closing = self.sides, self.closing
        return (
            Figure(
                "Mean premium",
                self.mean / BASIS_POINT,
                BP,
                self.mean_error / BASIS_POINT,
                interval=in_bp(self.mean_interval),
            ),
            _spread("Standard deviation", self.history.premium, self.intervals["sd"]),
            Figure(
                "Half-life",
                self.reversion.half_life,
                SESSIONS,
                remark=half_life_text(self.reversion),
                interval=self.reversion.half_life_interval,
            ),
            Figure(f"Outside ±{widest / BASIS_POINT:g} bp", 100.0 * self.outside(widest)[1], PERCENT),
            _spread("Deviation without stale and early closes", self.usual, self.usual_intervals["sd"]),
            Figure("Left of a premium a session later", sides.premium, error=sides.premium_std_error),
            Figure(
                "Left of a discount a session later",
                sides.discount,
                error=sides.discount_std_error,
                remark=f"p of equal {p_value(sides.p_value_equal)}",
            ),
            Figure("Share that the NAV makes good (clock)", closing.nav_catches_up, error=closing.std_errors[0]),
        )

    def spark(self) -> Spark:
        """Return the premium."""
        return spark("Premium", BP, self.history.premium / BASIS_POINT)

    def record(self) -> dict[str, object]:
        """Return the ``premium_discount`` object, also under its old name until ``research.result/2``."""
        facts = self.to_record()
        return {self.name: facts, "premium": facts}

    def level_table(self) -> Table:
        """Return mean, deviation and percentiles of all premiums."""
        return premium_table(self.history, self.confidence)

    def bands_table(self) -> Table:
        """Return how often, on which side and how long at a stretch the premium lay outside each band."""
        return _bands_table(self.history.premium, self.bands, self.history.fund.ticker)

    def quarters_table(self) -> Table:
        """Return the usual premium quarter by quarter."""
        return _quarters_table(self.usual)

    def reversion_table(self) -> Table:
        """Return the autoregression with its bias correction, of all closes and of the usual ones."""
        rows = {}
        for name, fit in (("all closes", self.every), ("without stale and early closes", self.reversion)):
            rows[name] = [
                fit.pairs,
                number(fit.least_squares),
                number(fit.coefficient, fit.std_error),
                interval_text(fit.interval),
                f"{fit.half_life:.2f}",
                interval_text(fit.half_life_interval),
            ]
        span = f"{self.confidence:.0%} interval"
        columns = ["pairs", "least squares", "bias corrected ± se", span, "half-life", f"{span} of half-life"]
        notes = (f"{self.reversion.method[0].upper()}{self.reversion.method[1:]}. Half-life in sessions.",)
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        if self.truth is not None:
            frame["truth"] = f"{self.truth:.2f}"
        return Table(frame, "Share of a premium that is still there one session later", {"pairs": ",.0f"}, notes)

    def sides_table(self) -> Table:
        """Return what is left of premiums and of discounts a session later."""
        sides = self.sides
        frame = pd.DataFrame(
            {
                "sessions": [sides.premiums, sides.discounts],
                "left ± se": [
                    number(sides.premium, sides.premium_std_error),
                    number(sides.discount, sides.discount_std_error),
                ],
                "half-life": [sides.premium_half_life, sides.discount_half_life],
            },
            index=["premium", "discount"],
        )
        notes = (
            f"p of both sides closing alike {p_value(sides.p_value_equal)} (HC3 errors). Half-life in sessions, 0 "
            "where nothing is left by the next close.",
        )
        formats = {"sessions": ",.0f", "half-life": ".2f"}
        return Table(frame, "Left one session later, by side", formats, notes)

    def closing_table(self) -> Table:
        """Return who closes a premium."""
        one = self.closing
        rows = {
            "NAV catches up: the price was later than the NAV": (one.nav_catches_up, one.std_errors[0]),
            "price comes back": (one.price_comes_back, one.std_errors[1]),
            "still there": (one.remains, one.std_errors[2]),
            "of the second: missed by a close that is earlier than the NAV": (
                one.missed_by_close,
                one.missed_std_error,
            ),
        }
        table = {
            name: [value, error, interval_text(one.interval(value, error, self.confidence))]
            for name, (value, error) in rows.items()
        }
        frame = pd.DataFrame.from_dict(
            table, orient="index", columns=["share", "± se", f"{self.confidence:.0%} interval"]
        )
        notes = (
            "Slopes on the premium of the session before; the first three add up to 1. Shares above 1 or below 0 are "
            "sampling error: returns of a day are many times a premium.",
        )
        return Table(frame, "What becomes of a premium by the next close", {"share": ".2f", "± se": ".2f"}, notes)

    def groups_table(self) -> Table:
        """Return what stale and early closes make of the premium."""
        frame = pd.DataFrame(
            {
                "sessions": [one.sessions for one in self.groups],
                "mean |π|, bp": [one.mean_absolute / BASIS_POINT for one in self.groups],
                "clock alone, bp": [one.expected / BASIS_POINT for one in self.groups],
                "of Σ|π|, %": [100 * one.absolute_share for one in self.groups],
                "of Σπ², %": [100 * one.square_share for one in self.groups],
            },
            index=[one.name for one in self.groups],
        )
        notes = (
            "π is the premium. Clock alone: the mean absolute move that the benchmark usually makes in the hours "
            "between close "
            "and NAV, at its variance over weekdays.",
        )
        formats = {"sessions": ",.0f"} | dict.fromkeys(map(str, frame.columns[1:]), ".1f")
        return Table(frame, "Premium by kind of close", formats, notes)

    def holding_table(self) -> Table:
        """Return what the premium adds to a holder's return, in basis points."""
        return _holding_table(self.holding)

    def time_figure(self) -> DescribedFigure:
        """Return the premium through time and its distribution."""
        return premium_through_time(self.history)

    def quarters_figure(self) -> DescribedFigure:
        """Return the usual premium by quarter."""
        return premium_by_quarter(self.usual, self.history.fund.ticker)

    def next_figure(self) -> DescribedFigure:
        """Return the premium against that of the session before, and its autocorrelation."""
        return premium_next_session(self.usual, self.sides, self.history.fund.ticker)

    def groups_figure(self) -> DescribedFigure:
        """Return the premium by kind of close beside what the clock alone would make."""
        return premium_groups({g.name: (g.mean_absolute, g.expected) for g in self.groups}, self.history.fund.ticker)


def _spread(label: str, premium: pd.Series, ends: tuple[float, float]) -> Figure:
    """Return a premium's standard deviation with its interval."""
    return Figure(label, float(premium.std()) / BASIS_POINT, BP, remark=ends_bp(ends), interval=in_bp(ends))


def premium_discount(
    history: History,
    *,
    bands_bp: Sequence[float] = (10.0, 25.0, 50.0, 100.0),
    horizons: Sequence[int] = (1, 5, 21, 63, 252),
    confidence: float = 0.95,
) -> PremiumDiscount:
    """Measure how far a premium strays, how fast it closes, on which side, and what of it is clock.

    Parameters
    ----------
    history : History
        With a market close.
    bands_bp : sequence of float
        Half widths of bands around net asset value, basis points, ascending.
    horizons : sequence of int
        Sessions held.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    PremiumDiscount

    Raises
    ------
    MissingColumnError
        If the fund has no market close.
    SampleError
        If there are too few neighbouring closes, or the history is one of weeks or months.

    Examples
    --------
    >>> import research as rs
    >>> rs.premium_discount(rs.load("ETHV")).figures()[0].label
    'Mean premium'
    """
    require_history(history, "premium_discount")
    return PremiumDiscount.of(history, bands_bp=bands_bp, horizons=horizons, confidence=confidence)


def _bands_table(premium: pd.Series, bands: Sequence[float], ticker: str) -> Table:
    """Return how often, on which side and how long at a stretch a premium lay outside each band.

    Parameters
    ----------
    premium : pandas.Series
        Log premium; NaN is left out.
    bands : sequence of float
        Half widths, fractions.
    ticker : str
        For the caption.
    """
    known = premium.dropna()
    rows = {}
    for band in bands:
        out = known.abs() > band
        runs = out.groupby((~out).cumsum()).sum()
        above, below = int((known > band).sum()), int((known < -band).sum())
        rows[f"±{bp(band)}"] = [above, below, above + below, 100 * float(out.mean()), int(runs.max())]
    columns = ["above", "below", "together", "% of sessions", "longest run, sessions"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    formats = {"% of sessions": ".1f"} | dict.fromkeys((*columns[:3], columns[4]), ",.0f")
    return Table(frame, f"Sessions of {ticker} outside a band around net asset value", formats)


def _quarters_table(premium: pd.Series) -> Table:
    """Return a premium's mean, deviation and mean absolute value by quarter, in basis points.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; NaN is left out.
    """
    known = premium.dropna() / BASIS_POINT
    groups = known.groupby(pd.DatetimeIndex(known.index).to_period("Q"))
    frame = pd.DataFrame(
        {
            "sessions": groups.size(),
            "mean": groups.mean(),
            "standard deviation": groups.std(),
            "mean absolute": groups.apply(lambda part: part.abs().mean()),
        }
    )
    frame.index = pd.Index([str(quarter) for quarter in frame.index])
    notes = ("Basis points of net asset value, stale and early closes left out.",)
    formats = {"sessions": ",.0f", "mean": "+.1f", "standard deviation": ".1f", "mean absolute": ".1f"}
    return Table(frame, "Premium by quarter, bp", formats, notes)


def _holding_table(gains: pd.DataFrame) -> Table:
    """Return what the premium adds to a holder's return as a table in basis points."""
    frame = gains.set_axis(["standard deviation", "5th percentile", "95th percentile"], axis=1) / BASIS_POINT
    frame.index = pd.Index([f"{h} session{'s' if h > 1 else ''}" for h in gains.index])
    notes = ("Change of the premium from purchase to sale, both at the close; not annualised, spread not included.",)
    formats = dict.fromkeys(map(str, frame.columns), ".1f")
    return Table(frame, "What the premium adds to a holder's return, bp", formats, notes)
