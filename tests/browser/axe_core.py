"""axe-core, the accessibility rules that browsers' vendors use: pinned, fetched with npm, never installed.

``python tests/browser/axe_core.py FOLDER`` fetches it into FOLDER and prints the path that ``AXE_CORE`` should hold.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["SHA256", "VERSION", "check", "fetch", "grave"]

VERSION: Final = "4.14.1"
SHA256: Final = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of ``axe.min.js``."""


def fetch(folder: Path) -> Path:
    """Fetch the pinned package from the npm registry into `folder` and return its script's path.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If there is no npm, no registry, or the script is not the one that is pinned.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("no npm on this machine: apt-get install npm")
    command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), f"axe-core@{VERSION}"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    script = folder / "axe.min.js"
    with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as package:
        member = package.extractfile("package/axe.min.js")
        assert member is not None
        script.write_bytes(member.read())
    check(script)
    return script


def check(script: Path) -> None:
    """Refuse a script that is not the pinned one."""
    if hashlib.sha256(script.read_bytes()).hexdigest() != SHA256:
        raise OSError(f"{script} is not axe-core {VERSION}: fetch it with python tests/browser/axe_core.py FOLDER")


def grave(page: Page, script: Path) -> list[str]:
    """Run the rules on an open page and return every serious or critical violation with the element that it is in."""
    page.evaluate(script.read_text(encoding="utf-8"))
    assert page.evaluate("axe.version") == VERSION
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert len(found["passes"]) > 15
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:120]}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]


if __name__ == "__main__":
    sys.stdout.write(f"{fetch(Path(sys.argv[1]))}\n")
