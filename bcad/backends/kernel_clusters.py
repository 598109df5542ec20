"""Which operations of a graph share a loop nest: the kernels that a picture shows."""

from __future__ import annotations

from bcad.ir import Graph, Node, Value

from .fuse import Planner


def clusters(graph: Graph) -> dict[Node, int]:
    """The kernel, counted from 1, of each operation that is computed together with another one."""
    from .specials import is_element

    plan = Planner(graph, is_element, lambda node: node.inputs, graph.outputs).plan()
    roots = {root for step in plan.steps for root in step.roots}
    found: dict[Node, int] = {}
    count = 0
    for step in [m for step in plan.steps for m in step.members or [step]]:
        together: dict[Node, None] = {}
        todo: list[Value] = list(step.roots) if step.node is None else []
        while todo:
            node = todo.pop().node
            if node is not None and node not in together and node not in found:
                together[node] = None
                todo += [v for v in node.inputs if v not in roots and v.shape and v.node in plan.live]
        if len(together) > 1:
            count += 1
            found.update(dict.fromkeys(together, count))
    return found
