"""JupyterLab as a newcomer would start it, but alone: its own folders, a loopback port, no way to the internet."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import pytest

__all__ = ["Server", "jupyterlab"]

TOKEN: Final = "a-token-of-this-test"
NOWHERE: Final = "http://127.0.0.1:9"
START: Final = 120
STOP: Final = 30
SETTINGS: Final = {
    # Every cell is in the page, on screen or not; and no question about news.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab; `url` ends with a slash."""

    url: str

    def page(self, notebook: str) -> str:
        return f"{self.url}lab/tree/{notebook}?token={TOKEN}"


@contextmanager
def jupyterlab(root: Path, folder: Path) -> Iterator[Server]:
    """Yield a server that shows `root` and keeps everything else in `folder`; afterwards no process is left."""
    for name, values in SETTINGS.items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    log = folder / "server.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={root}"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={_free_port()}", f"--IdentityProvider.token={TOKEN}"),
        "--LabApp.extension_manager=readonly",
    ]
    with log.open("wb") as stream:
        process = psutil.Popen(command, env=_environment(folder), stdout=stream, stderr=stream)
    family: list[psutil.Process] = [process]
    try:
        yield _started(folder / "runtime" / f"jpserver-{process.pid}.json", process, log)
    finally:
        if process.is_running():
            family += process.children(recursive=True)
        process.terminate()
        left = psutil.wait_procs(family, timeout=STOP)[1]
        names = [" ".join(survivor.cmdline()) for survivor in left]
        for survivor in left:
            survivor.kill()
    assert names == [], "processes outlived the server"


def _environment(folder: Path) -> dict[str, str]:
    """The machine's own settings of Jupyter and IPython stay out; whoever asks for the internet gets nowhere."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    private = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "HOME": "home",
    }
    for name in private.values():
        (folder / name).mkdir(exist_ok=True)
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    local = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    return {**inherited, **{name: str(folder / place) for name, place in private.items()}, **proxies, **local}


def _free_port() -> int:
    """A port that is free now; the server tries its neighbours should it be taken by then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(told: Path, process: psutil.Popen, log: Path) -> Server:
    """Wait until the server has written down where it listens."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return Server(json.loads(told.read_text())["url"])
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
