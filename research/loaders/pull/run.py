"""``pull``: what a fund's entry says can be fetched is fetched, kept as it came, read, and written for the toolkit."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from research.errors import DataError, DataFileError, ParameterError, PullError, ResearchError, UnknownNameError
from research.loaders.pull.polite import Limits, Polite, Timer, missing_extra, redacted
from research.loaders.pull.sources import SOURCES, Pulled, Source
from research.loaders.pull.vintage import Vintage, Vintages
from research.loaders.pull.written import Target, target_of, tidy_bytes, write_target
from research.loaders.raw import RawFile

if TYPE_CHECKING:
    from research.funds import Fund
    from research.funds.pull import PullSource

__all__ = ["Outcome", "Puller", "pull"]

Puller = Callable[..., Pulled]
State = Literal["new", "unchanged", "failed", "planned"]

_PULLERS: Final[Mapping[str, str]] = {
    "ccxt": "research.loaders.pull.exchange:pull_ccxt",
    "coinmetrics": "research.loaders.pull.downloads:pull_coinmetrics",
    "fred": "research.loaders.pull.downloads:pull_fred",
    "yahoo": "research.loaders.pull.yahoo:pull_yahoo",
}
_ANY_FILE: Final = "research.loaders.pull.downloads:pull_file"


@dataclass(frozen=True, repr=False)
class Outcome:
    """What became of one series.

    Parameters
    ----------
    series, source, symbol : str
        Which.
    state : {"new", "unchanged", "failed", "planned"}
        A new vintage; the same as the latest; nothing, and why; a dry run.
    message : str
        One line for a reader.
    file, vintage : str
        What was written, and what was kept, relative to the data folder.
    hint : str
        What to add to funds.toml so that the toolkit reads the file.
    """

    series: str
    source: str
    symbol: str
    state: State
    message: str
    file: str = ""
    vintage: str = ""
    hint: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the fields, for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        return f"{self.series}  {self.source} {self.symbol}  {self.state}: {self.message}"


@dataclass(frozen=True)
class _Job:
    """One thing to fetch, for one file, and the series that want it."""

    names: tuple[str, ...]
    entry: PullSource
    source: Source
    target: Target
    since: dt.date | None

    @property
    def key(self) -> str:
        """Name of the series among the vintages of its source."""
        entry = self.entry
        parts = (entry.exchange, entry.symbol, entry.metric, entry.timeframe if entry.timeframe != "1h" else None)
        return "_".join(part for part in parts if part)


def pull(
    fund: Fund,
    data: Path | str,
    *,
    source: str | None = None,
    since: dt.date | None = None,
    dry_run: bool = False,
    sources: Mapping[str, Source] = SOURCES,
    limits: Limits | None = None,
    timer: Timer | None = None,
) -> tuple[Outcome, ...]:
    """Fetch what a fund's entry says can be fetched into a data folder.

    Parameters
    ----------
    fund : Fund
        Its ``pull`` entries say what.
    data : pathlib.Path or str
        The folder; new bytes go to ``vintages/``, and each series into the file that the fund's entry names.
    source : str, optional
        Only from this source.
    since : datetime.date, optional
        First day to ask for, where a source can be asked for a part.
    dry_run : bool
        Say what would be fetched and written, and ask nobody.
    sources : mapping of str to Source
        Whom to ask.
    limits, timer : optional
        What a request may cost, and the time.

    Returns
    -------
    tuple of Outcome
        One for each series, in the order of the entry; one failure does not keep the others from being fetched.

    Raises
    ------
    ParameterError, UnknownNameError
        If the fund has no such entry, or two entries would write one file.
    DataFileError
        If there is no such folder.
    ExtraError
        If a library of the extra ``live`` is missing.

    Examples
    --------
    >>> import tempfile
    >>> from research.opening import fund
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(pull(fund("ETHV"), folder, source="yahoo", dry_run=True)[0])
    close  yahoo ETHV  planned: Yahoo Finance, by way of yfinance -> pulled/ETHV-close.csv
    """
    folder = Path(data)
    if not folder.is_dir():
        raise DataFileError(f"{folder}: no such folder: make it, or name another with --data")
    jobs = _jobs(fund, source, since, sources)
    if dry_run:
        return _in_order(fund, [_planned(job) for job in jobs])
    _check_libraries(job.source for job in jobs)
    vintages, time = Vintages(folder), timer or Timer()
    polite = {name: Polite(item.hosts, limits, time) for name, item in sources.items()}
    done = []
    for job in jobs:
        try:
            outcome = _one(job, folder, vintages, polite[job.source.name])
        except (ResearchError, OSError) as error:
            outcome = _outcome(job, "failed", " ".join(str(error).split()))
        done.append((job, outcome))
    return _in_order(fund, done)


def _jobs(fund: Fund, only: str | None, since: dt.date | None, sources: Mapping[str, Source]) -> list[_Job]:
    if only is not None and only not in sources:
        raise UnknownNameError("source", only, sources)
    entries = {name: entry for name, entry in fund.pull.items() if only is None or entry.source == only}
    if not entries:
        what = f"nothing from {only}" if only else "nothing"
        raise ParameterError(
            f"{fund.ticker}: its entry says that {what} can be pulled: add [fund.{fund.ticker}.pull.close] with source "
            'and symbol, as in source = "yahoo"'
        )
    jobs: dict[str, _Job] = {}
    for name, entry in entries.items():
        item = sources[entry.source]
        first = since or entry.since or (fund.first_day if entry.source == "ccxt" else None)
        job = _Job((name,), entry, item, target_of(fund, name, entry, item.format), first)
        other = jobs.setdefault(job.target.file, job)
        if other is job:
            continue
        if other.key != job.key or other.entry.source != entry.source or other.since != first:
            raise ParameterError(
                f"{fund.ticker}: {' and '.join((*other.names, name))} would both write {job.target.file}: name a file "
                "of its own for one of them"
            )
        columns = tuple(dict.fromkeys((*other.target.columns, *job.target.columns)))
        target = replace(other.target, columns=columns)
        jobs[job.target.file] = replace(other, names=(*other.names, name), target=target)
    return list(jobs.values())


def _check_libraries(sources: Iterable[Source]) -> None:
    for library in sorted({"requests", "urllib3", *(item.library for item in sources if item.library)}):
        if importlib.util.find_spec(library) is None:
            raise missing_extra(library)


def _planned(job: _Job) -> tuple[_Job, Outcome]:
    try:
        where = job.source.title if job.source.library else redacted(job.source.where(job.entry))
    except UnknownNameError as error:
        return job, _outcome(job, "failed", str(error))
    return job, _outcome(job, "planned", f"{where} -> {job.target.file}", file=job.target.file)


def _one(job: _Job, folder: Path, vintages: Vintages, polite: Polite) -> Outcome:
    asked = _asked(job)
    with vintages.lock():
        before = vintages.latest(job.source.name, job.key)
        same = before is not None and before.about.get("asked") == asked
        known = vintages.known(job.source.name, job.key) if same else {}
    if job.entry.address is not None:
        polite.check(job.entry.address)
    pulled = _puller(job.source)(job.source, job.entry, polite, known=known, since=job.since)
    # Asked for without the lock, so that a slow server does not keep other pulls waiting.
    with vintages.lock():
        vintage, state = _kept(job, vintages, pulled, asked)
        return _written(job, folder, vintage, state, pulled)


def _asked(job: _Job) -> str:
    """Return what was asked for: the answer to something else must not count as unchanged."""
    where = job.entry.where if job.source.library else redacted(job.source.where(job.entry))
    return f"{where} since {job.since}" if job.since else where


def _puller(source: Source) -> Puller:
    module, _, function = _PULLERS.get(source.name, _ANY_FILE).partition(":")
    found: Puller = getattr(importlib.import_module(module), function)
    return found


def _kept(job: _Job, vintages: Vintages, pulled: Pulled, asked: str) -> tuple[Vintage, State]:
    name, key = job.source.name, job.key
    if pulled.status == 304:
        latest = vintages.latest(name, key)
        if latest is None:
            raise PullError(f"{name} {key}: unchanged, says the source, but its vintage is gone: pull again")
        vintages.unchanged(name, key, pulled.time, 304)
        return latest, "unchanged"
    about: dict[str, Any] = {
        "address": pulled.address,
        "asked": asked,
        "status": pulled.status,
        "headers": dict(pulled.headers),
        "source": name,
        "symbol": job.entry.symbol,
        **pulled.about,
    }
    stored = vintages.store(name, key, pulled.body, job.source.ending, about, pulled.time, answers=pulled.answers)
    if not stored.latest:
        latest = vintages.latest(name, key)
        told = "" if latest is None else f" ({latest.time})"
        raise PullError(
            f"kept as {stored.vintage.path.name}, but a later answer is there already{told}: another pull was quicker, "
            "or this machine's clock was put back"
        )
    return stored.vintage, "new" if stored.new else "unchanged"


def _written(job: _Job, folder: Path, vintage: Vintage, state: State, pulled: Pulled) -> Outcome:
    kept = str(vintage.path.relative_to(folder))
    try:
        body = vintage.path.read_bytes()
        # Read in any case: what the toolkit cannot read must not stand where a fund's series is read from.
        table = job.source.read(RawFile(kept, body))
        content = body if job.target.as_published else tidy_bytes(table, job.target.columns)
        changes = write_target(folder, job.target, content)
    except (DataError, PullError) as error:
        message = f"{'kept as ' + kept + ', but ' if state == 'new' else ''}{' '.join(str(error).split())}"
        return _outcome(job, "failed", message, vintage=kept)
    parts = [f"{len(table.frame)} row{'s' * (len(table.frame) != 1)} to {_last(table.frame.index)}"]
    if changes is not None and state == "new":
        parts += [f"{changes.new_rows} new"] if changes.new_rows != changes.rows else []
        parts += [f"{changes.revised} values revised ({changes.first})"] if changes.revised else []
    parts += pulled.notes
    message = f"{', '.join(parts)} -> {job.target.file}"
    return _outcome(job, state, message, file=job.target.file, vintage=kept)


def _last(index: Any) -> str:  # noqa: ANN401 - a pandas index
    label = index[-1]
    return f"{label:%Y-%m-%d %H:%M} UTC" if getattr(label, "tzinfo", None) else f"{label:%Y-%m-%d}"


def _outcome(job: _Job, state: State, message: str, *, file: str = "", vintage: str = "") -> Outcome:
    symbol = " ".join(part for part in (job.entry.exchange, job.entry.symbol, job.entry.metric) if part)
    hint = job.target.hint if file and state != "failed" else ""
    return Outcome(job.names[0], job.source.name, symbol, state, message, file, vintage, hint)


def _in_order(fund: Fund, done: list[tuple[_Job, Outcome]]) -> tuple[Outcome, ...]:
    """Return one outcome for each series: series that share a file share what became of it."""
    by_name = {name: replace(outcome, series=name) for job, outcome in done for name in job.names}
    return tuple(by_name[name] for name in fund.pull if name in by_name)
