"""Why arrays are written to memory between loops: the report's word on what fusion left."""

from __future__ import annotations

from bcad.ir import Graph, Value
from bcad.ops import Reduction

from .plan import Plan, Step, is_array


def reasons(graph: Graph, plan: Plan) -> list[str]:
    """For each array that is neither input nor output and yet kept as a whole: what it is, and why."""
    found = []
    outputs = set(graph.outputs)
    for step in plan.steps:
        for member in step.members or [step]:
            for value in member.roots:
                if is_array(value) and value not in outputs and value not in step.kept and value.node is not None:
                    readers = [plan.steps[k] for k in sorted(plan.readers.get(value, ())) if k < len(plan.steps)]
                    found.append(f"{_name(value)}: {_why(value, member, readers)}")
    return found


def _why(value: Value, step: Step, readers: list[Step]) -> str:
    node = value.node
    assert node is not None
    if step.node is not None:
        return f"{node.op.name} gives it as a whole"
    wanting = next((r.node for r in readers if r.node is not None), None)
    if wanting is not None:
        return f"{wanting.op.name} needs it in memory"
    if isinstance(node.op, Reduction):
        return f"the {node.op.name} is complete only when its loop has ended"
    loops = [m for r in readers for m in r.members or [r]]
    others = dict.fromkeys(_sizes(m) for m in loops if m.domain != step.domain)
    if others:
        return f"made over {_sizes(step)}, read over {' and '.join(others)}"
    return "dear to compute again in each loop that reads it"


def _sizes(step: Step) -> str:
    return f"({', '.join(map(str, step.domain or ()))})"


def _name(value: Value) -> str:
    node = value.node
    assert node is not None
    where = f" of line {node.location.line}" if node.location is not None else ""
    return f"{value.name or node.op.name} {value.type}{where}"
