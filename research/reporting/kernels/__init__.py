"""Kernels forked from a warm process: a run starts with every import done, and with no trace of the run before it."""

from research.reporting.kernels.client import KernelServer, can_fork, kernel_server

__all__ = ["KernelServer", "can_fork", "kernel_server"]
