"""Drop what nothing reads: nodes, results and operands of regions, carries of loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Builder, Graph, Node, Value, live_part, symbols_of, type_symbols
from bcad.ops import BY_NAME


def dce(graph: Graph) -> Graph:
    """`graph` without dead nodes; its inputs and outputs stay."""
    live = live_part(graph)
    slim = _slim(live)
    return live if slim is live else live_part(slim)


def select(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Graph:
    """The part of `graph` that computes some outputs, with some inputs dropped (unused ones)."""
    kept = Graph(
        [graph.inputs[k] for k in inputs], graph.nodes, [graph.outputs[k] for k in outputs], graph.name
    )
    return live_part(kept)


def _slim(graph: Graph) -> Graph:
    """Rebuild with regions that compute and take only what is used."""
    if not any(node.regions for node in graph.nodes):
        return graph
    uses = graph.uses()
    uses.update(dict.fromkeys(_binders_of_read_sizes(graph, uses), 1))
    builder = Builder(name=graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            builder.location = node.location
            _copy(builder, node, mapping, uses)
        return builder.build([mapping[v] for v in graph.outputs])


def _binders_of_read_sizes(graph: Graph, uses: dict[Value, int]) -> list[Value]:
    """Results that nothing reads, of regions, but whose sizes something does."""
    named = set().union(*map(type_symbols, graph.inputs))
    unread = {v: node for node in graph.nodes if node.regions for v in node.outputs
              if not uses.get(v) and type_symbols(v) - named}
    if not unread:
        return []
    mentions = [(node, symbols_of(node)) for node in graph.nodes]
    given = set().union(*map(type_symbols, graph.outputs))
    return [v for v, own in unread.items() if not given.isdisjoint(wanted := type_symbols(v) - named)
            or any(node is not own and not wanted.isdisjoint(found) for node, found in mentions)]


def _copy(builder: Builder, node: Node, mapping: dict[Value, Value], uses: dict[Value, int]) -> None:
    used = [bool(uses.get(v)) for v in node.outputs]
    inputs = [mapping[v] for v in node.inputs]
    kept: Sequence[int] = range(len(node.outputs))
    if node.op is BY_NAME["cond"]:
        inputs, regions, attrs, kept = _slim_cond(node, inputs, used)
    elif node.op is BY_NAME["loop"]:
        inputs, regions, attrs, kept = _slim_loop(node, inputs, used)
    else:
        regions, attrs = tuple(dce(r) for r in node.regions), node.attrs
    result = builder.emit(node.op, *inputs, regions=regions, **attrs)
    outputs = result if isinstance(result, tuple) else (result,)
    for position, new in zip(kept, outputs, strict=True):
        old = node.outputs[position]
        mapping[old] = new
        new.named_after(old)


def _slim_cond(node: Node, inputs: list[Value], used: list[bool]) -> tuple[Any, ...]:
    kept = [k for k, u in enumerate(used) if u]
    everything = range(len(node.regions[0].inputs))
    arms = [dce(select(r, everything, kept)) for r in node.regions]
    needed = [k for k in everything if any(_reads(arm, k) for arm in arms)]
    regions = tuple(select(arm, needed, range(len(kept))) for arm in arms)
    attrs = dict(node.attrs)
    if attrs.get("types") is not None:
        attrs["types"] = tuple(attrs["types"][k] for k in kept)
    return [inputs[0], *(inputs[1 + k] for k in needed)], regions, attrs, kept


def _slim_loop(node: Node, inputs: list[Value], used: list[bool]) -> tuple[Any, ...]:
    """Drop carries and stacks that neither a used result nor a live carry depends on."""
    carries, stacks = node.attrs["carries"], node.attrs.get("stacks", 0)
    first = int(node.attrs.get("counted", True))
    wanted = {k for k in range(carries) if used[k]}
    kept_stacks = [s for s in range(stacks) if used[carries + s]]
    body, others = node.regions[0], list(node.regions[1:])
    live = _live_carries(body, others, wanted, kept_stacks, carries)
    outputs = [*live, *(carries + s for s in kept_stacks)]
    body, *others = (dce(r) for r in (select(body, range(len(body.inputs)), outputs), *others))
    # What is in the body has shrunk: fewer carries may be read now.
    again = _live_carries(body, others, {live.index(k) for k in wanted}, range(len(kept_stacks)), len(live), live)
    outputs = [*again, *(len(live) + s for s in range(len(kept_stacks)))]
    regions = [select(body, range(len(body.inputs)), outputs), *others]
    live = [live[k] for k in again]
    constants = range(carries, len(node.regions[0].inputs) - 1)
    needed = [k for k in constants if any(_reads(r, 1 + k) for r in regions)]
    positions = [0, *(1 + k for k in live), *(1 + k for k in needed)]
    slim = tuple(select(r, positions, range(len(r.outputs))) for r in regions)
    operands = [*inputs[:first], *(inputs[first + p - 1] for p in positions[1:])]
    ragged = {k: total for k, total in node.attrs.get("ragged", ())}
    attrs = {**node.attrs, "carries": len(live), "stacks": len(kept_stacks)}
    attrs["ragged"] = tuple((j, ragged[s]) for j, s in enumerate(kept_stacks) if s in ragged)
    kept = [*live, *(carries + s for s in kept_stacks), carries + stacks]
    return operands, slim, attrs, kept


def _live_carries(
    body: Graph, others: Sequence[Graph], wanted: set[int], stacks: Sequence[int], carries: int,
    places: Sequence[int] | None = None,
) -> list[int]:
    """The carries that a wanted one, a stack or a condition depends on; `places` are their inputs if some are gone."""
    places = range(carries) if places is None else places
    live = set(wanted)
    while True:
        part = select(body, range(len(body.inputs)), [*sorted(live), *(carries + s for s in stacks)])
        more = {k for k in range(carries) if any(_reads(r, 1 + places[k]) for r in (part, *others))}
        if more <= live:
            return sorted(live)
        live |= more


def _reads(graph: Graph, position: int) -> bool:
    value = graph.inputs[position]
    return value in graph.outputs or any(value in node.inputs for node in graph.nodes)
