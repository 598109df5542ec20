"""A loop and the reverse of it run as one, where the reverse only adds up and both compute the same dear things.

``for i in range(n): total += f(x[i])`` has a reverse loop that goes from the last turn to the first and
computes much of f again.  Where it only adds to its carries, as here, the order of its turns is free:
turned around it does in turn i what belongs to turn i of the first loop, and what they share is done once.
"""

from __future__ import annotations

from collections.abc import Callable

from bcad.ir import Graph, Node, Value, has_effect, type_symbols
from bcad.ops import BY_NAME, Elementwise

from .joined_loop import joined_loops, kept_by_turns
from .regions import in_regions

LIGHT = frozenset(
    """add subtract multiply negative positive square absolute fabs sign less less_equal greater greater_equal equal
    not_equal logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor invert maximum minimum
    where mask clip astype as_kind real imag conjugate signbit isnan isfinite isinf floor ceil power""".split()
)  # elements that cost a cycle or two; integer powers among them
SHORT = 64  # operations of a turn; the turns of longer loops overlap better in two loops, each with a shorter chain
SUMS = ("add", "subtract")
BUDGET = 5000

Simplify = Callable[[Graph], Graph]


class Joiner:
    """Joins the loops of one program.

    Parameters
    ----------
    simplify : callable
        Makes the graph of two joined loops simple, so that what they share is there once.
    budget : int
        How many operations it may simplify in all, for trying what may not pay.
    """

    def __init__(self, simplify: Simplify, budget: int = BUDGET) -> None:
        self.simplify, self.budget = simplify, budget

    def join(self, graph: Graph) -> Graph:
        """`graph` with the loops joined that do the same dear work in the same number of turns, regions included."""
        graph = in_regions(graph, self.join)
        while (joined := self._first(graph)) is not None:
            graph = joined
        return graph

    def _first(self, graph: Graph) -> Graph | None:
        """One pair of loops fewer; None if there is no pair that is worth it."""
        loops = [node for node in graph.nodes if _is_plain(node)]
        if len(loops) < 2:
            return None
        size = sum(1 for _ in graph.walk())
        dear = {node: _dear_ops(node) for node in loops}
        for k, first in enumerate(loops):
            for second in loops[k + 1 :]:
                if second.inputs[0] is not first.inputs[0]:
                    continue
                if dear[first].isdisjoint(dear[second]) and not any(v in kept_by_turns(first) for v in second.inputs):
                    continue
                if size > self.budget:
                    return None
                self.budget -= size
                joined = self._joined(graph, first, second)
                if joined is not None:
                    return joined
        return None

    def _joined(self, graph: Graph, first: Node, second: Node) -> Graph | None:
        """`graph` with two loops as one, if that may be and pays: in their own order, or with the second one turned around."""
        if not _is_free(graph, first, second):
            return None
        for backwards in (False, True) if is_additive(second) else (False,):
            made = joined_loops(graph, first, second, backwards, self.simplify)
            if made is not None and _gains(graph, made := in_regions(self.simplify(made), self.join)):
                return made
        return None


def _is_free(graph: Graph, first: Node, second: Node) -> bool:
    """Whether the second loop could run beside the first: it reads nothing of it, but what each turn kept."""
    if not _sizes_of_turns(graph, first).isdisjoint(_sizes_of_turns(graph, second)):
        return False  # a size has one name in both, and may differ from turn to turn
    return _may_pass(graph, first, second) and not _waits_for(second, first)


# -- which loops ---------------------------------------------------------------------------------
def _is_plain(node: Node) -> bool:
    """Whether a loop runs its whole count, without effects."""
    counted = node.op is BY_NAME["loop"] and node.attrs.get("counted", True)
    return bool(counted) and len(node.regions) == 1 and not has_effect(node)


def _waits_for(second: Node, first: Node) -> bool:
    """Whether a loop is computed from what another one gives, apart from what its turns kept and this one reads itself."""
    kept, constants = kept_by_turns(first), 1 + second.attrs["carries"]  # what it begins with is read as a whole
    waiting = [v.node for k, v in enumerate(second.inputs) if v.node is not None and (k < constants or v not in kept)]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node is first:
            return True
        if node not in seen:
            seen.add(node)
            waiting += [v.node for v in node.inputs if v.node is not None]
    return False


def _may_pass(graph: Graph, first: Node, second: Node) -> bool:
    """Whether the second loop, and what it is computed from, may stand where the first one does."""
    start, stop = graph.nodes.index(first), graph.nodes.index(second)
    before = {*graph.inputs, *(v for node in graph.nodes[: start + 1] for v in node.outputs)}
    known: set[str] = set().union(*map(type_symbols, before))
    between = graph.nodes[start + 1 : stop]
    return not any(node.op.effect and node.outputs or any(type_symbols(v) - known for v in node.outputs) for node in between)


def _sizes_of_turns(graph: Graph, loop: Node) -> set[str]:
    """The symbols of sizes that only a turn of a loop knows."""
    outside = {*graph.inputs, *loop.regions[0].inputs, *(v for node in graph.nodes for v in node.outputs)}
    inside = {v for node in loop.regions[0].walk() for v in node.outputs}
    return set().union(*map(type_symbols, inside)) - set().union(*map(type_symbols, outside))


def is_additive(node: Node) -> bool:
    """Whether the turns of a loop may be taken in any order: each only adds to the carries, and reads none."""
    return not node.attrs.get("stacks", 0) and all(_only_added_to(node.regions[0], 1 + k, k) for k in range(node.attrs["carries"]))


def _only_added_to(region: Graph, position: int, result: int) -> bool:
    """Whether an input goes, through sums alone and read by nothing else, to an output."""
    uses, readers = region.uses(), {v: node for node in region.nodes for v in node.inputs}
    value, end = region.inputs[position], region.outputs[result]
    while value is not end:
        node = readers.get(value)
        if uses.get(value) != 1 or node is None or has_effect(node):
            return False
        following = _sum_with(node, value)
        if following is None:
            return False
        value = following
    return uses.get(end) == 1 and end.type.dtype.kind in "fc"


def _sum_with(node: Node, value: Value) -> Value | None:
    """The result of `node` that is `value` with something added; None if there is none."""
    place = node.inputs.index(value)
    if node.op.name in SUMS:
        same = node.output.type == value.type
        return node.output if same and (place == 0 or node.op.name == "add") else None
    if node.op.name == "index_add":
        return node.output if place == 0 else None
    if not _is_plain(node) or not 1 <= place <= node.attrs["carries"]:
        return None
    return node.outputs[place - 1] if _only_added_to(node.regions[0], place, place - 1) else None


# -- what there is to win --------------------------------------------------------------------------
def _gains(before: Graph, after: Graph) -> bool:
    """Whether less is computed, or less is kept for later and no more computed."""
    work, tapes = (_work(after) - _work(before), _tapes(after) - _tapes(before))
    return work < 0 or work == 0 and tapes < 0 and max(map(_size, _loops(after))) <= SHORT


def _dear_ops(node: Node) -> set[str]:
    return {inner.op.name for region in node.regions for inner in region.walk() if _is_dear(inner)}


def _is_dear(node: Node) -> bool:
    return isinstance(node.op, Elementwise) and node.op.name not in LIGHT and node.output.dtype.kind in "fc"


def _work(graph: Graph) -> int:
    """How many dear operations there are."""
    return sum(map(_is_dear, graph.walk()))


def _tapes(graph: Graph) -> int:
    """How many arrays loops keep of their turns."""
    return sum(node.attrs.get("stacks", 0) for node in _loops(graph))


def _loops(graph: Graph) -> list[Node]:
    return [node for node in graph.walk() if node.op is BY_NAME["loop"]]


def _size(loop: Node) -> int:
    return sum(1 for _ in loop.regions[0].walk())
