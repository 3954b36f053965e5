"""What the environment of every kernel fixes, and which of its variables a process reads only when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["KERNEL_ENVIRONMENT", "SERVER_ENVIRONMENT", "SERVER_PREFERENCES", "fixed_since_start"]

_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

KERNEL_ENVIRONMENT: Final[Mapping[str, str]] = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
    # A shell's PYTHONSTARTUP is for people at a prompt; IPython would run it before the first cell.
    "PYTHONSTARTUP": "",
    # Threads divide a sum by the number of processors: one thread gives the same digits on every machine. A process
    # that is forked may have no other thread either, and workers side by side share the processors themselves.
    **dict.fromkeys(_THREADS, "1"),
}
"""Variables of every kernel, forked or fresh."""

SERVER_ENVIRONMENT: Final[Mapping[str, str]] = {
    **KERNEL_ENVIRONMENT,
    # Arrow's allocator would keep a thread of its own.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # Loading ipykernel's debugger would print a page about breakpoints.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
"""Variables of the process that kernels are forked from."""

SERVER_PREFERENCES: Final[Mapping[str, str]] = {
    # A kernel lives for seconds: memory given back to the system is asked for again, and each page costs a fault.
    "MALLOC_MMAP_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""Variables of that process where its owner has not set them."""

_READ_AT_START: Final = ("PYTHON", "LD_", "LC_", "MPL", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "XDG_")
_ALSO_READ: Final = frozenset({"HOME", "LANG", "LANGUAGE", "MATPLOTLIBRC", "VIRTUAL_ENV"})


def fixed_since_start(asked: Mapping[str, str], started_with: Mapping[str, str]) -> list[str]:
    """Return the variables that a process can no longer follow because it has read them when it started.

    Parameters
    ----------
    asked : mapping of str to str
        The environment that a kernel should have.
    started_with : mapping of str to str
        The environment in which the process started.

    Examples
    --------
    >>> fixed_since_start({"LANG": "C", "COLOUR": "red"}, {"LANG": "C.UTF-8"})
    ['LANG']
    """
    names = {*asked, *started_with}
    return sorted(
        name
        for name in names
        if (name.startswith(_READ_AT_START) or name in _ALSO_READ) and asked.get(name) != started_with.get(name)
    )
