"""What a loop only adds to: the terms may be added up in any order, and where they all go to one place, at the end."""

from __future__ import annotations

from dataclasses import dataclass

from bcad.ir import Dim, Graph, Node, Value, constant_op
from bcad.ops import has_effect

from .plan import is_array

SHORT = 32  # numbers that are added up beside a loop


def running_sums(body: Graph, condition: Graph | None, carries: int) -> dict[int, list[tuple[Value, int]]]:
    """The carries that are real numbers which a loop only adds to, and the terms that it adds with their signs.

    Nothing in the loop sees such a sum before the end, so the order of its terms is free, as in any sum.
    """
    uses, read_by = body.uses(), {v: n for n in body.nodes for v in n.inputs}
    asked = condition.uses() if condition is not None else {}
    found: dict[int, list[tuple[Value, int]]] = {}
    for k in range(carries):
        value, end, terms = body.inputs[1 + k], body.outputs[k], []
        if is_array(value) or value.dtype.kind != "f" or condition and asked.get(condition.inputs[1 + k]):
            continue
        while value is not end and uses.get(value) == 1 and value in read_by:
            node = read_by[value]
            if node.op.name not in ("add", "subtract") or node.output.dtype != value.dtype:
                break
            first, second = node.inputs
            if second is value and node.op.name == "subtract":
                break
            term = second if first is value else first
            if term.dtype != value.dtype:
                break
            terms.append((term, -1 if node.op.name == "subtract" else 1))
            value = node.output
        if value is end and terms and uses.get(end) == 1:
            found[k] = terms
    return found


@dataclass(frozen=True)
class LateWrite:
    """An ``index_add`` to one place of a carried array: what is added is summed up, and written after the loop."""

    node: Node
    carry: int


def late_writes(body: Graph, condition: Graph | None, carries: int) -> list[LateWrite]:
    """The writes of a loop that can wait for its end: nothing in it sees the array, and the place is always the same."""
    uses, read_by = body.uses(), {v: n for n in body.nodes for v in n.inputs}
    asked = condition.uses() if condition is not None else {}
    fixed = set(body.inputs[1 + carries :])
    found: list[LateWrite] = []
    for k in range(carries):
        value, end, chain = body.inputs[1 + k], body.outputs[k], []
        if not is_array(value) or value.dtype.kind != "f" or condition and asked.get(condition.inputs[1 + k]):
            continue
        while value is not end and uses.get(value) == 1:
            node = read_by.get(value)
            if node is None or node.op.name != "index_add" or node.inputs[0] is not value or has_effect(node):
                break
            chain.append(node)
            value = node.output
        if value is end and uses.get(end) == 1:
            found += [LateWrite(node, k) for node in chain if _waits(node, fixed)]
    return found


def _waits(node: Node, fixed: set[Value]) -> bool:
    base, value, *places = node.inputs
    count = 1
    for size in getattr(value.type, "shape", ()):
        if not isinstance(size, int):
            return False
        count *= size
    still = all(v in fixed or v.node is not None and v.node.op is constant_op for v in places)
    sized = any(isinstance(part, Dim) for part in node.attrs["index"])  # it may be a size of this turn alone
    return still and not sized and 0 < count <= SHORT and value.dtype == base.dtype
