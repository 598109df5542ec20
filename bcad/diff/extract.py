"""Parts of graphs: what is needed for some values, copied to another builder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bcad.ir import ArrayType, Builder, Dim, Graph, Node, Type, Value, copy_node, symbols
from bcad.ops import cond


def needed_nodes(
    nodes: Sequence[Node], values: Iterable[Value], known: Collection[Value] = (), also: Collection[Node] = ()
) -> list[Node]:
    """The nodes that compute `values` from `known` ones, in order, and those in `also` with what they need."""
    wanted = {v for v in values if v not in known}
    found = []
    for node in reversed(nodes):
        if node in also or any(v in wanted for v in node.outputs):
            found.append(node)
            wanted.update(v for v in node.inputs if v not in known)
    return found[::-1]


def with_binders(
    nodes: Sequence[Node], values: Sequence[Value], known: Collection[Value], also: Collection[Node], local: Collection[str]
) -> list[Node]:
    """The same, with the nodes that give the `local` symbols their meaning."""
    also = list(also)
    while True:
        found = needed_nodes(nodes, values, known, also)
        missing = missing_symbols(found, bound_symbols(known)) & set(local)
        binders = [next((n for n in nodes if name in bound_symbols(n.outputs)), None) for name in sorted(missing)]
        new = [n for n in binders if n is not None and n not in found]
        if not new:
            return found
        also += new


def copy_nodes(builder: Builder, nodes: Iterable[Node], mapping: dict[Value, Value]) -> None:
    """Emit `nodes` again; outputs that `mapping` has already are kept as they are."""
    for node in nodes:
        before = {v: mapping[v] for v in node.outputs if v in mapping}
        copy_node(builder, node, mapping)
        mapping.update(before)


def name_of(node: Node) -> str:
    """What the user calls a call, or a region with a rule of its own."""
    fn = node.attrs.get("fn")
    if fn is not None:
        return getattr(fn.value, "__name__", str(fn.value))
    return node.regions[0].name if node.regions else node.op.name


def emit_cond(predicate: Value, operands: Sequence[Value], regions: Sequence[Graph], types: Sequence[Type]) -> Any:
    """A cond whose results have these types: said where the arms know the sizes by other symbols."""
    same = all(tuple(v.type for v in arm.outputs) == tuple(types) for arm in regions)
    return cond(predicate, *operands, regions=regions, **({} if same else {"types": tuple(types)}))


# -- symbols of sizes -------------------------------------------------------------------------------
def type_symbols(type_: Type) -> frozenset[str]:
    """The symbols of sizes in a type."""
    if not isinstance(type_, ArrayType):
        return frozenset()
    return frozenset().union(*map(symbols, type_.shape))


def bound_symbols(values: Iterable[Value]) -> set[str]:
    """The symbols that stand bare in the shapes of values."""
    shapes = [v.type.shape for v in values if isinstance(v.type, ArrayType)]
    return {str(s) for shape in shapes for s in shape if isinstance(s, Dim) and s.is_symbol()}


def used_symbols(node: Node) -> set[str]:
    """The symbols that a node mentions in its attributes, its results and its regions."""
    found = set().union(*(type_symbols(v.type) for v in node.outputs), *map(attr_symbols, node.attrs.values()))
    for region in node.regions:
        found |= set().union(*map(used_symbols, region.nodes), *(type_symbols(v.type) for v in region.inputs))
    return found


def missing_symbols(nodes: Iterable[Node], bound: Collection[str]) -> set[str]:
    """The symbols that `nodes` must know before any of them gives them their meaning."""
    known, found = set(bound), set()
    for node in nodes:
        if not node.regions:  # those of cond and loop only declare
            found |= set().union(*map(attr_symbols, node.attrs.values())) - known
        for region in node.regions:
            found |= missing_symbols(region.nodes, known | bound_symbols(region.inputs))
        known |= bound_symbols(node.outputs)
    return found


def attr_symbols(attr: Any) -> frozenset[str]:
    """The symbols in an attribute (a name that it only introduces is a str, and not one)."""
    if isinstance(attr, Dim):
        return symbols(attr)
    if isinstance(attr, slice):
        return attr_symbols((attr.start, attr.stop, attr.step))
    if isinstance(attr, ArrayType):
        return type_symbols(attr)
    if isinstance(attr, tuple):
        return frozenset().union(*map(attr_symbols, attr))
    return frozenset()
