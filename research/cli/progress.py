"""How a batch shows that it gets on: a bar on a terminal, lines elsewhere, JSON for a pipeline."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from research.reporting.batch.events import Event, Watch

__all__ = ["Bar", "JsonLines", "Lines", "watcher"]


@contextlib.contextmanager
def watcher(*, as_json: bool) -> Iterator[Watch]:
    """Yield what fits where the program writes to."""
    if as_json:
        yield JsonLines()
    elif sys.stderr.isatty() and shutil.get_terminal_size().lines > 2:
        bar = Bar()
        try:
            yield bar
        finally:
            bar.clear()
    else:
        yield Lines()


class JsonLines:
    """Every event as one line of JSON on stdout."""

    def event(self, event: Event) -> None:
        """Print an event."""
        click.echo(json.dumps(event, ensure_ascii=True))

    def tick(self) -> None:
        """Do nothing: time is no event."""


@dataclass
class Lines:
    """One plain line on stderr for each run that ends."""

    total: int = 0
    done: int = 0

    def event(self, event: Event) -> None:
        """Print an event that ends or repeats a run."""
        if event["event"] == "begun":
            self.total = event["to_run"]
            skipped = event["runs"] - event["to_run"]
            unchanged = f", {skipped} unchanged" if skipped else ""
            click.echo(f"{event['batch']}: {event['runs']} runs, {self.total} to do{unchanged}", err=True)
            return
        if event["event"] in {"finished", "failed"}:
            self.done += 1
        line = _line(event)
        if line:
            click.echo(f"[{self.done}/{self.total}] {line}", err=True)

    def tick(self) -> None:
        """Do nothing: a log needs no bar."""


@dataclass
class Bar:
    """One line for each run at work and a bar with the time left, redrawn in place on stderr."""

    total: int = 0
    done: int = 0
    running: dict[str, float] = field(default_factory=dict)
    begun: float = 0.0
    _drawn: int = 0
    _last: float = 0.0

    def event(self, event: Event) -> None:
        """Take note of an event; failures stay on the screen."""
        what, run = event["event"], event.get("run", "")
        if what == "begun":
            self.total, self.begun = event["to_run"], time.monotonic()
        elif what == "started":
            self.running[run] = time.monotonic()
        elif what in {"finished", "failed", "retried"}:
            self.running.pop(run, None)
            self.done += what != "retried"
        line = _line(event) if what in {"failed", "retried"} else ""
        if line:
            self.clear()
            click.echo(line, err=True)
        self._last = 0.0

    def tick(self) -> None:
        """Draw again, a few times a second."""
        now = time.monotonic()
        if now - self._last < 0.2:
            return
        self._last = now
        self.clear()
        width, height = shutil.get_terminal_size()
        lines = [f"  {run}  {now - since:.0f} s" for run, since in self.running.items()]
        lines = [*lines[: max(height - 2, 0)], self.bar(now, width)]
        click.echo("\n".join(_fitted(line, width - 1) for line in lines), err=True, color=True)
        self._drawn = len(lines)

    def bar(self, now: float, width: int) -> str:
        """Return the bar with count and time left."""
        size = max(min(width - 40, 40), 5)
        full = round(size * self.done / self.total) if self.total else size
        left = "time left unknown"
        if self.done:
            left = f"{_duration((now - self.begun) / self.done * (self.total - self.done))} left"
        return f"[{'#' * full}{'.' * (size - full)}] {self.done}/{self.total}  {left}"

    def clear(self) -> None:
        """Take what was drawn off the screen."""
        if self._drawn:
            click.echo(f"\x1b[{self._drawn}A\x1b[J", nl=False, err=True, color=True)
            self._drawn = 0


def _line(event: Event) -> str:
    what, run = event["event"], event.get("run", "")
    if what == "finished":
        return f"{run}  {event['seconds']:.1f} s"
    if what == "retried":
        return f"{run}  again: {event['reason']}"
    return f"{run}  FAILED  {_failure(event)}" if what == "failed" else ""


def _failure(event: Event) -> str:
    from research.reporting.result import Failure

    told: dict[str, Any] = {key: event[key] for key in ("cell", "heading", "error", "message")}
    return _printable(str(Failure(**told)))


def _printable(text: str) -> str:
    """Return a text without what would move a terminal's cursor or hide a part of the line."""
    return "".join(" " if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else letter for letter in text)


def _fitted(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 3, 0)] + "..."


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
