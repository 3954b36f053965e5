"""Start a kernel server, and ask it for kernels."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from research.errors import KernelServerWarning
from research.reporting.kernels.environment import SERVER_ENVIRONMENT, SERVER_PREFERENCES
from research.reporting.kernels.messages import Lines, encode

__all__ = [
    "ForkedProcess",
    "KernelServer",
    "KernelServerError",
    "can_fork",
    "fork_kernel",
    "kernel_server",
    "own_server",
]

_LONGEST_SOCKET_PATH: Final = 100
"""Unix socket paths end at 104 to 108 bytes."""

_START: Final = """
import builtins, gc, sys, types
gc.disable()
sys.path.remove("")
builtins.get_ipython = lambda: types.SimpleNamespace(kernel=None)
output, sys.stdout = sys.stdout, types.SimpleNamespace(encoding="UTF-8")
import pandas
sys.stdout = output
del builtins.get_ipython, output
from research.reporting.kernels.server import main
main()
"""
"""As ``python -m research.reporting.kernels.server``, with two differences.

No module in the folder at hand can stand in for one of ours. (Not by ``python -P``: kernels would inherit that and
have their own folder not on the path of modules.) And pandas finds itself in a kernel: when it is imported it decides
how many columns of a table to print, and in which encoding.
"""

_PATIENCE: Final = 10.0
"""Seconds that a server may take to end, or to say how a killed kernel ended."""


class KernelServerError(Exception):
    """A kernel server is not there, refuses, or does not answer; a fresh interpreter does instead."""


def can_fork() -> bool:
    """Return whether kernels can be forked here: on Linux. The system libraries of macOS do not survive a fork."""
    return sys.platform.startswith("linux") and hasattr(os, "fork") and hasattr(socket, "AF_UNIX")


class KernelServer:
    """A warm process that kernels are forked from, in a session of its own; it ends with this process.

    Attributes
    ----------
    address : str
        Path of its Unix socket, in a folder that only this user can enter. It answers as soon as it is warm; who asks
        earlier waits.

    Raises
    ------
    KernelServerError
        If the process cannot be started.
    """

    def __init__(self) -> None:
        if not can_fork():
            raise KernelServerError("this system cannot fork kernels")
        self._folder = Path(tempfile.mkdtemp(prefix="research-kernels-"))
        self.address = str(self._folder / "socket")
        try:
            self._start()
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise KernelServerError(f"the kernel server did not start: {error}") from error

    def _start(self) -> None:
        if len(os.fsencode(self.address)) > _LONGEST_SOCKET_PATH:
            raise OSError(f"the path of its socket is too long: {self.address}")
        # The socket listens before the process is warm, so nobody needs to look again and again.
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        reading, self._pipe = os.pipe()
        try:
            listener.bind(self.address)
            listener.listen(128)
            command = [sys.executable, "-c", _START]
            command += ["--listener", str(listener.fileno()), "--owner", str(reading)]
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and nothing from outside
                command,
                stdin=subprocess.DEVNULL,
                env={**SERVER_PREFERENCES, **os.environ, **SERVER_ENVIRONMENT},
                pass_fds=(listener.fileno(), reading),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            listener.close()
            os.close(reading)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the server and every kernel of it; one that is not yet warm ends before its next import."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def kernel_server() -> Iterator[str | None]:
    """Run a kernel server as long as the block runs.

    Yields
    ------
    str or None
        Its address, for `research.reporting.run_report`; None, with a `KernelServerWarning`, where there can be none:
        every kernel is a fresh interpreter then.
    """
    try:
        server = KernelServer()
    except KernelServerError as error:
        warnings.warn(f"{error}; every kernel starts afresh, which takes seconds", KernelServerWarning, stacklevel=3)
        yield None
        return
    try:
        yield server.address
    finally:
        server.close()


_own: dict[int, KernelServer] = {}


def own_server() -> KernelServer:
    """Return this process's own server, started on first use and again if it has died.

    Raises
    ------
    KernelServerError
        If there can be none.
    """
    found = _own.get(os.getpid())
    if found is None or not found.alive:
        if found is not None:
            found.close()
        found = _own[os.getpid()] = KernelServer()
        atexit.register(_close_own, os.getpid(), found)
    return found


def _close_own(pid: int, server: KernelServer) -> None:
    if os.getpid() == pid:  # not in a process forked from the owner
        server.close()


class ForkedProcess:
    """A kernel of a server, with the face of `subprocess.Popen`.

    Parameters
    ----------
    channel : socket.socket
        The connection that the kernel belongs to; without blocking.
    pid : int
        Its process id.
    """

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket, lines: Lines, pid: int) -> None:
        self._channel = channel
        self._lines = lines
        self._lock = threading.Lock()
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the kernel runs."""
        with self._lock:
            while self.returncode is None:
                try:
                    received = self._channel.recv(4096)
                except BlockingIOError:
                    return None
                except OSError:
                    received = b""
                if not received:
                    # The server is gone, and with it the kernel; what the kernel had started is still in its group.
                    with contextlib.suppress(OSError):
                        os.killpg(self.pid, signal.SIGKILL)
                    self._note(-signal.SIGKILL)
                for message in self._lines.take(received):
                    if "status" in message:
                        self._note(int(message["status"]))
            return self.returncode

    def _note(self, status: int) -> None:
        if self.returncode is None:
            self.returncode = status
            self._channel.close()

    def wait(self, timeout: float = _PATIENCE) -> int | None:
        """Wait until the kernel has ended, at most `timeout` seconds, and return its exit status."""
        end = time.monotonic() + timeout
        while self.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and to what it has started."""
        with contextlib.suppress(OSError):
            self._channel.sendall(encode({"signal": int(signum)}))

    def kill(self) -> None:
        """Kill the kernel."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


async def fork_kernel(
    address: str, arguments: Sequence[str], cwd: str, environment: Mapping[str, str], timeout: float
) -> ForkedProcess:
    """Ask the server at `address` for a kernel.

    Parameters
    ----------
    address : str
        Path of the server's socket.
    arguments : sequence of str
        The kernel's command line after the name of its module.
    cwd : str
        Folder to run in.
    environment : mapping of str to str
        The whole environment.
    timeout : float
        Seconds to wait for an answer; a server answers nothing before it is warm.

    Raises
    ------
    KernelServerError
        If there is no server at `address`, or it refuses or does not answer in time.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.setblocking(False)
    lines = Lines()
    request = {"arguments": list(arguments), "cwd": cwd, "environment": dict(environment)}
    try:
        pid = await asyncio.wait_for(_ask(channel, lines, address, encode(request)), timeout)
    except (OSError, ValueError, TimeoutError) as error:
        channel.close()
        raise KernelServerError(f"the kernel server does not answer ({error or type(error).__name__})") from error
    except BaseException:
        channel.close()
        raise
    return ForkedProcess(channel, lines, pid)


async def _ask(channel: socket.socket, lines: Lines, address: str, request: bytes) -> int:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(channel, address)
    await loop.sock_sendall(channel, request)
    while received := await loop.sock_recv(channel, 4096):
        for message in lines.take(received):
            if "pid" in message:
                return int(message["pid"])
            raise KernelServerError(f"the kernel server refuses: {message.get('refused')}")
    raise ConnectionResetError("it has died")
