"""What a batch will run: every request compared with its notebook before anything starts.

A run's key is one hash over all that its result depends on. The same key, the same result: no need to run again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from research.errors import BatchRequestError, NotebookError, ResearchError, UnknownNameError
from research.reporting.batch.spec import BatchSpec, RequestedRun, safe_name
from research.reporting.catalogue import notebook as find_notebook
from research.reporting.parameters import RESULT_PATH, Schema, Value, check, effective, read_schema
from research.reporting.result import RESULT_SCHEMA
from research.strict_toml import KeyPath, dotted
from research.versions import code_fingerprint

__all__ = ["Plan", "PlannedRun", "Subject", "SubjectOf", "plan_batch", "run_key"]

_NOTEBOOK: Final = "notebook"


@dataclass(frozen=True)
class PlannedRun:
    """One run: everything that an executor must know, on this machine or another.

    Parameters
    ----------
    id : str
        ``FUND/stem``, or ``stem`` for a notebook without a fund: where its files lie, without the ending. Only
        letters, digits, ``.``, ``_``, ``-`` and the ``/``.
    fund : str or None
        The fund's real name.
    notebook : str
        The notebook's name.
    content : bytes
        The notebook's file as it was when the batch was planned.
    given : mapping of str to value
        Checked parameters to run with.
    parameters : mapping of str to value
        Every parameter, given or default.
    key : str
        See `run_key`.
    """

    id: str
    fund: str | None
    notebook: str
    content: bytes = field(repr=False)
    given: Mapping[str, Value]
    parameters: Mapping[str, Value]
    key: str = ""


@dataclass(frozen=True)
class Plan:
    """A whole batch.

    Parameters
    ----------
    name : str
        Its name and that of its folder.
    runs : tuple of PlannedRun
        Ordered by id.
    """

    name: str
    runs: tuple[PlannedRun, ...]


class Subject(Protocol):
    """What a run is about, as far as a key must know: what it will be called, and what it will read."""

    @property
    def name(self) -> str:
        """The fund, as its registry spells it."""

    @property
    def files(self) -> Mapping[str, Path]:
        """Files by where they are named; they need not be there."""

    @property
    def logs(self) -> Mapping[str, Path]:
        """Files that hold what was written last to another one; one that is empty is as good as none."""

    @property
    def queries(self) -> Sequence[str]:
        """What comes from a server: nobody knows what that holds without asking it."""


SubjectOf = Callable[[str, str | None], Subject]
"""Says what a run with these parameters ``fund`` and ``data`` is about; raises nothing for a fund that nobody knows."""


@dataclass(frozen=True)
class _Source:
    content: bytes
    schema: Schema


def plan_batch(
    spec: BatchSpec, subject: SubjectOf, *, data: str | None = None, code: Mapping[str, Any] | None = None
) -> Plan:
    """Check every run that a batch asks for, name its files and compute its key.

    Parameters
    ----------
    spec : BatchSpec
        As read from ``runs.toml``.
    subject : callable
        Such as `research.opening.subject`: what a run will read is part of its key.
    data : str, optional
        A folder with a ``funds.toml``, for every notebook that has a parameter ``data``.
    code : mapping, optional
        Fingerprint of the code, for callers that have processes import it before this is called: it must be of what
        they import. By default it is taken now.

    Raises
    ------
    BatchRequestError
        Every request that cannot be: unknown notebooks and parameters, values of a wrong type or outside their range,
        runs that are there twice.

    Notes
    -----
    A fund that nobody knows, or data that are missing, are found by the run itself: one failed run, not a refused
    batch.
    """
    checker = _Checker(spec, subject, data)
    runs = [run for requested in spec.runs if (run := checker.planned(requested)) is not None]
    if checker.problems:
        raise BatchRequestError(tuple(dict.fromkeys(checker.problems)))
    code = code or code_fingerprint()
    named = _named(runs)
    keyed = (
        replace(run, key=run_key(run.notebook, run.content, run.parameters, checker.data_of(run), code))
        for run in named
    )
    return Plan(spec.name, tuple(sorted(keyed, key=lambda run: run.id)))


class _Checker:
    """Compares requests with notebooks and collects what is wrong with them."""

    def __init__(self, spec: BatchSpec, subject: SubjectOf, data: str | None) -> None:
        self.spec = spec
        self.data = data
        self.problems: list[str] = []
        self._hashes = _DataHashes(subject)
        self._sources: dict[str, _Source | None] = {}
        self._seen: dict[str, RequestedRun] = {}
        for requested in spec.runs:
            self._read(requested)

    def data_of(self, run: PlannedRun) -> Mapping[str, Any]:
        return self._hashes.of_run(run.parameters)

    def planned(self, requested: RequestedRun) -> PlannedRun | None:
        """Return the run without its final id and key, or None where something is wrong with it."""
        name = requested.values.get(_NOTEBOOK)
        source = self._sources.get(name) if isinstance(name, str) else None
        if source is None or not isinstance(name, str):
            return None
        given = self._checked(requested, name, source.schema)
        if given is None:
            return None
        if isinstance(given.get("fund"), str):
            given["fund"] = self._hashes.subject(str(given["fund"]), str(given.get("data", ""))).name
        every = effective(given, source.schema)
        if self._is_twin(requested, name, every):
            return None
        fund = str(every["fund"]) if "fund" in every else None
        return PlannedRun("", fund, name, source.content, given, every)

    def _read(self, requested: RequestedRun) -> None:
        """Read the notebook of a request, once."""
        name = requested.values.get(_NOTEBOOK)
        if not isinstance(name, str):
            said = "names no notebook" if name is None else f"notebook is {name!r}, not the name of one"
            self._complain(requested.origins.get(_NOTEBOOK, requested.at), f"{said}: see research notebooks")
        elif name not in self._sources:
            self._sources[name] = None
            try:
                path = find_notebook(name)
                schema = read_schema(path)
                if RESULT_PATH not in schema:
                    raise NotebookError(f"{name} does not declare `{RESULT_PATH}: str`, where its result goes")
                self._sources[name] = _Source(path.read_bytes(), schema)
            except (ResearchError, OSError) as error:
                self._complain(requested.origins[_NOTEBOOK], str(error))

    def _checked(self, requested: RequestedRun, notebook: str, schema: Schema) -> dict[str, Value] | None:
        given: dict[str, Value] = {}
        before = len(self.problems)
        for name, value in requested.values.items():
            if name == _NOTEBOOK:
                continue
            if having := self._only_others_have(name, schema):
                self._complain(
                    requested.origins[name],
                    f"notebook {notebook!r} has no parameter {name!r} (only {', '.join(having)}): exclude that "
                    f"notebook, or give {name!r} in [[include]] tables of the others",
                )
                continue
            try:
                given |= check({name: value}, schema)
                if name == "fund" and not str(value).strip():
                    raise UnknownNameError("fund", str(value), (), "name a fund, such as ETHV")
            except ResearchError as error:
                self._complain(requested.origins[name], f"notebook {notebook!r}: {error}")
        if self.data is not None and "data" in schema:
            if "data" in given:
                self._complain(requested.origins["data"], "data is given twice: here and by --data")
            given |= {"data": self.data}
        return given if len(self.problems) == before else None

    def _only_others_have(self, name: str, schema: Schema) -> list[str]:
        """Return the notebooks of the batch that have a parameter which one with this schema lacks."""
        if name in schema:
            return []
        return [other for other, source in self._sources.items() if source is not None and name in source.schema]

    def _is_twin(self, requested: RequestedRun, notebook: str, parameters: Mapping[str, Value]) -> bool:
        mark = json.dumps([notebook, parameters], sort_keys=True)
        twin = self._seen.setdefault(mark, requested)
        if twin is requested:
            return False
        shown = ", ".join(f"{key} = {value!r}" for key, value in requested.values.items())
        self._complain(requested.at, f"{shown}: this run is there twice, also by {dotted(twin.at)}")
        return True

    def _complain(self, at: KeyPath, message: str) -> None:
        self.problems.append(f"{self.spec.file.at(at)}: {dotted(at)}: {message}")


def _named(runs: list[PlannedRun]) -> list[PlannedRun]:
    """Return the runs with ids that are unique, also where case does not count."""
    ids = dict(zip(map(id, runs), _ids(runs), strict=True))
    count = Counter(name.casefold() for name in ids.values())
    named = []
    for run in runs:
        name = ids[id(run)]
        if count[name.casefold()] > 1:
            folder, slash, stem = name.rpartition("/")
            distinct = json.dumps([run.fund, run.notebook, dict(run.parameters)], sort_keys=True)
            name = folder + slash + safe_name(stem, always=True, distinct=distinct)
        named.append(replace(run, id=name))
    return named


def _ids(runs: Iterable[PlannedRun]) -> Iterable[str]:
    groups: dict[tuple[str | None, str], list[PlannedRun]] = {}
    runs = list(runs)
    for run in runs:
        groups.setdefault((run.fund, run.notebook), []).append(run)
    differing = {mark: _differing(group) for mark, group in groups.items()}
    for run in runs:
        further = [f"{name}-{_as_name(run.parameters[name])}" for name in differing[run.fund, run.notebook]]
        stem = safe_name("--".join([run.notebook, *further]))
        yield stem if run.fund is None else f"{safe_name(run.fund)}/{stem}"


def _differing(group: list[PlannedRun]) -> list[str]:
    """Return the parameters by which runs of one notebook for one fund differ."""
    first = group[0].parameters
    return [name for name, value in first.items() if any(other.parameters[name] != value for other in group)]


def _as_name(value: Value) -> str:
    if isinstance(value, list):
        return "-".join(map(_as_name, value)) or "empty"
    return value or "empty" if isinstance(value, str) else json.dumps(value)


def run_key(
    name: str,
    notebook: bytes,
    parameters: Mapping[str, Any],
    data: Mapping[str, Any],
    code: Mapping[str, Any] | None = None,
) -> str:
    """Return the key of a run.

    Parameters
    ----------
    name : str
        The notebook's name.
    notebook : bytes
        Its file.
    parameters : mapping of str to JSON value
        Every parameter, given or default.
    data : mapping
        Hashes of the files that it will read; all that are read.
    code : mapping, optional
        Fingerprint of the code; by default of the code that is installed now.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> run_key("a", b"{}", {"x": 1}, {}) == run_key("a", b"{}", {"x": 1}, {})
    True
    >>> run_key("a", b"{}", {"x": 1}, {}) == run_key("a", b"{}", {"x": 2}, {})
    False
    """
    content = {
        **(code or code_fingerprint()),
        "name": name,
        "notebook": _digest(notebook),
        "parameters": dict(parameters),
        "data": dict(data),
        "schema": RESULT_SCHEMA,
    }
    return _digest(json.dumps(content, sort_keys=True, allow_nan=False).encode())


class _DataHashes:
    """Hashes of the data files that runs will read; every file is read once.

    Bundled tables belong to the package and are in its hash.
    """

    def __init__(self, subject: SubjectOf) -> None:
        self.of_file = cache(_file_hash)
        self.subject = cache(lambda fund, data: subject(fund, data or None))

    def of_run(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hashes for one run, None for a file that is not there.

        ``fund`` and ``data`` lead to the fund's files; a text that names a file is one that the notebook may read.
        """
        found: dict[str, Any] = {}
        if isinstance(parameters.get("fund"), str):
            found["fund"] = self._of_subject(self.subject(parameters["fund"], str(parameters.get("data", ""))))
        named = {name: self.of_file(Path(text)) for name, text in _texts(parameters) if _is_file(text)}
        return {**found, "named": named}

    def _of_subject(self, subject: Subject) -> dict[str, Any]:
        logs = {where: self.of_file(path) for where, path in subject.logs.items()}
        return {
            **{where: self.of_file(path) for where, path in subject.files.items()},
            **{where: None if found == _digest(b"") else found for where, found in logs.items()},
            # Such a run is never like the last.
            **{where: secrets.token_hex(16) for where in subject.queries},
        }


def _texts(parameters: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in parameters.items():
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, str) and item:
                yield f"{name}.{number}", item


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _file_hash(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
