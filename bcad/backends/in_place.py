"""The arrays that a loop carries, made anew where the old ones stand: each element is read before it is replaced."""

from __future__ import annotations

from typing import Any

from bcad.ir import Value
from bcad.ops import Elementwise

from .kernel import Buffer, Fail
from .plan import Step, is_array


def carried_room(scope: Any, step: Step, k: int, value: Value) -> Buffer | None:
    """The memory of the carry that `value`, a root of the nest that is step `k`, is to become; None if it is still needed."""
    places = [p for p, v in enumerate(scope.graph.outputs) if v is value]
    if len(places) != 1 or places[0] + 1 >= len(scope.graph.inputs):
        return None
    buffer = scope.carried.get(scope.graph.inputs[places[0] + 1])
    if buffer is None or value in scope.want:
        return None
    holders = {v for v, found in scope.env.items() if isinstance(found, Buffer) and found.storage == buffer.storage}
    if any(v in scope.graph.outputs or any(j > k for j in scope.plan.readers.get(v, ())) for v in holders):
        return None
    if _reads_elsewhere(scope, step, holders) or _read_by_later_numbers(scope, k, holders):
        return None
    for size, there in zip(scope.sizes(value.shape), buffer.shape, strict=True):
        if size is not there:  # named differently: equal where this is reached, or the run is abandoned
            different = scope.s.compare("ne", size, there)
            scope.e.append(Fail(different, scope.function.message("a loop changes the size of an array")))
    made: Buffer = scope.rewritten(buffer)
    return made


def _reads_elsewhere(scope: Any, step: Step, holders: set[Value]) -> bool:
    """Whether the nest reads one of some arrays at another index than its own."""
    stack = [(v, True) for v in step.roots]
    seen = set()
    while stack:
        value, same = stack.pop()
        if (value, same) in seen:
            continue
        seen.add((value, same))
        if value in holders:
            if not same:
                return True
            continue
        node = value.node
        if value in scope.env or node is None:
            continue
        folds = value in step.roots and value.shape != step.domain
        keeps = folds or isinstance(node.op, Elementwise) or node.op.name == "astype"
        stack += [(v, same and keeps and _aligned(v, step.domain)) for v in node.inputs]
    return False


def _aligned(value: Value, domain: Any) -> bool:
    """Whether an operand of elementwise work is read at the index itself: only a length of 1 is stretched."""
    shape = tuple(getattr(value.type, "shape", ()))
    return len(shape) == len(domain) and all(a == b or a != 1 for a, b in zip(shape, domain, strict=True))


def _read_by_later_numbers(scope: Any, k: int, holders: set[Value]) -> bool:
    """Whether a number that is computed only behind step `k` reads one of some arrays."""
    below: dict[Value, bool] = {v: True for v in holders}
    for node in scope.graph.nodes:
        for value in node.outputs:
            inlined = value not in scope.env and scope.plan.stage.get(value, 0) > k
            reads = any(below.get(v, False) for v in node.inputs)
            if inlined and reads and not is_array(value):
                return True
            below.setdefault(value, reads and is_array(value) and value not in scope.env)
    return False
