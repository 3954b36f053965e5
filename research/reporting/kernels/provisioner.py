"""A Jupyter kernel provisioner that forks kernels: Jupyter's tools use it where a kernelspec names it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import warnings
from typing import Any, Final

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from research.errors import KernelServerWarning
from research.reporting.kernels.client import ForkedProcess, KernelServerError, fork_kernel, own_server
from research.reporting.kernels.environment import KERNEL_ENVIRONMENT

__all__ = ["PROVISIONER", "ForkProvisioner"]

PROVISIONER: Final = "research-fork"
"""Name of the entry point, and of the kernelspec that comes with the package."""

_WARMING: Final = 60.0
"""Seconds that a server may take to get warm and answer."""


_BINDING: Final = 2.0
"""Seconds to wait until a kernel listens; it may take longer, only not faster by waiting here."""


class ForkProvisioner(LocalProvisioner):
    """Forks the kernel from a warm server; starts a fresh interpreter, with a warning, where that cannot be done.

    Attributes
    ----------
    address : str
        Address of a server; empty for one of this process's own, started when the first kernel is.
    """

    address = Unicode("", help="Address of a kernel server; empty for one of this process's own.").tag(config=True)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - as in the base class
        """Prepare the launch as for a local kernel, with what every kernel's environment fixes."""
        prepared = await super().pre_launch(**kwargs)
        prepared["env"] = {**prepared["env"], **KERNEL_ENVIRONMENT}
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ANN401 - as above
        """Fork a kernel, or start one afresh.

        Parameters
        ----------
        cmd : list of str
            The command line that would start it afresh.
        **kwargs : object
            ``env`` and ``cwd`` count; a fresh interpreter gets all.
        """
        try:
            process = await self._fork(cmd, kwargs)
        except KernelServerError as error:
            warnings.warn(f"{error}; this kernel starts afresh", KernelServerWarning, stacklevel=2)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process  # type: ignore[assignment]
        self.pid = process.pid
        self.pgid = None  # signals go through the server, which knows whether the number is still the kernel's
        self.cwd = kwargs.get("cwd") or os.getcwd()  # noqa: PTH109
        await self._listening(process)
        return self.connection_info

    async def _listening(self, process: ForkedProcess) -> None:
        """Wait until the kernel listens: a client that comes too early tries again only after a tenth of a second."""
        info = self.connection_info
        if info.get("transport") != "ipc":
            return
        ports = [port for name, port in info.items() if name.endswith("_port")]
        end = time.monotonic() + _BINDING
        while time.monotonic() < end and process.poll() is None:
            if all(os.path.exists(f"{info['ip']}-{port}") for port in ports):  # noqa: PTH110 - local sockets
                return
            await asyncio.sleep(0.002)

    async def _fork(self, cmd: list[str], kwargs: dict[str, Any]) -> ForkedProcess:
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            raise KernelServerError(f"only this interpreter's own kernel can be forked, not {cmd[0]}")
        address = self.address or own_server().address
        cwd = os.path.abspath(kwargs.get("cwd") or os.getcwd())  # noqa: PTH100, PTH109
        return await fork_kernel(address, cmd[3:], cwd, kwargs["env"], _WARMING)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel, and wait for the server to say that it is dead: a tenth of a second less than polling."""
        process = self.process
        await super().kill(restart=restart)
        if isinstance(process, ForkedProcess):
            process.wait()
