"""Two loops of the same number of turns made one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcad.ir import Builder, Graph, Node, Value, constant_op, copy_node
from bcad.ops import BY_NAME

VIEWS = ("getitem", "reshape", "transpose")

Simplify = Callable[[Graph], Graph]


def kept_by_turns(loop: Node) -> Sequence[Value]:
    """The arrays that hold a row for each turn of a loop."""
    first, stacks = loop.attrs["carries"], loop.attrs.get("stacks", 0)
    ragged = {k for k, _ in loop.attrs.get("ragged", ())}
    return [loop.outputs[first + k] for k in range(stacks) if k not in ragged]


def joined_loops(graph: Graph, first: Node, second: Node, backwards: bool, simplify: Simplify) -> Graph | None:
    """`graph` with both loops as one where the first one stood; what the second is computed from stands before.

    The second one's turns are taken `backwards`.  None if it reads more of what the first one's turns kept than
    what the same turn did.
    """
    builder = Builder(name=graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}

        def need(node: Node) -> None:
            waiting = [node]
            while waiting:
                node = waiting[-1]
                missing = [v.node for v in node.inputs if v not in mapping and v.node is not None]
                if missing:
                    waiting += missing
                else:
                    waiting.pop()
                    if not all(v in mapping for v in node.outputs):
                        copy_node(builder, node, mapping)

        for node in graph.nodes:
            if node is second or node.outputs and all(v in mapping for v in node.outputs):
                continue
            if node is not first:
                copy_node(builder, node, mapping)
                continue
            for value in (*first.inputs, *second.inputs):
                if value not in mapping and value.node is not None and value not in kept_by_turns(first):
                    need(value.node)
            if not _emit_joined(builder, mapping, first, second, backwards, simplify):
                return None
        return builder.build([mapping[v] for v in graph.outputs])


def _emit_joined(
    builder: Builder, mapping: dict[Value, Value], first: Node, second: Node, backwards: bool, simplify: Simplify
) -> bool:
    builder.location = first.location
    trip, loops = mapping[first.inputs[0]], (first, second)
    carries = [loop.attrs["carries"] for loop in loops]
    kept = [v for v in second.inputs[1 + carries[1] :] if v in kept_by_turns(first)]
    body = Builder(parent=builder, name=first.regions[0].name)
    with body:
        index = body.input(first.regions[0].inputs[0].type)
        carried = [[body.input(v.type, v.name) for v in loop.regions[0].inputs[1 : 1 + n]] for loop, n in zip(loops, carries, strict=True)]
        places = {v: body.input(v.type, v.name) for v in kept}
        results = []
        for loop, own in zip(loops, carried, strict=True):
            constants = [places[v] if v in places else _inside(body, mapping[v]) for v in loop.inputs[1 + len(own) :]]
            turn = body.local(trip) - 1 - index if backwards and loop is second else index
            results.append(body.inline(loop.regions[0], [turn, *own, *constants]))
        (new, rows), (other_new, other_rows) = ((r[:n], r[n:]) for r, n in zip(results, carries, strict=True))
        region = body.build([*new, *other_new, *rows, *other_rows])
    if kept:
        elements = [sum(carries) + first.outputs.index(v) - carries[0] for v in kept]
        told = _told(simplify(region), 1 + sum(carries), elements)
        if told is None:
            return False
        region = told
    starts = [mapping[v] for loop, n in zip(loops, carries, strict=True) for v in loop.inputs[1 : 1 + n]]
    made = builder.emit(
        BY_NAME["loop"], trip, *starts, *body.captured, regions=(region,), carries=sum(carries),
        stacks=len(rows) + len(other_rows), counted=True, length=_length(loops), ragged=_ragged(loops),
    )
    split = [*made[: carries[0]], *made[sum(carries) : sum(carries) + len(rows)], made[-1]]
    other = [*made[carries[0] : sum(carries)], *made[sum(carries) + len(rows) : -1], made[-1]]
    for old, now in zip((*first.outputs, *second.outputs), (*split, *other), strict=True):
        mapping[old] = now
        now.named_after(old)
    return True


def _told(region: Graph, start: int, elements: Sequence[int]) -> Graph | None:
    """`region` without its inputs from `start` on: rows that other turns kept, of which it reads its own turn's alone.

    What a turn keeps are the outputs at `elements`.  None if it reads anything else of these inputs, or reads its own
    turn's numbers to add them up at places which vary: then the loops apart do their work on several numbers at once.
    """
    rows = dict(zip(region.inputs[start:], elements, strict=False))
    index = region.inputs[0]
    if _scatters(region):
        return None
    builder = Builder(name=region.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in region.inputs if v not in rows}
        for node in region.nodes:
            read = [v for v in node.inputs if v in rows]
            if not read:
                copy_node(builder, node, mapping)
            elif node.op is BY_NAME["getitem"] and node.inputs == (read[0], index) and len(node.attrs["index"]) == 1:
                kept = mapping[region.outputs[rows[read[0]]]]
                if (kept.type.dtype, kept.type.shape) != (node.output.type.dtype, node.output.type.shape):
                    return None
                same = kept.type == node.output.type
                mapping[node.output] = kept if same else BY_NAME["as_kind"](kept, kind=node.output.type.kind, dtype=kept.dtype)
            else:
                return None
        if any(v in rows for v in region.outputs):
            return None
        return builder.build([mapping[v] for v in region.outputs])


def _scatters(region: Graph) -> bool:
    """Whether numbers are added up at places that vary otherwise than from turn to turn by one."""
    still = set(region.inputs)
    return any(
        node.op.name == "index_add" and not node.inputs[1].type.shape
        and any(v not in still and (v.node is None or v.node.op is not constant_op) for v in node.inputs[2:])
        for node in region.nodes
    )


def _inside(body: Builder, value: Value) -> Value:
    """A value from outside of a loop; a view is made again inside, where the other loop may have made it."""
    node = value.node
    if value.scope is not body.parent or node is None or node.op.name not in VIEWS:
        return body.local(value)
    made: Value = body.emit(node.op, *(_inside(body, v) for v in node.inputs), **node.attrs)
    return made


def _length(loops: Sequence[Node]) -> object:
    lengths = [loop.attrs["length"] for loop in loops if loop.attrs.get("length") is not None]
    return lengths[0] if lengths else None


def _ragged(loops: Sequence[Node]) -> tuple[tuple[int, object], ...]:
    first, second = loops
    shift = first.attrs.get("stacks", 0)
    return (*first.attrs.get("ragged", ()), *((k + shift, total) for k, total in second.attrs.get("ragged", ())))
