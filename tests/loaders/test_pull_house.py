"""Only research/loaders/pull touches the network, and only when somebody pulls."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import research

PACKAGE = Path(research.__file__).parent
PULL = PACKAGE / "loaders" / "pull"
NETWORK = {
    "aiohttp",
    "asyncio.streams",
    "ccxt",
    "coinmetrics",
    "curl_cffi",
    "ftplib",
    "http.client",
    "http.server",
    "httpx",
    "imaplib",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc",
    "yfinance",
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def named(tree):
    """Return every module that a file imports, wherever and however, and every text that could name one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {
            "import_module",
            "__import__",
        }:
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def network(name):
    parts = name.split(".")
    return bool({".".join(parts[:length]) for length in range(1, len(parts) + 1)} & NETWORK)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_outside_pull_imports_one_that_talks_to_the_network(path):
    text = path.read_text(encoding="utf-8")
    found = {name for name in named(ast.parse(text)) if network(name)}
    if not path.is_relative_to(PULL):
        assert not found


def test_the_rule_sees_every_way_of_importing():
    text = "import requests\nfrom urllib import request\ndef f():\n    importlib.import_module('ccxt')"
    assert {name for name in named(ast.parse(text)) if network(name)} == {"requests", "urllib.request", "ccxt"}


def test_pull_itself_does_import_them():
    found = {name for path in PULL.rglob("*.py") for name in named(ast.parse(path.read_text())) if network(name)}
    assert {"requests", "yfinance", "ccxt"} <= found


QUIET = """
import sys
def refuse(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        raise RuntimeError(f"the network was touched: {event}")
sys.addaudithook(refuse)
from research.cli import main
try:
    main(sys.argv[1:])
finally:
    print(sorted({"requests", "yfinance", "ccxt", "curl_cffi"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["funds"], ["pull", "--help"], ["pull", "ETHV", "--dry-run"]], ids=" ".join)
def test_nothing_is_asked_and_no_library_loaded_until_something_is_fetched(tmp_path, arguments):
    folder = ["--data", str(tmp_path)] if arguments[-1] == "--dry-run" else []
    code = [sys.executable, "-c", QUIET, *arguments, *folder]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
