"""The warm process: ``python -m research.reporting.kernels.server``. It forks a kernel for everyone who asks.

One thread, one loop. Every kernel belongs to the connection that asked for it: over it go signals to the kernel and its
exit status back, and when it is closed the kernel is killed. When the owner of the server is gone, everything is.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import select
import selectors
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from research.reporting.kernels.child import Request, become_kernel, parent_death_signal
from research.reporting.kernels.environment import fixed_since_start
from research.reporting.kernels.messages import Lines, encode
from research.reporting.kernels.warm import other_threads, warm

__all__ = ["Server", "main"]

_GLANCE: Final = 1.0
"""Seconds between two looks at whether the owner still lives; usually the closed pipe tells earlier."""


@dataclass(eq=False)
class _Client:
    """A connection, and the kernel that it asked for."""

    channel: socket.socket
    lines: Lines = field(default_factory=Lines)
    pid: int | None = None


class Server:
    """Forks kernels and looks after them.

    Parameters
    ----------
    listener : socket.socket
        Listening Unix socket.
    owner : int
        Read end of a pipe that is closed when the owner is gone.
    started_with : mapping of str to str
        The environment in which this process started.
    """

    def __init__(self, listener: socket.socket, owner: int, started_with: Mapping[str, str]) -> None:
        self._listener = listener
        self._owner = owner
        self._parent = os.getppid()
        self._started_with = started_with
        self._ask_to_die_with_parent = parent_death_signal()
        self._clients: dict[int, _Client] = {}
        self._kernels: dict[int, _Client] = {}
        self._bell, self._ring = os.pipe()
        for end in (self._bell, self._ring):
            os.set_blocking(end, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(owner, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def serve(self) -> Request | None:
        """Answer until the owner is gone: None then. In a forked process, return what was asked for."""
        # A handler must exist for the wake-up to be written; the loop does the work.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._ring, warn_on_full_buffer=False)
        while os.getppid() == self._parent:
            for key, _ in self._selector.select(_GLANCE):
                if key.fd == self._owner:
                    self._end()
                    return None
                if key.fd == self._bell:
                    self._reap()
                elif key.fd == self._listener.fileno():
                    self._accept()
                elif key.fd in self._clients:
                    request = self._hear(self._clients[key.fd])
                    if request is not None:
                        return request
        self._end()
        return None

    def _accept(self) -> None:
        channel, _ = self._listener.accept()
        self._clients[channel.fileno()] = _Client(channel)
        self._selector.register(channel, selectors.EVENT_READ)

    def _hear(self, client: _Client) -> Request | None:
        """Do what a client says; return a request in the process that was forked for it."""
        try:
            received = client.channel.recv(65536)
            if not received:
                self._leave(client)
                return None
            for message in client.lines.take(received):
                if "signal" in message:
                    self._send_signal(client, int(message["signal"]))
                elif self._fork(client, message):
                    return Request.of(message)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._leave(client)
        return None

    def _fork(self, client: _Client, message: dict[str, Any]) -> bool:
        """Fork a kernel, or say why not; return whether this is the forked process."""
        reason = self._refusal(client, Request.of(message))
        if reason is not None:
            client.channel.sendall(encode({"refused": reason}))
            return False
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._ask_to_die_with_parent(signal.SIGKILL)
            if os.getppid() != server:
                os._exit(1)
            os.setsid()
            self._release()
            return True
        client.pid = pid
        self._kernels[pid] = client
        client.channel.sendall(encode({"pid": pid}))
        return False

    def _refusal(self, client: _Client, request: Request) -> str | None:
        if client.pid is not None:
            return "this connection has its kernel already"
        if not os.path.isdir(request.cwd):  # noqa: PTH112 - a path that was checked a moment ago
            return f"there is no folder {request.cwd!r} to run in"
        fixed = fixed_since_start(request.environment, self._started_with)
        if fixed:
            return f"the environment changed after the start in {', '.join(fixed)}"
        threads = other_threads()
        if threads:
            return f"{threads} other threads run, and a process with threads cannot be forked safely"
        return None

    def _send_signal(self, client: _Client, signum: int) -> None:
        """Send a signal to the kernel and what it has started; as long as it is not reaped, its number is its own."""
        if client.pid not in self._kernels:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            try:
                os.killpg(client.pid, signum)
            except ProcessLookupError:  # before it has made its own group
                os.kill(client.pid, signum)

    def _leave(self, client: _Client) -> None:
        """Forget a client and kill its kernel; it is reaped when it is dead."""
        self._send_signal(client, signal.SIGKILL)
        if self._clients.pop(client.channel.fileno(), None) is not None:
            self._selector.unregister(client.channel)
            client.channel.close()

    def _reap(self) -> None:
        """Tell clients of kernels that have ended."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._bell, 512):
                pass
        for pid in list(self._kernels):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            client = self._kernels[pid]
            # What the kernel has started ends with it; until it is reaped its group's number is its own.
            self._send_signal(client, signal.SIGKILL)
            del self._kernels[pid]
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(OSError):
                client.channel.sendall(encode({"status": status}))
            self._leave(client)

    def _end(self) -> None:
        for client in list(self._kernels.values()):
            self._send_signal(client, signal.SIGKILL)
        for pid in list(self._kernels):
            os.waitpid(pid, 0)

    def _release(self) -> None:
        """Close everything of the server in a forked process."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        for client in self._clients.values():
            client.channel.close()
        self._listener.close()
        for end in (self._owner, self._bell, self._ring):
            os.close(end)
        self._clients.clear()
        self._kernels.clear()


def main() -> None:
    """Warm up, then serve."""
    parser = argparse.ArgumentParser(prog="python -m research.reporting.kernels.server")
    parser.add_argument("--listener", type=int, required=True, help="inherited descriptor of a listening Unix socket")
    parser.add_argument("--owner", type=int, required=True, help="inherited descriptor of a pipe that the owner holds")
    given = parser.parse_args()
    gc.disable()
    os.set_inheritable(given.listener, False)
    os.set_inheritable(given.owner, False)
    listener = socket.socket(fileno=given.listener)
    # ipykernel reads this when it is imported: kernels end when this process does.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    started_with = dict(os.environ)
    if not warm(lambda: not _is_gone(given.owner)):
        _remove(listener)
        return
    # Some libraries set variables when they are imported; in a kernel that imports them itself they are set, too.
    added = {name: value for name, value in os.environ.items() if started_with.get(name) != value}
    os.chdir("/")
    gc.freeze()
    server = Server(listener, given.owner, started_with)
    parent = os.getpid()
    request = server.serve()
    del server
    if request is None:
        _remove(listener)
    else:
        become_kernel(request, parent, added)


def _is_gone(owner: int) -> bool:
    """Return whether the owner has closed its end of the pipe, into which nobody writes."""
    return bool(select.select([owner], [], [], 0)[0])


def _remove(listener: socket.socket) -> None:
    """Remove the socket and its folder: an owner that was killed cannot."""
    path = listener.getsockname()
    listener.close()
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - a name as the system gave it
        os.rmdir(os.path.dirname(path))  # noqa: PTH106, PTH120 - as above


if __name__ == "__main__":
    main()
