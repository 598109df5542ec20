"""The order of steps: what reads an array comes before what may overwrite it, so that no copy is needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bcad.ir import Node, Value, constant_op, dim_op
from bcad.ops import has_effect

from .plan import Step, is_array

_WRITES = frozenset(("set_item", "index_add"))


def overwritten(node: Node) -> list[Value]:
    """The arrays that a node may change in place."""
    if node.op.name in _WRITES:
        return [node.inputs[0]]
    if node.op.name == "loop":
        first = 1 if node.attrs.get("counted", True) else 0
        return [v for v in node.inputs[first : first + node.attrs["carries"]] if is_array(v)]
    return []


def writes_last(planner: Any) -> list[Step]:
    """The steps of a planner, each write behind the steps that read what it overwrites and need not come after it."""
    steps: list[Step] = planner.steps
    order = list(range(len(steps)))
    before = _Needs(planner).of_steps()
    for write, step in enumerate(steps):
        for base in overwritten(step.node) if step.node is not None else ():
            after = {write}
            for k in order[order.index(write) + 1 :]:  # what depends on the write
                if before[k] & _mask(after):
                    after.add(k)
            readers = [k for k in planner.readers_of(base) if 0 <= k < len(steps) and k not in after]
            last = max((order.index(k) for k in readers), default=-1)
            start = order.index(write)
            if last > start:
                moved = order[start : last + 1]
                order[start : last + 1] = [k for k in moved if k not in after] + [k for k in moved if k in after]
    return [steps[k] for k in order]


def _mask(steps: Iterable[int]) -> int:
    return sum(1 << k for k in steps)


class _Needs:
    """Which steps must come before others, as sets of bits."""

    def __init__(self, planner: Any) -> None:
        self.planner = planner
        self.of_value: dict[Value, int] = {v: 0 for v in planner.graph.inputs}

    def of_steps(self) -> list[int]:
        planner = self.planner
        found = [self._earlier(planner.known_from(step.domain or ())) for step in planner.steps]
        position = {step.node: k for k, step in enumerate(planner.steps) if step.node is not None}
        effects = 0
        for node in planner.graph.nodes:
            if node.op is dim_op or node.op is constant_op:
                self.of_value[node.outputs[0]] = self._earlier(planner.stage[node.outputs[0]])
            elif node in planner.live:
                needs = 0
                for value in node.inputs:
                    needs |= self.of_value[value]
                made = position.get(node, planner.step_of.get(node.outputs[0]) if node.outputs else None)
                if made is None:
                    self.of_value[node.outputs[0]] = needs
                    continue
                if has_effect(node):
                    needs |= effects
                    effects |= 1 << made
                found[made] |= needs & ~(1 << made)
                self.of_value.update(dict.fromkeys(node.outputs, 1 << made))
        return found

    def _earlier(self, stage: int) -> int:
        return (1 << stage) - 1
