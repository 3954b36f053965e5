"""A kernel of this interpreter, alone: whatever kernelspec or start-up file the user's machine has.

A kernelspec called ``python3`` may belong to another environment, and scripts in the user's IPython profile would run
before a report's first cell. Neither reaches a report.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

__all__ = ["ReportKernelManager", "kernel_options"]

_LONGEST_SOCKET_PATH: Final = 90
"""Unix socket paths end at 104 to 108 bytes; the kernel appends a few."""


class ReportKernelManager(AsyncKernelManager):
    """Starts ``ipykernel`` with the interpreter that runs this code."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernelspec of this interpreter, not one found on disk."""
        folder = str(Path(self.connection_file).parent)
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env={
                "IPYTHONDIR": folder,
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                "PYTHONHASHSEED": "0",
                # A shell's PYTHONSTARTUP is for people at a prompt; IPython would run it before the first cell.
                "PYTHONSTARTUP": "",
            },
        )

    def client(self, **kwargs: Any) -> Any:  # noqa: ANN401 - as in the base class
        """Return a client, and use the second that the kernel needs to start.

        The exporter and its lexers are needed afterwards anyhow. A thread would save more, but two threads that import
        Jupyter's modules meet half-initialised ones.
        """
        for name in ("nbconvert.exporters.html", "IPython.lib.lexers"):
            importlib.import_module(name)
        return super().client(**kwargs)


def kernel_options(folder: Path) -> dict[str, Any]:
    """Return the options that make papermill use the kernel of this module.

    Parameters
    ----------
    folder : pathlib.Path
        A private temporary folder for the connection file, the sockets and IPython's own files.
    """
    from traitlets.config import Config  # noqa: PLC0415

    connection = folder / "kernel.json"
    # Sockets in a private folder: no port to race for, and no other user can connect.
    is_local = os.name == "posix" and len(str(connection)) < _LONGEST_SOCKET_PATH
    settings = {"connection_file": str(connection), "transport": "ipc" if is_local else "tcp"}
    return {
        "kernel_name": "python3",
        "kernel_manager_class": ReportKernelManager,
        "config": Config({"ReportKernelManager": settings}),
    }
