"""What is known of a fund, each fact with its source."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from research.conventions import Frequency
from research.errors import DataError
from research.funds.fact import STATUS_MEANING, UNKNOWN, Fact, FrozenModel, Text
from research.funds.known import KnownFinding
from research.funds.pull import PullName, PullSource
from research.funds.schedule import FeeSchedule
from research.funds.series import FileSource, InputName, Role, SeriesSource, TableSource
from research.funds.terms import FuturesTerms, LeverageTerms, StakingTerms
from research.tables import Result, Table

__all__ = ["Fund", "Kind"]

Kind = Literal["spot", "futures", "staking", "leveraged", "index_token", "commodity", "equity"]
"""What sort of product a fund is."""

_WIDTH = 118

_Row = tuple[str, str, str, str]
"""One known thing: label, value, status and source."""


class Fund(Result, FrozenModel):
    """A fund: what it is, what it charges, what it says it tracks, and where its series lie.

    Parameters
    ----------
    ticker, name, issuer : str
        The ticker names the fund everywhere, reports included.
    kind : str
        One of `Kind`.
    asset : str
        What it holds, such as ``"ether"``.
    calendar : str
        Exchange calendar whose sessions are the fund's.
    listed : Fact
        First session on the exchange (a date).
    benchmark : Fact
        Name of the benchmark that the fund states; value None where it is not known.
    fee : FeeSchedule, None or ``"unknown"``
        The sponsor fee through time; None where it is not known, and then `fee_schedule`, `fee_rates` and
        `fee_accrual` raise.
    inception, custodian, assets_below : Fact, optional
        `assets_below`: US dollars that assets never exceeded, see `FeeSchedule`.
    staking : StakingTerms, optional
        Only of funds that stake.
    leverage : LeverageTerms, optional
        Only of leveraged and inverse funds.
    facts : dict of str to Fact
        Everything else.
    series : dict of role to SeriesSource
        Roles: nav, close, benchmark, shares_outstanding, premium_published.
    inputs : dict of str to SeriesSource
        Further series that drivers read, under their names in `research.History`.
    futures : FuturesTerms, optional
        How the fund holds futures, where it does.
    frequency : {"daily", "weekly", "monthly"}
        How often the fund is looked at: where its files have one row a week or month, or where days are too noisy.
    allow_clocks : bool
        Compare NAV, close and benchmark although their clocks differ; the difference is then part of every figure.
    known : tuple of KnownFinding
        What screens find in these data and somebody has looked at.
    pull : dict of str to PullSource
        What ``research pull`` fetches: a role or another name, and from where.
    simulated : bool
        True where no such fund exists and the data were made.

    Examples
    --------
    >>> from research.opening import fund
    >>> fund("ethv").fee_schedule.headline
    0.002
    """

    ticker: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,23}$")]
    name: Text
    issuer: Text
    kind: Kind
    asset: Text
    calendar: Text = "XNYS"
    listed: Fact
    inception: Fact | None = None
    benchmark: Fact
    assets_below: Fact | None = None
    fee: FeeSchedule | None
    staking: StakingTerms | None = None
    leverage: LeverageTerms | None = None
    custodian: Fact | None = None
    facts: dict[str, Fact] = Field(default_factory=dict)
    series: dict[Role, SeriesSource] = Field(default_factory=dict)
    inputs: dict[InputName, SeriesSource] = Field(default_factory=dict)
    futures: FuturesTerms | None = None
    frequency: Frequency = "daily"
    allow_clocks: bool = False
    known: tuple[KnownFinding, ...] = ()
    pull: dict[PullName, PullSource] = Field(default_factory=dict)
    simulated: bool = False
    _root: Path | None = PrivateAttr(default=None)
    _tables: dict[str, TableSource] = PrivateAttr(default_factory=dict)

    def __hash__(self) -> int:
        return hash((type(self), self.ticker, self.name))

    @field_validator("listed")
    @classmethod
    def _is_a_date(cls, fact: Fact) -> Fact:
        if not isinstance(fact.value, dt.date):
            raise ValueError(f"the listing date is {fact.value!r}: write a date without quotes, as in 2024-07-23")  # noqa: TRY004 - pydantic reports only ValueError
        return fact

    @field_validator("benchmark")
    @classmethod
    def _is_a_name(cls, fact: Fact) -> Fact:
        if fact.value is not None and not isinstance(fact.value, str):
            raise ValueError(f"the benchmark is {fact.value!r}: write its name as text")
        return fact

    @field_validator("assets_below")
    @classmethod
    def _is_an_amount(cls, fact: Fact | None) -> Fact | None:
        amount = None if fact is None else fact.value
        if fact is not None and (isinstance(amount, bool) or not isinstance(amount, (int, float)) or amount <= 0):
            raise ValueError(f"assets_below is {amount!r}: write an amount of US dollars, as in 1.5e9")
        return fact

    @field_validator("fee", mode="before")
    @classmethod
    def _unknown_fee(cls, fee: Any) -> Any:  # noqa: ANN401 - raw input, before validation
        return None if fee == UNKNOWN else fee

    @field_validator("fee")
    @classmethod
    def _with_assets_below(cls, fee: FeeSchedule | None, info: ValidationInfo) -> FeeSchedule | None:
        fact = info.data.get("assets_below")
        if fee is None or fact is None:
            return fee
        return fee.model_copy(update={"assets_below": float(fact.value)})

    @field_validator("series")
    @classmethod
    def _benchmark_says_what_it_is(cls, series: dict[Role, SeriesSource]) -> dict[Role, SeriesSource]:
        if "benchmark" in series and not series["benchmark"].measures:
            raise ValueError("the benchmark series lacks measures: name the index that the series is")
        return series

    @property
    def fee_schedule(self) -> FeeSchedule:
        """The fee where it is known.

        Raises
        ------
        DataError
            If the fee of this fund is not known.
        """
        if self.fee is None:
            raise DataError(
                f"the fee of {self.ticker} is not known: state it in a funds.toml of your own "
                f"([fund.{self.ticker}.fee] with periods, source and status) and name its folder with --data"
            )
        return self.fee

    def fee_rates(self, days: pd.DatetimeIndex, assets: pd.Series[float] | None = None) -> pd.Series[float]:
        """Return the expense ratio of each calendar day: `FeeSchedule.rates`, with the fund named in errors.

        Parameters
        ----------
        days : pandas.DatetimeIndex, length n
            Naive, normalised, strictly increasing days.
        assets : pandas.Series, optional
            Fund assets in US dollars by session; NaN is an error on days whose fee depends on it.

        Returns
        -------
        pandas.Series, length n
            Fraction a year.

        Raises
        ------
        DataError
            If the fee is not known, or as in `FeeSchedule.rates`.

        Examples
        --------
        >>> from research.opening import fund
        >>> fund("ETHV").fee_rates(pd.to_datetime(["2025-07-22", "2025-07-23"])).tolist()
        [0.0, 0.002]
        """
        with self._named_in_errors():
            return self.fee_schedule.rates(days, assets)

    def fee_accrual(self, sessions: pd.DatetimeIndex, assets: pd.Series[float] | None = None) -> pd.Series[float]:
        """Return the cumulated log return that the fee takes: `FeeSchedule.accrual`, with the fund named in errors.

        Parameters
        ----------
        sessions : pandas.DatetimeIndex, length n
            Naive, normalised, strictly increasing session labels.
        assets : pandas.Series, optional
            Fund assets in US dollars by session; NaN is an error on days whose fee depends on it.

        Returns
        -------
        pandas.Series, length n
            A fraction, 0.0 at the first session, then not increasing.

        Raises
        ------
        DataError
            If the fee is not known, or as in `FeeSchedule.accrual`.

        Examples
        --------
        >>> from research.opening import fund
        >>> round(fund("ETHV").fee_accrual(pd.to_datetime(["2025-07-23", "2026-07-23"])).iloc[-1], 12)
        np.float64(-0.002)
        """
        with self._named_in_errors():
            return self.fee_schedule.accrual(sessions, assets)

    @contextmanager
    def _named_in_errors(self) -> Iterator[None]:
        try:
            yield
        except DataError as error:
            if self.ticker in str(error):
                raise
            raise DataError(f"{self.ticker}: {error}") from error

    @property
    def first_day(self) -> dt.date:
        """Listing date."""
        assert isinstance(self.listed.value, dt.date)
        return self.listed.value

    @property
    def root(self) -> Path | None:
        """Folder of the funds.toml that this entry came from; None for a bundled or constructed fund."""
        return self._root

    @property
    def tables(self) -> Mapping[str, TableSource]:
        """The ``[table.NAME]`` entries of the funds.toml that this entry came from."""
        return self._tables

    def file_of(self, source: SeriesSource) -> FileSource:
        """Return what holds a series: the ``[table.NAME]`` that it names, else the series' own entry."""
        return source if source.table is None else self._tables.get(source.table, source)

    @property
    def files(self) -> dict[str, FileSource]:
        """Everything that this entry reads from files or queries, by where it is named: ``series.nav``, ``futures``."""
        named: dict[str, FileSource] = {f"series.{role}": self.file_of(source) for role, source in self.series.items()}
        named |= {f"inputs.{name}": self.file_of(source) for name, source in self.inputs.items()}
        if self.futures is not None and self.futures.table in self._tables:
            named["futures"] = self._tables[self.futures.table]
        return named

    @property
    def units(self) -> dict[str, str]:
        """Units that the entry states, by role and by input."""
        named: dict[str, str] = {role: source.unit for role, source in self.series.items()}
        return named | {name: source.unit for name, source in self.inputs.items()}

    def with_root(self, root: Path | None, tables: Mapping[str, TableSource] | None = None) -> Self:
        """Return the same fund whose file paths are relative to `root`, with the tables of its funds.toml."""
        copy = self.model_copy()
        copy._root = root
        copy._tables = dict(self._tables if tables is None else tables)
        return copy

    @property
    def benchmark_mismatch(self) -> str | None:
        """A sentence where the benchmark series is not the index that the fund states; None where it is.

        None also where there is no benchmark series, or no stated benchmark to differ from.
        """
        source = self.series.get("benchmark")
        stated = self.benchmark.value
        if source is None or stated is None or _folded(str(stated)) == _folded(source.measures):
            return None
        return (
            f"{self.ticker} states the {stated} as its benchmark [{self.benchmark.status}], but the benchmark series "
            f"here is the {source.measures}: the difference between the two indices is part of every figure."
        )

    def summary(self) -> Table:
        """Return what is known, one row each: value, status and source."""
        rows = [*self._stated(), *self._charged(), *self._held(), *self._read()]
        frame = pd.DataFrame([row[1:] for row in rows], [row[0] for row in rows], ["value", "status", "source"])
        simulated = ", simulated" if self.simulated else ""
        title = f"{self.ticker}: {self.name} ({self.issuer}, {self.kind}, {self.asset}{simulated})"
        used = {status for _, _, status, _ in rows}
        meaning = "; ".join(f"{tag}: {text}" for tag, text in STATUS_MEANING.items() if tag in used)
        mismatch = [self.benchmark_mismatch] if self.benchmark_mismatch else []
        series = (
            [] if self.series else ["No series: nothing can be computed until a funds.toml of your own names files."]
        )
        return Table(frame, title, notes=(*mismatch, *series, *([meaning + "."] if meaning else [])))

    def __str__(self) -> str:
        # Paragraphs in place of columns: a source is a sentence or several.
        table = self.summary()
        margin = max(len(str(label)) for label in table.frame.index) + 4
        blocks = [table.caption]
        for label, value, status, source in table.frame.itertuples(name=None):
            tag = f" [{status}]" if status else ""
            where = f" {source}" if source and status else f" ({source})" if source else ""
            blocks.append(_paragraph(f"{value}{tag}{where}", f"  {label}".ljust(margin), " " * margin))
        return "\n".join([*blocks, *(_paragraph(note, "  ", "  ") for note in table.notes)])

    __repr__ = __str__

    def _stated(self) -> list[_Row]:
        rows = [("listed", *_told(self.listed)), ("calendar", self.calendar, "", "")]
        rows += [
            (label, *_told(fact))
            for label, fact in (
                ("inception", self.inception),
                ("benchmark", self.benchmark),
                ("custodian", self.custodian),
            )
            if fact is not None
        ]
        if self.assets_below is not None:
            dollars = f"${self.assets_below.value:,.0f}"
            rows.append(("assets below", dollars, self.assets_below.status, self.assets_below.source))
        return rows

    def _charged(self) -> list[_Row]:
        if self.fee is None:
            return [("fee", UNKNOWN, "", "")]
        rows = [("fee", f"{self.fee.headline * 100:.2f} % a year", str(self.fee.status), self.fee.source)]
        for period in self.fee.periods:
            note = "; ".join(part for part in (period.note, period.source) if part)
            rows.append(("", str(period), self.fee.status_of(period), note))
        return rows

    def _held(self) -> list[_Row]:
        rows = list(self.staking.rows()) if self.staking is not None else []
        rows += [self.leverage.row()] if self.leverage is not None else []
        return [*rows, *((label.replace("_", " "), *_told(fact)) for label, fact in self.facts.items())]

    def _read(self) -> list[_Row]:
        rows = []
        for role, source in self.series.items():
            tick = f", printed to {np.format_float_positional(source.tick, trim='-')}" if source.tick else ""
            what = f": {source.measures}" if source.measures else ""
            value = f"{source.provider}{what}, {source.clock}, {source.unit}{tick}"
            rows.append((f"series {role.replace('_', ' ')}", value, "", source.where))
        return [*rows, *(("acknowledged", str(finding), "", "") for finding in self.known)]


def _told(fact: Fact) -> tuple[str, str, str]:
    return fact.text, fact.status, fact.source


def _paragraph(text: str, first: str, indent: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _folded(name: str) -> str:
    """Return a benchmark's name without case, dashes and doubled spaces, which publishers write differently."""
    return " ".join(name.replace("–", " ").replace("-", " ").casefold().split())
