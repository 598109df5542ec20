"""Steps that are run a few rows at a time, so that what they hand on stays in the cache, or in registers.

The members of a group go over arrays with equally long leading axes, and read of what other members make only the row
that they are at.  A group stands where its first member stood: later ones may read nothing that is made in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bcad.ir import Node, Size, Value
from bcad.ops import Reduction

from .plan import Step, is_array
from .row_axes import row_axes
from .small_products import product_of_rows, sum_over_rows

FEW = 32  # rows, or fewer, are in registers or in the cache anyway
SCANS = frozenset(("cumsum", "cumprod", "cummax", "cummin"))


@dataclass(eq=False)
class _Group:
    position: int
    rows: Size
    steps: list[int]
    sources: set[Value]  # whole arrays that the members read


@dataclass(frozen=True)
class _Reads:
    """What a step reads: values with the axis along which the row goes; how many steps must come before the step."""

    values: tuple[tuple[Value, int | None], ...]
    after: int


def grouped(planner: Any) -> list[Step]:
    """The steps of a planner, put together where that spares memory."""
    return _Grouping(planner).run()


class _Grouping:

    def __init__(self, planner: Any) -> None:
        self.planner = planner
        self.steps: list[Step] = planner.steps
        self.groups: list[_Group] = []
        self.of: dict[int, _Group] = {}
        self.reads: dict[int, _Reads] = {}

    def run(self) -> list[Step]:
        """The steps in their new order."""
        for k, step in enumerate(self.steps):
            rows = row_count(step)
            if rows is not None and not (isinstance(rows, int) and rows <= FEW):
                self.reads[k] = self._reads(step)
                self._join(k, rows)
        order: list[tuple[int, list[Step]]] = [(k, [s]) for k, s in enumerate(self.steps) if k not in self.of]
        order += [(g.position, self._made(g)) for g in self.groups]
        return [step for _, steps in sorted(order, key=lambda pair: pair[0]) for step in steps]

    def _made(self, group: _Group) -> list[Step]:
        members = [self.steps[k] for k in sorted(group.steps)]
        roots = [v for m in members for v in m.roots]
        kept = {v for v in roots if made_by_row(v, group.rows) and self._stays(v, group)}
        if len(members) < 2 or not kept:
            return members
        return [Step(roots=roots, members=members, rows=group.rows, kept=kept)]

    def _stays(self, value: Value, group: _Group) -> bool:
        """Whether nobody reads a value but the members of a group."""
        planner = self.planner
        if value in planner.outputs or value in planner.read_by_numbers:
            return False
        return all(k in group.steps for k in planner.readers_of(value))

    # -- who goes with whom ------------------------------------------------------------------------
    def _join(self, k: int, rows: Size) -> None:
        """Enter a step into the group of those that it reads from, or of those that read the same arrays."""
        reads = self.reads[k]
        made_by = {self.of[d] for d in self._makers(reads) if d in self.of}
        sources = {v for v, axis in reads.values if axis == 0 and v not in self.planner.step_of and is_array(v)}
        related = [g for g in self.groups if g.rows == rows and (g in made_by or not sources.isdisjoint(g.sources))]
        own = _Group(k, rows, [k], sources)
        for n, group in enumerate(related):  # the earliest that will have it, with the later ones if they may come too
            others = related[n + 1 :]
            if self._fits([own, *others], group):
                self._add([own, *others], group)
                return
            if self._fits([own], group):
                self._add([own], group)
                return
        self.groups.append(own)
        self.of[k] = own

    def _add(self, others: list[_Group], group: _Group) -> None:
        for other in others:
            group.steps += other.steps
            group.sources |= other.sources
            self.of.update(dict.fromkeys(other.steps, group))
        self.groups = [g for g in self.groups if g not in others]

    def _fits(self, others: list[_Group], group: _Group) -> bool:
        """Whether the steps of some groups can run in another that stands earlier."""
        coming = [k for other in others for k in other.steps]
        inside = {*group.steps, *coming}
        for k in coming:
            reads = self.reads[k]
            if reads.after > group.position:
                return False
            for value, axis in reads.values:
                maker = self.planner.step_of.get(value)
                if maker is None:
                    continue
                if maker in inside:
                    if axis != 0 or not made_by_row(value, group.rows):
                        return False
                elif (self.of[maker].position if maker in self.of else maker) >= group.position:
                    return False
        return True

    def _makers(self, reads: _Reads) -> set[int]:
        step_of = self.planner.step_of
        return {step_of[v] for v, _ in reads.values if v in step_of}

    # -- what a step reads -----------------------------------------------------------------------
    def _reads(self, step: Step) -> _Reads:
        planner = self.planner
        after = planner.known_from(step.domain or step.roots[0].shape)
        found: dict[tuple[Value, int | None], None] = {}
        seen: set[tuple[Value, int | None]] = set()
        stack: list[tuple[Value, int | None]] = []
        for root in step.roots:
            assert root.node is not None
            stack += _read_by(root.node)
        while stack:
            value, axis = pair = stack.pop()
            if pair in seen:
                continue
            seen.add(pair)
            if value not in planner.lazy or value in planner.roots:
                found[pair] = None
                if value not in planner.step_of:
                    after = max(after, planner.stage[value])
            else:
                assert value.node is not None
                stack += row_axes(value.node, axis) if axis is not None else [(v, None) for v in value.node.inputs]
        return _Reads(tuple(found), after)


def made_by_row(value: Value, rows: Size) -> bool:
    """Whether a row of what a member makes is complete when the member has gone over that row."""
    node = value.node
    if node is None or not is_array(value) or value.shape[0] != rows:
        return False
    return not isinstance(node.op, Reduction) or 0 not in node.attrs["axis"]


def row_count(step: Step) -> Size | None:
    """How many rows a step goes over, if it can be run on a few of them."""
    if step.node is None:
        if not step.domain or any(v.node is None for v in step.roots):
            return None
        rows: Size = step.domain[0]
        return rows
    node = step.node
    if node.op.name in SCANS and node.attrs["axis"] != 0 and is_array(node.output):
        rows = node.output.shape[0]
        return rows
    if node.op.name == "matmul" and (product_of_rows(node) or sum_over_rows(node)):
        rows = node.inputs[0].shape[0 if product_of_rows(node) else 1]
        return rows
    return None


def _read_by(node: Node) -> list[tuple[Value, int | None]]:
    """What a root's node reads, with the axes along which the row goes."""
    if node.op.name == "matmul":
        return list(zip(node.inputs, (0, None) if product_of_rows(node) else (1, 0), strict=True))
    if isinstance(node.op, Reduction) or node.op.name in SCANS:
        return [(v, 0) for v in node.inputs]
    return row_axes(node, 0)
