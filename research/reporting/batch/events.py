"""What happened when: one JSON line for each event. Clock times stand here and nowhere else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

__all__ = ["EVENTS", "Event", "EventLog", "Watch"]

EVENTS: Final = "events.jsonl"

Event = Mapping[str, Any]
"""``event``, ``time`` (UTC) and what belongs to it; of a run also ``run``, its id.

``begun`` (batch, runs, to_run), ``skipped``, ``started``, ``finished`` (seconds), ``failed`` (seconds, cell, heading,
error, message), ``retried`` (reason), ``ended`` (ok, failed, skipped, seconds).
"""


class Watch(Protocol):
    """Whoever looks on while a batch runs."""

    def event(self, event: Event) -> None:
        """Take note of an event."""

    def tick(self) -> None:
        """Take note that time passes; called several times a second."""


class EventLog:
    """Appends events to ``events.jsonl`` and passes them on.

    Parameters
    ----------
    folder : pathlib.Path
        Of the batch.
    watch : Watch or None
        Who else is told.
    """

    def __init__(self, folder: Path, watch: Watch | None) -> None:
        self._path = folder / EVENTS
        self._watch = watch

    def add(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Write one event; a disk that is full costs the line, not the batch."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"event": event, "time": time, **facts}
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace")
        with contextlib.suppress(OSError), self._path.open("a+b", buffering=0) as stream:
            # The last line may be torn, by a full disk or a sudden end.
            size = stream.seek(0, 2)
            stream.seek(max(size - 1, 0))
            torn = size > 0 and stream.read(1) != b"\n"
            stream.write((b"\n" if torn else b"") + line + b"\n")
        if self._watch is not None:
            self._watch.event(entry)

    def tick(self) -> None:
        """Tell who looks on that time passes."""
        if self._watch is not None:
            self._watch.tick()
