"""The way in: a fund by its name, and its `History`, read, aligned, screened and ready for the drivers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pandas as pd

from research.alignment.align import PRICES, align
from research.alignment.clock import Clock
from research.alignment.currencies import check_units, rate_turned
from research.alignment.dates import as_date, labels_of
from research.alignment.findings import Finding
from research.alignment.frequency import on_last_sessions, one_of_each
from research.alignment.history import History
from research.alignment.losses import LossReport
from research.alignment.naive import NaiveCost, naive_cost
from research.alignment.sample import sample_at
from research.alignment.screens import screen
from research.alignment.screens_columns import copied_funds
from research.alignment.sessions import sessions
from research.conventions import PERIODS, Frequency, periods_per_year
from research.errors import (
    BenchmarkError,
    ClockError,
    MissingColumnError,
    ParameterError,
    ResearchError,
    SampleError,
    UnknownNameError,
)
from research.funds import Fund, KnownFinding, data_folder, described, funds, read_funds
from research.funds.registry import FILE_NAME, SIMULATED_PREFIX
from research.loaders import LoadedSeries, load_input, load_series

__all__ = ["Subject", "fund", "load", "subject"]

_ALIGNED: Final = ("nav", "benchmark", "close", "shares_outstanding")
_SHORTEST: Final = 3
_LOG_ENDINGS: Final = ("-wal", ".wal")
# Inputs that keep the dates or instants of their quotes, which need not be sessions.
_QUOTED: Final = frozenset({"asset_bars", "bill_rate"})
# Inputs that are paid on a day, and nothing on the others.
_PAID: Final = frozenset({"distributions"})
# Inputs that hold over the interval up to their date.
_RATES: Final = frozenset({"benchmark_staking_yield", "staked_share", "staking_tax_rate", "staking_yield"})
# Screens of single rows, and the rule of the losses by which a close that they flag is left out.
_MASKED: Final = {"stale_value": "masked_stale_close", "spike": "masked_spike_close"}
# Each ticker of a file may have to be read anew: `research check FOLDER` compares all of them.
_TWINS: Final = 16
_LEFT_OUT: Final = "left out of every figure (mask_flagged)"
_FEWEST: Final[Mapping[str, int]] = {"daily": 30, "weekly": 26, "monthly": 12}


def fund(ticker: str, data: Path | str | None = None) -> Fund:
    """Return the fund with this ticker, upper or lower case.

    Parameters
    ----------
    ticker : str
        Such as ``"ETHV"``, or ``"SIM-FUTURES"`` for a simulated fund whose truth is known.
    data : path, optional
        Folder with a ``funds.toml`` of your own, whose entries go before the bundled ones; by default the one that
        ``RESEARCH_DATA`` names, if any.

    Returns
    -------
    Fund

    Raises
    ------
    UnknownNameError
        If there is no such fund; the message offers the nearest ticker.
    DataFileError
        If the folder has no readable ``funds.toml``, or the file is malformed.

    Examples
    --------
    >>> fund("ETHV").name
    'VanEck Ethereum ETF'
    >>> fund("ETHX")
    Traceback (most recent call last):
    ...
    research.errors.UnknownNameError: unknown fund 'ETHX': did you mean ...
    """
    return _resolved(ticker, data)


def _resolved(named: Fund | str, data: Path | str | None) -> Fund:
    """Return the fund that a ticker names; a fund names itself."""
    if isinstance(named, Fund):
        return named
    found = described(named, data)
    if found is not None:
        return found
    if _is_simulated(named):
        from research.simulation import simulated  # noqa: PLC0415 - only a simulated fund needs it

        return simulated(named.strip()).fund
    advice = f"describe a fund of your own in a {FILE_NAME} and name its folder with --data"
    raise UnknownNameError("fund", named, (entry.ticker for entry in funds(data)), advice)


def _is_simulated(ticker: str) -> bool:
    return ticker.strip().casefold().startswith(SIMULATED_PREFIX.casefold())


def load(
    fund: Fund | str,
    start: pd.Timestamp | str | None = None,
    end: pd.Timestamp | str | None = None,
    data: Path | str | None = None,
    max_loss: float = 0.05,
    mask_flagged: bool = False,
    minimum_sessions: int | None = None,
    frequency: Frequency | None = None,
) -> History:
    """Read a fund's series, align them on the sessions of its exchange and screen them.

    Parameters
    ----------
    fund : Fund or str
        A fund, or the ticker of one in the registry (case does not matter). A bundled simulated fund (``SIM-SPOT``
        and others) is made on the spot, with its truth.
    start : pandas.Timestamp or str, optional
        First date of the sample; by default the listing date. An earlier one is moved to the listing, and the rows
        before it are in the losses.
    end : pandas.Timestamp or str, optional
        Last date of the sample; by default the last session on which NAV and benchmark both have a value.
    data : pathlib.Path or str, optional
        Folder with a ``funds.toml`` of your own, whose entries replace those of the registry.
    max_loss : float
        Largest share of the sessions that may lack NAV or benchmark, a fraction.
    mask_flagged : bool
        Leave out what the screens `stale_value` and `spike` flag: a close becomes NaN, a session whose NAV or benchmark
        is flagged leaves the sample; each is in the losses under a rule that begins with ``masked``.
    minimum_sessions : int, optional
        Fewest sessions that make a sample: by default 30, of weeks 26, of months 12.
    frequency : {"daily", "weekly", "monthly"}, optional
        Whether to keep every session, or the last one of each week or month: by default what the fund's entry says.
        Distributions add up over the interval, yields, shares and tax rates are averaged over it.

    Returns
    -------
    History
        NAV and benchmark without NaN; a close or assets that the files lack on a session is NaN.

    Raises
    ------
    UnknownNameError
        If the registry has no such fund.
    BenchmarkError
        If the fund has no benchmark series.
    MissingColumnError
        If the fund has no NAV series.
    ParameterError
        If a date is not a date, or another parameter cannot be what it is.
    SampleError
        If the end lies before the start or the listing, the dates lie outside the data, or too few sessions remain.
    LossError
        If more than `max_loss` of the sessions would be left out.
    ClockError
        If NAV, close and benchmark were observed at different times of day.
    UnitError
        If close or distributions are in another unit than NAV, or the benchmark is in another currency and no rate
        between the two is given.
    DataError
        If a file cannot be read or holds what no calculation can use.

    Notes
    -----
    Nothing is filled. Screens change nothing unless `mask_flagged` asks for it.

    Examples
    --------
    >>> history = load("ETHV")
    >>> [str(found.session.date()) for found in history.findings if found.rule == "stale_value"]
    ['2026-03-06']
    >>> history.losses.in_words
    '823 rows in, 547 kept: before_listing 28, weekend 226, holiday 22; 0 sessions lost'
    """
    if frequency is not None and frequency not in _FEWEST:
        raise UnknownNameError("value of frequency", str(frequency), _FEWEST)
    _check_minimum(minimum_sessions)
    # Dates are checked before any file is read: a wrong request should not wait for the data.
    first = None if start is None else as_date(start, "start")
    last = None if end is None else as_date(end, "end")
    entry = _resolved(fund, data)
    if entry.simulated and not entry.series:
        from research.simulation import load_simulated  # noqa: PLC0415 - only a simulated fund needs it

        if frequency not in {None, "daily"}:
            raise ParameterError(f"{entry.ticker} is simulated by the session: leave frequency out")
        return load_simulated(entry.ticker, first, last)
    listed = as_date(entry.first_day, "listed")
    spacing: Frequency = frequency if frequency is not None else entry.frequency
    _check_dates(entry, first, last, listed)
    _check_spacing(entry, spacing)
    _check_roles(entry)
    unread = check_units(entry.ticker, entry.units)
    read = {role: load_series(entry, role) for role in entry.series}
    loaded: dict[str, LoadedSeries] = {role: _sampled(one, entry) for role, one in read.items()}
    frame, losses = _aligned(entry, loaded, first if first is not None else listed, last, max_loss, spacing)
    fewest = minimum_sessions if minimum_sessions is not None else _FEWEST[spacing]
    if len(frame) < fewest:
        raise SampleError(_too_short(entry, frame, loaded, fewest, f"{PERIODS[spacing]}s"))
    inputs, further, missing = _inputs_of(entry, labels_of(frame), loaded["nav"].source.clock, spacing)
    bars = _benchmark_bars(read["benchmark"])
    inputs = {**bars, **inputs}
    findings = (
        *_copied(entry, loaded["nav"]),
        *_screened(entry, frame, {**loaded, **{one.source.role: one for one in further}}, inputs),
        *_not_named(entry, labels_of(frame), loaded),
        *missing,
        *unread,
    )
    if mask_flagged:
        frame, losses, findings = _masked(frame, losses, findings)
        inputs, _, _ = _inputs_of(entry, labels_of(frame), loaded["nav"].source.clock, spacing)
        inputs = {**bars, **inputs}
    days = sessions(entry.calendar, frame.index[0], frame.index[-1])
    history = History(
        fund=entry,
        frame=_with_assets(frame),
        sessions=one_of_each(days, labels_of(frame), spacing),
        clocks={role: one.source.clock for role, one in loaded.items()},
        losses=losses,
        findings=tuple(_acknowledged(finding, entry.known) for finding in findings),
        sources=tuple(one.source for one in (*loaded.values(), *further)),
        naive=_naive(entry, loaded, days) if spacing == "daily" else None,
        inputs=inputs,
        frequency=spacing,
    )
    if entry.futures is None:
        return history
    from research.drivers.futures.declared import with_futures  # noqa: PLC0415 - only a fund of futures needs it

    return with_futures(history)


@dataclass(frozen=True)
class Subject:
    """What a run on a fund will read, known before anything is read: whoever compares runs compares these files.

    Parameters
    ----------
    name : str
        The ticker as its registry spells it.
    files : mapping of str to pathlib.Path
        Files by where they are named: the folder's ``funds.toml``, ``series.nav``, ``inputs.bill_rate``, ``futures``.
        They need not be there. Bundled tables belong to the package and are not among them.
    logs : mapping of str to pathlib.Path
        What may lie beside a database because it was written last, SQLite's log and DuckDB's. One that is empty is as
        good as none: reading a database may leave it behind.
    queries : tuple of str
        What comes from a server, by where it is named. Nobody knows what a server holds without asking it.
    """

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    logs: Mapping[str, Path] = field(default_factory=dict)
    queries: tuple[str, ...] = ()


def subject(ticker: str, data: Path | str | None = None) -> Subject:
    """Return what a run on a fund will read; nothing is read but the registry, and nothing simulated.

    Parameters
    ----------
    ticker : str
        As in `fund`. One that no registry knows is returned as it is typed: the run itself will say what is wrong.
    data : path, optional
        As in `funds`.

    Returns
    -------
    Subject

    Examples
    --------
    >>> subject("ethv").name, subject("sim-spot").name, subject("ethx").name
    ('ETHV', 'SIM-SPOT', 'ethx')
    """
    folder = data_folder(data)
    files = {} if folder is None else {FILE_NAME: folder / FILE_NAME}
    try:
        found = described(ticker, data)
    except ResearchError:
        return Subject(ticker, files)
    if found is None:
        return Subject(ticker.strip().upper() if _is_simulated(ticker) else ticker, files)
    if found.root is None:
        return Subject(found.ticker, files)
    logs: dict[str, Path] = {}
    queries = []
    # Tables that series share, inputs and futures too.
    for where, source in found.files.items():
        if source.file is not None:
            files[where] = path = found.root / source.file
            if source.format == "sql":
                logs |= {f"{where} {ending}": path.with_name(path.name + ending) for ending in _LOG_ENDINGS}
        elif source.is_query:
            queries.append(where)
    return Subject(found.ticker, files, logs, tuple(queries))


def _aligned(
    fund: Fund,
    loaded: Mapping[str, LoadedSeries],
    first: pd.Timestamp,
    last: pd.Timestamp | None,
    max_loss: float,
    frequency: Frequency,
) -> tuple[pd.DataFrame, LossReport]:
    aligned: dict[str, LoadedSeries | tuple[pd.Series[float], Clock | str]] = {
        name: loaded[name] for name in _ALIGNED if name in loaded
    }
    try:
        return align(
            aligned,
            fund.calendar,
            first,
            last,
            listed=as_date(fund.first_day, "listed"),
            max_loss=max_loss,
            allow_clocks=fund.allow_clocks,
            frequency=frequency,
        )
    except SampleError as error:
        raise SampleError(f"{fund.ticker}: {error}") from None


def _screened(
    fund: Fund, frame: pd.DataFrame, loaded: Mapping[str, LoadedSeries], inputs: Mapping[str, pd.Series[float]]
) -> tuple[Finding, ...]:
    raw = {role: one.values for role, one in loaded.items()}  # noqa: PD011 - a field
    units = {role: one.source.unit for role, one in loaded.items()}
    return screen(
        frame,
        calendar=fund.calendar,
        raw=raw,
        units=units,
        ticks={role: one.source.tick for role, one in loaded.items()},
        multiple=1.0 if fund.leverage is None else fund.leverage.multiple,
        clock=loaded["nav"].source.clock,
        distributions=inputs.get("distributions"),
        asset=fund.asset,
        prices=inputs.get("asset_bars"),
        beside=loaded["nav"].beside,
    )


def _copied(fund: Fund, nav: LoadedSeries) -> tuple[Finding, ...]:
    """Return whether other funds of the same file have the same net asset values."""
    if fund.root is None:
        return ()
    file = fund.file_of(fund.series["nav"]).file
    others = [
        other
        for other in read_funds(fund.root)
        if other.ticker != fund.ticker and "nav" in other.series and other.file_of(other.series["nav"]).file == file
    ]
    navs = {fund.ticker: nav.values}  # noqa: PD011 - a field
    for other in others[:_TWINS] if file is not None else ():
        try:
            one = load_series(other, "nav")
        except ResearchError:
            continue  # its own report will say
        if not one.sample_at:
            navs[other.ticker] = one.values  # noqa: PD011 - a field
    return copied_funds(navs).get(fund.ticker, ())


def _naive(fund: Fund, loaded: Mapping[str, LoadedSeries], days: pd.DatetimeIndex) -> NaiveCost:
    nav, benchmark = (loaded[role].values for role in ("nav", "benchmark"))  # noqa: PD011 - a field
    return naive_cost(nav, benchmark, days, periods_per_year=periods_per_year(fund.calendar))


def _check_spacing(fund: Fund, frequency: Frequency) -> None:
    """Raise where a fund's drivers are made of sessions and weeks or months are asked for."""
    if frequency != "daily" and fund.futures is not None:
        raise ParameterError(
            f"{fund.ticker} rolls futures by the session, and a sample of {frequency} values does not show when: load "
            "it daily"
        )
    reset = "" if fund.leverage is None else fund.leverage.reset
    if (reset == "daily" and frequency != "daily") or (reset == "monthly" and frequency == "weekly"):
        raise ParameterError(
            f"{fund.ticker} brings its multiple back {reset}, and what that compounds to is not in {frequency} values: "
            "load it daily"
        )


def _check_minimum(minimum_sessions: int | None) -> None:
    if minimum_sessions is None:
        return
    if isinstance(minimum_sessions, bool) or not isinstance(minimum_sessions, int) or minimum_sessions < _SHORTEST:
        raise ParameterError(f"minimum_sessions is {minimum_sessions!r}: give an integer of {_SHORTEST} or more")


def _check_dates(fund: Fund, first: pd.Timestamp | None, last: pd.Timestamp | None, listed: pd.Timestamp) -> None:
    if first is not None and last is not None and last < first:
        raise SampleError(f"{fund.ticker}: end {last:%Y-%m-%d} lies before start {first:%Y-%m-%d}: swap them")
    if last is not None and last < listed:
        raise SampleError(
            f"{fund.ticker}: end {last:%Y-%m-%d} lies before the listing on {listed:%Y-%m-%d}: give a later end"
        )


def _check_roles(fund: Fund) -> None:
    """Raise where one of the two series without which nothing can be said is absent."""
    if "benchmark" not in fund.series:
        have = ", ".join(fund.series) or "none"
        raise BenchmarkError(
            f"{fund.ticker} has no benchmark series (series: {have}), so nothing can be said about how it tracks: add "
            f"[fund.{fund.ticker}.series.benchmark] to a funds.toml of your own and name its folder with --data"
        )
    if "nav" not in fund.series:
        raise MissingColumnError(
            f"{fund.ticker} has no NAV series (series: {', '.join(fund.series)}): add [fund.{fund.ticker}.series.nav] "
            "to a funds.toml of your own and name its folder with --data"
        )


def _sampled(loaded: LoadedSeries, fund: Fund) -> LoadedSeries:
    """Return a series with one value a day: bars are taken at their clock on every session that they cover.

    Raises
    ------
    SampleError
        If the bars cover no session.
    """
    if not loaded.sample_at:
        return loaded
    bars = loaded.values  # noqa: PD011 - a field
    first, last = (moment.tz_convert(None).normalize() for moment in (bars.index[0], bars.index[-1]))
    days = sessions(fund.calendar, first, last)
    values = sample_at(bars, loaded.sample_at, days, column=loaded.column).prices.dropna()
    if not len(values):
        raise SampleError(f"{loaded.source.role} of {fund.ticker}: no bar at {loaded.sample_at} on any session")
    return replace(loaded, values=values.rename(loaded.source.role), sample_at="")


def _inputs_of(
    fund: Fund, kept: pd.DatetimeIndex, clock: str, frequency: Frequency
) -> tuple[Mapping[str, pd.Series[float]], tuple[LoadedSeries, ...], tuple[Finding, ...]]:
    """Return what drivers read, on the sessions kept, with its sources and what is missing of it.

    A session for which an input has no row is NaN and named in a finding; whether a driver can do without it is the
    driver's business. Nothing is filled.
    """
    found: dict[str, pd.Series[float]] = {}
    sources = []
    findings = []
    for name in fund.inputs:
        loaded = _sampled(load_input(fund, name), fund)
        sources.append(loaded)
        values = loaded.values  # noqa: PD011 - a field
        if name in _QUOTED:
            found[name] = values
            continue
        if name == "fx":
            _check_rate_clock(fund, loaded.source.clock, clock)
            values = 1.0 / values if rate_turned(fund.units) else values
        if name in _PAID:
            found[name], moved = _booked(name, values, kept)
            findings += moved
            continue
        if frequency != "daily":
            values = _averaged(values, kept) if name in _RATES else on_last_sessions(values, fund.calendar, frequency)
        found[name] = values.reindex(kept)
        absent = labels_of(found[name][~kept.isin(values.index)].to_frame())
        if len(absent):
            message = f"{name} has no row for {len(absent)} of {len(kept)} sessions, the first {absent[0]:%Y-%m-%d}"
            gone = tuple(absent)
            findings.append(Finding("input_missing", name, gone[0], float(len(gone)), message, "warning", gone))
    return found, tuple(sources), tuple(findings)


def _averaged(values: pd.Series[float], kept: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the mean of a rate over the days since the label before, by label; none where there is no value."""
    known = values[(values.index > kept[0]) & (values.index <= kept[-1])].dropna()
    means = known.groupby(kept[kept.searchsorted(labels_of(known))]).mean()
    # No interval ends at the first label, whose own value says nothing.
    return pd.concat([values[values.index == kept[0]], means])


def _check_rate_clock(fund: Fund, own: str, clock: str) -> None:
    """Raise where the rate between two currencies was seen at another time of day than the fund."""
    if not fund.allow_clocks and not Clock.parse(own).same_as(Clock.parse(clock)):
        raise ClockError(
            f"{fund.ticker}: inputs.fx is observed at {own} and nav at {clock}: a rate of other hours would read as "
            "tracking error; take it at the clock of the fund, or write allow_clocks = true and account for it"
        )


def _booked(name: str, values: pd.Series[float], kept: pd.DatetimeIndex) -> tuple[pd.Series[float], list[Finding]]:
    """Return payments on the sessions kept, and a note on each that was dated on another day.

    A day without a row, or with an empty cell, is a day without a payment: lists of payments are published both ways.
    """
    from research.drivers.distributions import booked  # noqa: PLC0415 - only a fund that pays out needs it

    cash = values.dropna()
    paid = booked(cash, kept).rename(name)
    days = labels_of(cash[cash > 0.0])
    moved = [
        Finding(
            "payment_moved",
            name,
            day,
            float(cash[day]),
            f"{day:%Y-%m-%d}: {name} of {cash[day]:g} are dated on no session kept, and count on the next, "
            f"{kept[int(kept.searchsorted(day))]:%Y-%m-%d}",
            "note",
        )
        for day in days[(days >= kept[0]) & (days <= kept[-1])].difference(kept)
    ]
    return paid, moved


def _not_named(fund: Fund, kept: pd.DatetimeIndex, loaded: Mapping[str, LoadedSeries]) -> tuple[Finding, ...]:
    """Return a finding for each column of the fund's files that holds distributions of the sample and no input names.

    Cash that nobody books reads as a loss of the fund, and as a break of its drift.
    """
    if "distributions" in fund.inputs:
        return ()
    findings: dict[tuple[str, str], Finding] = {}
    for role in ("nav", "close"):
        one = loaded.get(role)
        for column, values in (one.distributions if one is not None else {}).items():
            paid = values[(values > 0.0) & (values.index > kept[0]) & (values.index <= kept[-1])]
            if one is None or not len(paid):
                continue
            first = pd.Timestamp(paid.index[0])
            message = (
                f"the file of {role} holds {column!r}, {len(paid)} payments of {paid.sum():g} together, the first on "
                f"{first:%Y-%m-%d}, and no input names it: they would read as losses; add "
                f'[fund.{fund.ticker}.inputs.distributions] with column = "{column}", unless {role} has them in it'
            )
            found = Finding("distributions_not_named", role, first, float(paid.sum()), message, "warning")
            findings.setdefault((one.source.sha256, column), found)
    return tuple(findings.values())


def _benchmark_bars(benchmark: LoadedSeries) -> dict[str, pd.Series[float]]:
    """Return the bars that the benchmark is sampled from, which say when in the day other series were seen."""
    if not benchmark.sample_at or benchmark.column != "open":
        return {}
    return {"asset_bars": benchmark.values}  # noqa: PD011 - a field


def _too_short(
    fund: Fund, frame: pd.DataFrame, loaded: Mapping[str, LoadedSeries], minimum_sessions: int, what: str
) -> str:
    table = pd.DataFrame({role: loaded[role].values for role in ("nav", "benchmark")}).dropna()  # noqa: PD011 - a field
    common = labels_of(table)
    held = f"{frame.index[0]:%Y-%m-%d} to {frame.index[-1]:%Y-%m-%d}" if len(frame) else "the sample"
    return (
        f"{fund.ticker}: {held} holds {len(frame)} {what} and {minimum_sessions} are needed: choose a longer sample; "
        f"the data cover {common[0]:%Y-%m-%d} to {common[-1]:%Y-%m-%d}"
    )


def _masked(
    frame: pd.DataFrame, losses: LossReport, findings: tuple[Finding, ...]
) -> tuple[pd.DataFrame, LossReport, tuple[Finding, ...]]:
    """Return the frame without what screens of single rows flagged, the losses that say so, and who is answered."""
    flagged = [item for item in findings if item.rule in _MASKED and item.series in PRICES]
    if not flagged:
        return frame, losses, findings
    masked = frame.copy()
    rows: dict[tuple[pd.Timestamp, str], str] = {}
    for item in flagged:
        for session in item.sessions:
            told = f"{item.series} {frame[item.series][session]:g} is not used: {item.message}"
            rule = _MASKED[item.rule] if item.series == "close" else "masked_session"
            rows.setdefault((session, rule), told)
            if item.series == "close":
                masked.loc[session, "close"] = float("nan")
    left = {session for session, rule in rows if rule == "masked_session"}
    # A close on a session that leaves is no row of its own.
    listed = [
        (session, rule, told)
        for (session, rule), told in rows.items()
        if rule == "masked_session" or session not in left
    ]
    added = pd.DataFrame(listed, columns=losses.dropped.columns).astype({"date": "datetime64[ns]"})
    dropped = pd.concat([losses.dropped, added]) if len(losses.dropped) else added
    dropped = dropped.sort_values("date", ignore_index=True, kind="stable")
    masked = masked[~masked.index.isin(sorted(left))]
    report = LossReport(losses.rows_in, len(masked), dropped, losses.sessions)
    told_of = [replace(item, acknowledged=_LEFT_OUT) if item in flagged else item for item in findings]
    return masked, report, tuple(told_of)


def _acknowledged(finding: Finding, known: tuple[KnownFinding, ...]) -> Finding:
    """Return a finding with the reason of whoever looked at it, where every session that it flags has one."""
    if finding.acknowledged:
        return finding
    reasons = {entry.date: entry.why for entry in known if (entry.rule, entry.series) == (finding.rule, finding.series)}
    days: list[dt.date | None] = [session.date() for session in finding.sessions]
    days = days or [None]
    if not all(day in reasons for day in days):
        return finding
    return replace(finding, acknowledged="; ".join(dict.fromkeys(reasons[day] for day in days)))


def _with_assets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with assets in place of the shares outstanding; NaN where the shares are not known."""
    if "shares_outstanding" not in frame:
        return frame
    return frame.assign(assets=frame["nav"] * frame["shares_outstanding"]).drop(columns="shares_outstanding")
