"""Many reports in one call: planned before anything starts, run in parallel, put in place one by one, resumable."""

from research.reporting.batch.executor import Executor, Finished, Outcome
from research.reporting.batch.local import LocalExecutor
from research.reporting.batch.plan import Plan, PlannedRun, plan_batch
from research.reporting.batch.runner import BatchResult, pending, run_batch
from research.reporting.batch.spec import BatchSpec, read_spec

__all__ = [
    "BatchResult",
    "BatchSpec",
    "Executor",
    "Finished",
    "LocalExecutor",
    "Outcome",
    "Plan",
    "PlannedRun",
    "pending",
    "plan_batch",
    "read_spec",
    "run_batch",
]
