"""Sums that a nest adds up in an array as it goes: where what is added is made for that alone, it is never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bcad.ir import Node, Value

from .elements import Index, item_index
from .kernel import Buffer, Number
from .plan import Step, is_array


@dataclass(frozen=True)
class Landing:
    """Where a root of a nest goes: to the places of an ``index_add`` in `target`."""

    scope: Any
    node: Node
    target: Buffer

    def add(self, index: Index, number: Number) -> None:
        """Add the root's element at `index`."""
        from .lower_index import summed

        scope, (base, value, *arrays) = self.scope, self.node.inputs
        at = scope.flat(self.target, item_index(scope, tuple(base.shape), self.node.attrs["index"], arrays, index))
        before = scope.e.load(self.target, at)
        scope.e.store(self.target, at, summed(scope, before, scope.s.cast(number, value.dtype, base.dtype)))

    def finish(self) -> None:
        """Bind the array when all has been added."""
        self.scope.bind(self.node.output, self.scope.rewritten(self.target))
        self.scope.landed.add(self.node)


def landings(scope: Any, step: Step, k: int) -> dict[Value, Landing]:
    """The roots of a nest, step `k`, that the steps right behind it add to arrays.

    Each array takes one of them: where a second one is added to what the first one leaves, the turns of one loop would
    have to wait for each other.
    """
    from .lower_index import target_of

    found: dict[Value, Landing] = {}
    for j in range(k + 1, len(scope.plan.steps)):
        node = scope.plan.steps[j].node
        if node is None or node.op.name != "index_add" or node in scope.late:
            break
        value = node.inputs[1]
        if value not in step.roots or value in found or not _lands(scope, node, step, k, j):
            break
        target = target_of(scope, node.output, node.inputs[0], j, value)
        target.mutable = True
        found[value] = Landing(scope, node, target)
    return found


def _lands(scope: Any, node: Node, step: Step, k: int, j: int) -> bool:
    """Whether the nest, step `k`, can do what `node`, step `j`, does with one of its roots."""
    base, value, *places = node.inputs
    plan = scope.plan
    alone = plan.readers.get(value) == {j} and value not in scope.graph.outputs and value not in scope.want
    apart = not any(k <= reader < j for reader in plan.readers.get(base, ())) and base not in step.roots
    known = plan.stage[base] <= k and all(plan.stage[v] <= k and not is_array(v) for v in places)
    return alone and apart and known and _same_places(scope, node, step)


def _same_places(scope: Any, node: Node, step: Step) -> bool:
    """Whether the places are as many, axis by axis, as the elements of the nest's domain."""
    from .lower_index import selected_shape

    base, value, *places = node.inputs
    if tuple(value.shape) != step.domain:
        return False
    selected = [size(scope) for size in selected_shape(tuple(base.shape), node.attrs["index"], places)]
    domain = [scope.size(n) for n in value.shape]
    return len(selected) == len(domain) and all(
        a is b or a.op == b.op == "const" and a.data == b.data for a, b in zip(selected, domain, strict=True)
    )
