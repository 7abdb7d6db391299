"""The plan: every resource the program declares, worked out in this process without an engine."""

from sandbox.plan.recorder import Plan, PlanError, PlannedResource
from sandbox.plan.run import plan_program, plan_stack

__all__ = ["Plan", "PlanError", "PlannedResource", "plan_program", "plan_stack"]
