"""The process in which the cells of one notebook run: an IPython shell that says what happens as it happens.

It speaks in lines of JSON through a pipe. What is printed goes into two files, by Python, by a library in C or by a
program that a cell has started; every line says how much of them had been written by then, so that whoever listens puts
it between the other outputs of the right cell, and has it also where this process was killed in the middle.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from research.reporting.printed import STREAMS

__all__ = ["main", "serve"]


class _Teller:
    """Says what happens, one line each, with how much has been printed before.

    Parameters
    ----------
    answers : binary stream
        Where lines go.
    printed : sequence of int
        Descriptors of the two files; a cell may put others in the place of 1 and 2.
    """

    def __init__(self, answers: IO[bytes], printed: tuple[int, int]) -> None:
        self._answers = answers
        self._printed = printed
        self._stream = ""
        self._process = os.getpid()

    def __call__(self, event: str, **facts: object) -> None:
        """Say one thing; a process that a cell has forked says nothing."""
        if os.getpid() != self._process:
            return
        self._stream = ""
        message = {"event": event, "printed": [os.fstat(each).st_size for each in self._printed], **facts}
        with contextlib.suppress(OSError):  # nobody listens any longer: this process is about to be ended
            self._answers.write(json.dumps(message, default=_json).encode() + b"\n")
            self._answers.flush()

    def turn(self, stream: str) -> None:
        """Say that from now on another stream is printed to."""
        if self._stream not in {"", stream}:
            self("turned")
        self._stream = stream


def _json(value: object) -> object:
    return base64.b64encode(value).decode("ascii") if isinstance(value, (bytes, bytearray)) else repr(value)


class _Printed(io.TextIOWrapper):
    """Standard output or error: at once in its file, in turns with the other."""

    def __init__(self, stream: str, descriptor: int, teller: _Teller) -> None:
        raw = io.FileIO(descriptor, "w", closefd=False)
        super().__init__(raw, "utf-8", "backslashreplace", write_through=True)
        self._turned = teller.turn
        self._of = stream

    def write(self, text: str) -> int:
        self._turned(self._of)
        return super().write(text)


class _Publisher(DisplayPublisher):
    """Hands on what is displayed."""

    shell: _CellShell

    def publish(  # type: ignore[override]
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        name = (transient or {}).get("display_id")
        self.shell.tell("updated" if update else "displayed", data=data, metadata=metadata or {}, name=name)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.tell("cleared", wait=wait)


class _Hook(DisplayHook):
    """Hands on the value of a cell's last line."""

    shell: _CellShell

    def write_output_prompt(self) -> None:
        """Print nothing."""

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        self.shell.tell("result", data=format_dict, metadata=md_dict or {}, count=self.prompt_count)


class _CellShell(InteractiveShell):
    """IPython as in a notebook."""

    # pandas and others take a shell that has none for a terminal, and fit their tables to its width.
    kernel = None
    tell: _Teller
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: figures are shown in the notebook."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.tell("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)

    def ask_exit(self) -> None:
        """Leave politely, as `exit` asks."""
        raise SystemExit(0)


def serve(requests: IO[bytes], answers: IO[bytes], folder: str, preload: Sequence[str] = ()) -> None:
    """Run the cells that are asked for, and wait until somebody ends this process.

    Parameters
    ----------
    requests : binary stream
        One line: the cells, each with ``index``, ``source`` and ``may_fail``. Its end is the end of this process and of
        everything that it has started, at any moment.
    answers : binary stream
        What happens: see `research.reporting.execute`.
    folder : str
        Private folder with the two files; IPython's own go there, too.
    preload : sequence of str
        Names of modules to import while nobody has asked yet.
    """
    printed = _redirect(folder)
    tell = _Teller(answers, printed)
    if hasattr(os, "register_at_fork"):
        # Who listens must see the end of this process, whatever it has forked.
        os.register_at_fork(after_in_child=partial(os.dup2, 1, answers.fileno()))
    sys.stdout, sys.stderr = (_Printed(name, number, tell) for number, name in enumerate(STREAMS, start=1))
    os.environ["IPYTHONDIR"] = folder
    shell = _shell(folder, tell)
    _import(shell, preload)
    gc.freeze()
    gc.enable()
    request = json.loads(requests.readline())
    threading.Thread(target=_end_with, args=(requests,), name="end", daemon=True).start()
    for cell in request:
        if not _run(shell, cell):
            break
    tell("ended")
    signal.pause() if hasattr(signal, "pause") else threading.Event().wait()


def _redirect(folder: str) -> tuple[int, int]:
    """Have everything printed go into files; return descriptors of theirs."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open for life
    found = []
    for number, name in enumerate(STREAMS, start=1):
        path = Path(folder) / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        found.append(descriptor)
    return found[0], found[1]


def _shell(folder: str, tell: _Teller) -> _CellShell:
    # A database of what was run, in memory: In and Out are there without it.
    config = Config({"HistoryManager": {"enabled": False}})
    _CellShell.tell = tell
    shell: _CellShell = _CellShell.instance(config=config, ipython_dir=folder)
    return shell


def _import(shell: _CellShell, preload: Sequence[str]) -> None:
    """Import modules as cells would; what cannot be imported is left to the cells, which say so themselves."""
    before = list(sys.path)
    sys.path[:] = [place for place in sys.path if place]  # no module in the folder at hand stands in for one of them
    with shell.builtin_trap:
        for name in preload:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    sys.path[:] = before


def _run(shell: _CellShell, cell: Mapping[str, Any]) -> bool:
    """Run a cell and return whether the next one is to run."""
    count = shell.execution_count
    shell.tell("began", index=cell["index"], count=count)
    result: Any = shell.run_cell(  # type: ignore[no-untyped-call]
        cell["source"], store_history=True
    )
    error = result.error_before_exec or result.error_in_exec
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a cell may have put anything in their place
            stream.flush()
    failure = None if error is None or cell["may_fail"] else [type(error).__name__, str(error)]
    shell.tell("done", index=cell["index"], failure=failure)
    return failure is None


def _end_with(requests: IO[bytes]) -> None:
    """End with whoever asked, and have what cells have started end, too."""
    with contextlib.suppress(OSError):
        requests.read()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Be that process, freshly started: requests come through standard input, answers go to standard output."""
    requests, answers = (os.fdopen(os.dup(number), mode) for number, mode in ((0, "rb"), (1, "wb")))
    gc.disable()  # imports make much that stays
    folder, *preload = sys.argv[1:]
    sys.path.insert(0, "")
    sys.argv = [""]
    serve(requests, answers, folder, preload)
