"""A kernel of this interpreter, alone: whatever kernelspec or start-up file the user's machine has.

A kernelspec called ``python3`` may belong to another environment, and scripts in the user's IPython profile would run
before a report's first cell. Neither reaches a report.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
import weakref
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import DottedObjectName, Type, Unicode

from research.reporting.kernels.environment import KERNEL_ENVIRONMENT

__all__ = ["ReportKernelManager", "end_kernels", "kernel_options"]

_LONGEST_SOCKET_PATH: Final = 90
"""Unix socket paths end at 104 to 108 bytes; the kernel appends a few."""


_OPTIONS: Final = (
    # The signal that ends a kernel would have it complain on the terminal of whoever runs a batch.
    "--log-level=50",
    # A database of what was run, in memory: In and Out are there without it.
    "--HistoryManager.enabled=False",
)

_FORK: Final = EntryPoint(
    "research-fork", "research.reporting.kernels.provisioner:ForkProvisioner", KernelProvisionerFactory.GROUP_NAME
)
_LOCAL: Final = EntryPoint(
    "local-provisioner", "jupyter_client.provisioning:LocalProvisioner", KernelProvisionerFactory.GROUP_NAME
)


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel is.

    The usual one reads on until nothing has come for a fifth of a second.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered, and until what it publishes arrives.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits as long as the kernel lives.

        Raises
        ------
        RuntimeError
            If the kernel dies or does not answer in time.
        """
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            asked = self.kernel_info()
            if await self._answered(asked):
                return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")

    async def _answered(self, asked: str) -> bool:
        """Return whether a question was answered and the end of the answer was published."""
        try:
            reply = await self.shell_channel.get_msg(timeout=1)
            while reply["parent_header"].get("msg_id") != asked:
                reply = await self.shell_channel.get_msg(timeout=1)
            self._handle_kernel_info_reply(reply)
            while True:
                told = await self.iopub_channel.get_msg(timeout=0.2)
                is_ours = told["parent_header"].get("msg_id") == asked
                if is_ours and told["content"].get("execution_state") == "idle":
                    return True
        except Empty:
            return False


class ReportKernelManager(AsyncKernelManager):
    """Starts ``ipykernel`` with the interpreter that runs this code, or has it forked from a warm one.

    Attributes
    ----------
    address : str
        Address of a kernel server; empty for a fresh interpreter.
    """

    address = Unicode("", help="Address of a kernel server; empty for a fresh interpreter.").tag(config=True)
    client_class = DottedObjectName(f"{__name__}.PromptClient")
    client_factory = Type(PromptClient, klass=AsyncKernelClient, config=True)

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - as in the base class
        super().__init__(**kwargs)
        _managers.add(self)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernelspec of this interpreter, not one found on disk."""
        folder = str(Path(self.connection_file).parent)
        _register_provisioners()
        chosen = {"provisioner_name": _FORK.name, "config": {"address": self.address}} if self.address else {}
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *_OPTIONS],
            display_name="Python 3",
            language="python",
            env={"IPYTHONDIR": folder, **KERNEL_ENVIRONMENT},
            metadata={"kernel_provisioner": chosen} if chosen else {},
        )

    def client(self, **kwargs: Any) -> Any:  # noqa: ANN401 - as in the base class
        """Return a client, and use the second that the kernel needs to start.

        The exporter and its lexers are needed afterwards anyhow. A thread would save more, but two threads that import
        Jupyter's modules meet half-initialised ones.
        """
        for name in ("nbconvert.exporters.html", "IPython.lib.lexers"):
            importlib.import_module(name)
        return super().client(**kwargs)


_managers: Final[weakref.WeakSet[ReportKernelManager]] = weakref.WeakSet()


def end_kernels(folder: Path) -> None:
    """Kill what still runs of the kernels in a folder, and wait until it is dead.

    An interruption while a kernel starts leaves it running: nbclient ends only those that have answered. It would
    write into the folder while that is removed.
    """
    for manager in list(_managers):
        process = getattr(manager.provisioner, "process", None)
        if process is None or Path(manager.connection_file).parent != folder or process.poll() is not None:
            continue
        group = getattr(manager.provisioner, "pgid", None)
        with contextlib.suppress(OSError):
            if group:
                os.killpg(group, signal.SIGKILL)
        process.kill()
        process.wait()


def _register_provisioners() -> None:
    """Name the provisioners directly: to look for entry points is to read every installed package's metadata."""
    factory = KernelProvisionerFactory.instance()
    for entry in (_FORK, _LOCAL):
        factory.provisioners.setdefault(entry.name, entry)


def kernel_options(folder: Path, address: str | None = None) -> dict[str, Any]:
    """Return the options that make papermill use the kernel of this module.

    Parameters
    ----------
    folder : pathlib.Path
        A private temporary folder for the connection file, the sockets and IPython's own files.
    address : str, optional
        Address of a kernel server to fork the kernel from.
    """
    from traitlets.config import Config  # noqa: PLC0415

    connection = folder / "kernel.json"
    # Sockets in a private folder: no port to race for, and no other user can connect.
    is_local = os.name == "posix" and len(str(connection)) < _LONGEST_SOCKET_PATH
    transport = "ipc" if is_local else "tcp"
    settings = {"connection_file": str(connection), "transport": transport, "address": address or ""}
    return {
        "kernel_name": "python3",
        "kernel_manager_class": ReportKernelManager,
        "config": Config({"ReportKernelManager": settings}),
    }
