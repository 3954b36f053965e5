"""The way in: a fund by its name, and its `History`, read, aligned, screened and ready for the drivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pandas as pd

from research.alignment.align import align
from research.alignment.clock import Clock
from research.alignment.dates import as_date, labels_of
from research.alignment.findings import Finding
from research.alignment.history import History
from research.alignment.losses import LossReport
from research.alignment.naive import naive_cost
from research.alignment.sample import sample_at
from research.alignment.screens import screen
from research.alignment.sessions import sessions
from research.errors import (
    BenchmarkError,
    MissingColumnError,
    ParameterError,
    ResearchError,
    SampleError,
    UnknownNameError,
)
from research.funds import Fund, data_folder, described, funds
from research.funds.registry import FILE_NAME, SIMULATED_PREFIX
from research.loaders import LoadedSeries, load_input, load_series

__all__ = ["Subject", "fund", "load", "subject"]

_ALIGNED: Final = ("nav", "benchmark", "close", "shares_outstanding")
_SHORTEST: Final = 3
_LOG_ENDINGS: Final = ("-wal", ".wal")
# Inputs that keep the dates or instants of their quotes, which need not be sessions.
_QUOTED: Final = frozenset({"asset_bars", "bill_rate"})


def fund(ticker: str, data: Path | str | None = None) -> Fund:
    """Return the fund with this ticker, upper or lower case.

    Parameters
    ----------
    ticker : str
        Such as ``"ETHV"``, or ``"SIM-FUTURES"`` for a simulated fund whose truth is known.
    data : path, optional
        As in `funds`.

    Returns
    -------
    Fund

    Raises
    ------
    UnknownNameError
        If there is no such fund; the message offers the nearest ticker.
    DataFileError
        As in `funds`.

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
    minimum_sessions: int = 30,
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
        Set closes that the screen `stale_value` flags to NaN; each is in the losses as ``masked_stale_close``.
    minimum_sessions : int
        Fewest sessions that make a sample.

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
    _check_minimum(minimum_sessions)
    # Dates are checked before any file is read: a wrong request should not wait for the data.
    first = None if start is None else as_date(start, "start")
    last = None if end is None else as_date(end, "end")
    entry = _resolved(fund, data)
    if entry.simulated and not entry.series:
        from research.simulation import load_simulated  # noqa: PLC0415 - only a simulated fund needs it

        return load_simulated(entry.ticker, first, last)
    listed = as_date(entry.first_day, "listed")
    _check_dates(entry, first, last, listed)
    loaded = _read(entry)
    frame, losses = _aligned(entry, loaded, first if first is not None else listed, last, max_loss)
    if len(frame) < minimum_sessions:
        raise SampleError(_too_short(entry, frame, loaded, minimum_sessions))
    inputs, further, missing = _inputs_of(entry, labels_of(frame))
    inputs = {**_benchmark_bars(entry), **inputs}
    findings = _screened(entry, frame, loaded, inputs)
    if mask_flagged:
        frame, losses = _masked(frame, losses, findings)
    days = sessions(entry.calendar, frame.index[0], frame.index[-1])
    history = History(
        fund=entry,
        frame=_with_assets(frame),
        sessions=days,
        clocks={role: one.source.clock for role, one in loaded.items()},
        losses=losses,
        findings=(*findings, *missing),
        sources=tuple(one.source for one in (*loaded.values(), *further)),
        naive=naive_cost(loaded["nav"].values, loaded["benchmark"].values, days),
        inputs=inputs,
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
        )
    except SampleError as error:
        raise SampleError(f"{fund.ticker}: {error}") from None


def _screened(
    fund: Fund, frame: pd.DataFrame, loaded: Mapping[str, LoadedSeries], inputs: Mapping[str, pd.Series[float]]
) -> tuple[Finding, ...]:
    return screen(
        frame,
        calendar=fund.calendar,
        raw={role: one.values for role, one in loaded.items()},  # noqa: PD011 - a field
        units={role: one.source.unit for role, one in loaded.items()},
        ticks={role: one.source.tick for role, one in loaded.items()},
        multiple=1.0 if fund.leverage is None else fund.leverage.multiple,
        clock=loaded["nav"].source.clock,
        distributions=inputs.get("distributions"),
        asset=fund.asset,
        prices=inputs.get("asset_bars"),
    )


def _check_minimum(minimum_sessions: int) -> None:
    if isinstance(minimum_sessions, bool) or not isinstance(minimum_sessions, int) or minimum_sessions < _SHORTEST:
        raise ParameterError(f"minimum_sessions is {minimum_sessions!r}: give an integer of {_SHORTEST} or more")


def _check_dates(fund: Fund, first: pd.Timestamp | None, last: pd.Timestamp | None, listed: pd.Timestamp) -> None:
    if first is not None and last is not None and last < first:
        raise SampleError(f"{fund.ticker}: end {last:%Y-%m-%d} lies before start {first:%Y-%m-%d}: swap them")
    if last is not None and last < listed:
        raise SampleError(
            f"{fund.ticker}: end {last:%Y-%m-%d} lies before the listing on {listed:%Y-%m-%d}: give a later end"
        )


def _read(fund: Fund) -> dict[str, LoadedSeries]:
    """Return every series of the fund; raise where the two without which nothing can be said are absent."""
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
    return {role: _sampled(load_series(fund, role), fund) for role in fund.series}


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
    fund: Fund, kept: pd.DatetimeIndex
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
        found[name] = values.reindex(kept)
        absent = labels_of(found[name][~kept.isin(values.index)].to_frame())
        if len(absent):
            message = f"{name} has no row for {len(absent)} of {len(kept)} sessions, the first {absent[0]:%Y-%m-%d}"
            findings.append(Finding("input_missing", name, absent[0], float(len(absent)), message, "warning"))
    return found, tuple(sources), tuple(findings)


def _benchmark_bars(fund: Fund) -> dict[str, pd.Series[float]]:
    """Return the bars that the benchmark is sampled from, which say when in the day other series were seen."""
    loaded = load_series(fund, "benchmark")
    values = loaded.values  # noqa: PD011 - a field
    return {"asset_bars": values} if loaded.sample_at and loaded.column == "open" else {}


def _too_short(fund: Fund, frame: pd.DataFrame, loaded: dict[str, LoadedSeries], minimum_sessions: int) -> str:
    table = pd.DataFrame({role: loaded[role].values for role in ("nav", "benchmark")}).dropna()  # noqa: PD011 - a field
    common = labels_of(table)
    held = f"{frame.index[0]:%Y-%m-%d} to {frame.index[-1]:%Y-%m-%d}" if len(frame) else "the sample"
    return (
        f"{fund.ticker}: {held} holds {len(frame)} sessions and {minimum_sessions} are needed: choose a longer sample; "
        f"the data cover {common[0]:%Y-%m-%d} to {common[-1]:%Y-%m-%d}"
    )


def _masked(frame: pd.DataFrame, losses: LossReport, findings: tuple[Finding, ...]) -> tuple[pd.DataFrame, LossReport]:
    """Return the frame with flagged closes missing, and the losses that say so."""
    flagged = [item for item in findings if item.rule == "stale_value" and item.series == "close"]
    if not flagged:
        return frame, losses
    masked = frame.copy()
    masked.loc[[item.session for item in flagged], "close"] = float("nan")
    rows = [
        (item.session, "masked_stale_close", f"close {item.value:g} is not used: {item.message}") for item in flagged
    ]
    added = pd.DataFrame(rows, columns=losses.dropped.columns).astype({"date": "datetime64[ns]"})
    dropped = pd.concat([losses.dropped, added]) if len(losses.dropped) else added
    dropped = dropped.sort_values("date", ignore_index=True, kind="stable")
    return masked, LossReport(losses.rows_in, losses.rows_out, dropped, losses.sessions)


def _with_assets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with assets in place of the shares outstanding; NaN where the shares are not known."""
    if "shares_outstanding" not in frame:
        return frame
    return frame.assign(assets=frame["nav"] * frame["shares_outstanding"]).drop(columns="shares_outstanding")
