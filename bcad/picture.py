"""Pictures of graphs as SVG: operations in layers from inputs to outputs, loops and branches as frames.

Boxes with a stripe of one colour share a kernel, as the graph that is shown is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from bcad.backends import Notation, clusters, index_text, reading_name
from bcad.ir import Graph, Names, Node, Value, constant_op, dim_op
from bcad.ops import Elementwise, operands_of

FONT, SMALL = 13, 10
CHARACTER, SMALL_CHARACTER = 7.6, 5.9  # widths
GAP_X, GAP_Y, MARGIN, PAD = 22, 42, 14, 10
_FOLD_ABOVE = 8  # nodes; larger graphs are drawn with elementwise operations folded into those that use them
_LONGEST = 46  # characters of a folded expression
_NAME = 14  # characters of a name that a region's input takes over
_BEND = 8.0  # width that a line takes between boxes
_MOST = 160  # boxes; what comes after is said in one box
COLOURS = {
    "input": ("#e8f0fe", "#4a7fd6"), "output": ("#e6f4ea", "#3f9b5c"), "op": ("#ffffff", "#8a8f98"),
    "library": ("#fff4e0", "#d69a3a"), "region": ("#f6f2fb", "#8b6fc0"), "more": ("#f3f3f3", "#8a8f98"),
}
KERNELS = ("#4a7fd6", "#3f9b5c", "#d6584a", "#8b6fc0", "#d69a3a", "#3aa6b8")
_LAYOUT = ("reshape", "transpose", "broadcast_to", "full", "getitem")
_LIBRARY = frozenset("matmul solve inv det slogdet cholesky eigh eig svd qr einsum pinv fft rfft irfft sort argsort".split())


@dataclass(eq=False)
class Box:
    """One thing that is drawn; `inner` are the pictures of its regions."""

    title: str
    detail: str = ""
    kind: str = "op"
    sources: list[Box] = field(default_factory=list)
    inner: list[tuple[str, Picture]] = field(default_factory=list)
    kernel: int = 0  # of those that are compiled to one loop nest; 0: alone
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    floor: float = 0.0  # where the layer ends: a line goes straight down to it

    def measure(self) -> None:
        self.width = max(CHARACTER * len(self.title), SMALL_CHARACTER * len(self.detail), 24) + 2 * PAD
        self.height = FONT + (SMALL + 4 if self.detail else 0) + 2 * PAD - 4
        if self.inner:
            self.width = max(self.width, sum(p.width for _, p in self.inner) + PAD * (len(self.inner) + 1))
            self.height += max(p.height for _, p in self.inner) + SMALL + PAD


class Picture:
    """The layout of one graph, those of its regions inside."""

    def __init__(self, graph: Graph, names: Names | None = None, labels: Sequence[str] = ()) -> None:
        self.labels = labels
        self.names = names or Names()
        self.boxes: list[Box] = []
        self._box_of: dict[Value, Box] = {}
        self._folded = _folded(graph)
        self._read = {v for n in graph.nodes for v in n.inputs}
        self.notation = Notation("", self.names, inline=lambda v: v in self._folded)
        for value in graph.inputs:
            if value in self._read or value in graph.outputs:
                self._add(Box(self.names.of(value), str(value.type), "input"), [value])
        self._kernels = clusters(graph) if names is None else {}
        self._nodes(graph)
        self._tell_kernels()
        self._outputs(graph)
        self._place()

    def _add(self, box: Box, values: Iterable[Value]) -> None:
        box.measure()
        self.boxes.append(box)
        for value in values:
            self._box_of[value] = box

    def _nodes(self, graph: Graph) -> None:
        shown = [n for n in graph.nodes if n.op not in (constant_op, dim_op) and not self._folded.issuperset(n.outputs)]
        shown = [n for n in shown if n.outputs or n.op.effect]
        for k, node in enumerate(shown):
            if k == _MOST:
                self._add(Box(f"and {len(shown) - k} more", "", "more"), [v for n in shown[k:] for v in n.outputs])
                return
            if node.op.name == "loop" and node.regions[0].inputs[0].name is None:
                self.names._given[node.regions[0].inputs[0]] = self.names._unique("i")
            title = self._title(node)
            for value in node.outputs:
                if value in self._read or node.regions:
                    self.names._given[value] = reading_name(value, self.names)
            if not node.regions and len(node.outputs) == 1 and node.output in self._read:
                title = f"{self.names.of(node.output)} = {title}"
            box = Box(title, self._detail(node), _kind(node))
            self._regions(node, box)
            box.sources = self._sources(node)
            box.kernel = self._kernels.get(node, 0)
            self._add(box, node.outputs)

    def _tell_kernels(self) -> None:
        """Say which boxes are computed in one kernel, counted from 1."""
        shared: dict[int, list[Box]] = {}
        for box in self.boxes:
            shared.setdefault(box.kernel, []).append(box)
        groups = [boxes for kernel, boxes in shared.items() if kernel and len(boxes) > 1]
        for box in self.boxes:
            box.kernel = next((k for k, boxes in enumerate(groups, 1) if box in boxes), 0)
            if box.kernel:
                box.detail += f"  kernel {box.kernel}"
                box.measure()

    def _regions(self, node: Node, box: Box) -> None:
        """The pictures inside: their inputs and results are called as outside."""
        loop = node.op.name == "loop"
        carries = node.attrs["carries"] if loop else 0
        results = [self.names.of(v) for v in node.outputs]
        for label, region in zip(_labels(node), node.regions, strict=False):
            operands = operands_of(node) if node.op.name in ("cond", "loop") else node.inputs
            for k, (inner, outer) in enumerate(zip(region.inputs[int(loop) :], operands, strict=False)):
                text = results[k] if loop and k < carries else self.notation.of(outer).text
                if len(text) <= _NAME and re.fullmatch(r"[\w.\[\]]+", text):
                    self.names._given[inner] = text
            if loop:
                self.names._given[region.inputs[0]] = self.names.of(node.regions[0].inputs[0])
            if label in ("then", "else"):
                ends: Sequence[str] = results
            else:
                ends = [f"next {r}" for r in results[:carries]] + ["saved"] * (len(region.outputs) - carries) if label == "each time" else ()
            box.inner.append((label, Picture(region, self.names, ends)))

    def _sources(self, node: Node) -> list[Box]:
        found: dict[Box, None] = {}
        todo = list(node.inputs)
        while todo:
            value = todo.pop(0)
            if value in self._box_of:
                found[self._box_of[value]] = None
            elif value in self._folded and value.node is not None:
                todo += value.node.inputs
        return list(found)

    def _title(self, node: Node) -> str:
        """``exp(x)``, ``x + 1``: the operation, with what is folded into it written out."""
        if node.op.name == "loop":
            counted = node.attrs.get("counted", True)
            index = self.names.of(node.regions[0].inputs[0])
            return f"for {index} in range({self.notation.of(node.inputs[0])})" if counted else "while"
        if node.regions:
            return f"if {self.notation.of(node.inputs[0])}" if node.op.name == "cond" else node.op.name
        if node.op.name in ("set_item", "index_add"):
            base, item, *_ = (self.notation.of(v).text for v in node.inputs)
            index = index_text(self.notation, node.attrs["index"], node.inputs[2:])
            written = f"[{index}] {'=' if node.op.name == 'set_item' else '+='} {item}"
            text = f"{base}{written}" if base.isidentifier() else f"{base}, then {written}"
        else:
            text = self.notation.node(node).text
        return text if len(text) <= _LONGEST else f"{node.op.name}(…)"

    def _detail(self, node: Node) -> str:
        if node.regions:
            types = ", ".join(self.names.of(v) for v in node.outputs[:4]) + (", …" if len(node.outputs) > 4 else "")
        else:
            types = ", ".join(str(v.type) for v in node.outputs[:3]) + (", …" if len(node.outputs) > 3 else "")
        if node.location is None or node.location.line is None:
            return types
        return f"{types}  {node.location.file.rsplit('/', 1)[-1]}:{node.location.line}"

    def _outputs(self, graph: Graph) -> None:
        for k, value in enumerate(graph.outputs):
            node = value.node
            constant = node is not None and node.op in (constant_op, dim_op)
            title = f"result {k + 1}" if len(graph.outputs) > 1 else "result"
            title = self.labels[k] if k < len(self.labels) else title
            box = Box(title, self.notation.of(value).text[:30] if constant else str(value.type), "output")
            box.sources = [] if constant else [self._box_of[value]]
            self._add(box, [])

    # -- layout --------------------------------------------------------------------------------
    def _place(self) -> None:
        for box in self.boxes:
            box.layer = max((s.layer + 1 for s in box.sources), default=0)
        last = max((b.layer for b in self.boxes), default=0)
        for box in self.boxes:
            if box.kind == "output":
                box.layer = max(last, 1)
        for box in self.boxes:  # what reads nothing stands above its first user
            users = [b.layer for b in self.boxes if box in b.sources]
            if not box.sources and box.kind == "op" and users:
                box.layer = min(users) - 1
        layers: list[list[Box]] = [[] for _ in range(max((b.layer for b in self.boxes), default=0) + 1)]
        for box in self.boxes:
            layers[box.layer].append(box)
        for box in self.boxes:
            box.sources = [self._led(source, box, layers) for source in box.sources]
        self._order(layers)
        y = float(MARGIN)
        for layer in layers:
            x = float(MARGIN)
            height = max((b.height for b in layer), default=0)
            for box in layer:
                box.x, box.y = x, y
                box.height = height if box.kind == "bend" else box.height
                box.floor = y + height
                x += box.width + GAP_X
            y += height + GAP_Y
        everything = [b for layer in layers for b in layer]
        self.width = max((b.x + b.width for b in everything), default=0) + MARGIN
        self.height = max((b.y + b.height for b in everything), default=0) + MARGIN
        self._straighten(layers)
        self.boxes = everything

    @staticmethod
    def _led(source: Box, target: Box, layers: list[list[Box]]) -> Box:
        """The last of the bends by which a long line goes past the layers between."""
        for layer in range(source.layer + 1, target.layer):
            known = next((b for b in layers[layer] if b.kind == "bend" and b.sources == [source]), None)
            if known is None:
                known = Box("", kind="bend", sources=[source], layer=layer, width=_BEND)
                layers[layer].append(known)
            source = known
        return source

    @staticmethod
    def _order(layers: list[list[Box]]) -> None:
        """Boxes near what they read, so that few lines cross."""
        users: dict[Box, list[Box]] = {}
        for layer in layers:
            for box in layer:
                for source in box.sources:
                    users.setdefault(source, []).append(box)
        for sweep in range(4):
            position = {b: k / max(len(layer), 1) for layer in layers for k, b in enumerate(layer)}
            for layer in layers if sweep % 2 == 0 else layers[::-1]:
                near = {b: b.sources if sweep % 2 == 0 else users.get(b, []) for b in layer}
                layer.sort(key=lambda b: sum(position[s] for s in near[b]) / len(near[b]) if near[b] else position[b])
                position.update({b: k / len(layer) for k, b in enumerate(layer)})

    def _straighten(self, layers: list[list[Box]]) -> None:
        """Centre each layer's boxes over what they read, as far as there is room."""
        for layer in layers:
            total = sum(b.width for b in layer) + GAP_X * (len(layer) - 1)
            start = (self.width - total) / 2
            for box in layer:
                box.x = start
                start += box.width + GAP_X
        for layer in layers[1:]:
            left = float(MARGIN)
            for k, box in enumerate(layer):
                rest = sum(b.width + GAP_X for b in layer[k + 1 :])
                if box.sources:
                    wish = sum(s.x + s.width / 2 for s in box.sources) / len(box.sources) - box.width / 2
                    box.x = min(max(wish, left), max(left, self.width - MARGIN - rest - box.width))
                else:
                    box.x = max(box.x, left)
                left = box.x + box.width + GAP_X

    # -- drawing ---------------------------------------------------------------------------------
    def draw(self, dx: float = 0, dy: float = 0) -> list[str]:
        """The elements of the picture, moved by (dx, dy)."""
        parts: list[str] = []
        for box in self.boxes:
            if box.kind == "bend":
                x, y = box.x + box.width / 2 + dx, box.y + dy
                parts.append(f'<path d="M{x:.1f},{y:.1f} L{x:.1f},{y + box.height:.1f}" fill="none" stroke="#b3b8c0"/>')
            for source in box.sources:
                parts.append(_line(source, box, dx, dy))
        for box in self.boxes:
            parts += _drawn(box, dx, dy) if box.kind != "bend" else []
        return parts


def svg(graph: Graph, title: str = "", labels: Sequence[str] = ()) -> str:
    """A picture of `graph` as an SVG document; `labels`: what its outputs are called."""
    picture = Picture(graph, labels=labels)
    top = FONT + 10 if title else 0
    width, height = picture.width, picture.height + top
    parts = picture.draw(0, top)
    if title:
        parts.insert(0, f'<text x="{MARGIN}" y="{FONT + 4}" font-weight="bold">{escape(title)}</text>')
    style = f"font-family:ui-monospace,Menlo,Consolas,monospace;font-size:{FONT}px"
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{style}">'
    marker = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
              '<path d="M0,0 L8,4 L0,8 z" fill="#8a8f98"/></marker></defs>')
    return "\n".join([head, marker, f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>', *parts, "</svg>"])


def _drawn(box: Box, dx: float, dy: float) -> list[str]:
    fill, stroke = COLOURS[box.kind]
    x, y, middle = box.x + dx, box.y + dy, box.x + dx + box.width / 2
    radius = 12 if box.kind in ("input", "output") else 4
    parts = [
        _rectangle(x, y, box.width, box.height, f'rx="{radius}" fill="{fill}" stroke="{stroke}"'),
        _text(middle, y + PAD + FONT - 5, box.title, 'text-anchor="middle"'),
    ]
    if box.kernel:
        colour = KERNELS[(box.kernel - 1) % len(KERNELS)]
        parts.append(_rectangle(x, y, 5, box.height, f'rx="2" fill="{colour}"'))
    if box.detail:
        style = f'text-anchor="middle" font-size="{SMALL}" fill="#6b7280"'
        parts.append(_text(middle, y + PAD + FONT + SMALL - 2, box.detail, style))
    inside = x + PAD
    top = y + 2 * PAD + FONT + (SMALL + 4 if box.detail else 0) + 2
    for label, picture in box.inner:
        style = 'rx="4" fill="#ffffff" stroke="#c9bfe0" stroke-dasharray="4 3"'
        parts.append(_rectangle(inside, top, picture.width, picture.height, style))
        parts.append(_text(inside + 4, top - 3, label, f'font-size="{SMALL}" fill="#8b6fc0"'))
        parts += picture.draw(inside, top)
        inside += picture.width + PAD
    return parts


def _rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {style}/>'


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _line(source: Box, target: Box, dx: float, dy: float) -> str:
    x1, y1 = source.x + source.width / 2 + dx, source.y + source.height + dy
    x2, y2 = target.x + target.width / 2 + dx, target.y + dy
    floor = max(source.floor + dy, y1)
    bend = max((y2 - floor) / 2, 12)
    curve = f"M{x1:.1f},{y1:.1f} L{x1:.1f},{floor:.1f} C{x1:.1f},{floor + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2:.1f}"
    tip = "" if target.kind == "bend" else ' marker-end="url(#tip)"'
    return f'<path d="{curve}" fill="none" stroke="#b3b8c0"{tip}/>'


def _folded(graph: Graph) -> set[Value]:
    """Values drawn as part of what reads them: conversions, and in a large graph elementwise values read once."""
    large = sum(n.op not in (constant_op, dim_op) for n in graph.nodes) > _FOLD_ABOVE
    uses = graph.uses()
    found = set()
    size: dict[Value, int] = {}
    for node in graph.nodes:
        if len(node.outputs) != 1 or node.output in graph.outputs:
            continue
        value = node.output
        if node.op.name in ("as_kind", "astype") and node.inputs[0] not in graph.inputs:
            size[value] = size.get(node.inputs[0], 0) + 1
            found.add(value)
            continue
        if not large or not isinstance(node.op, Elementwise) and node.op.name not in _LAYOUT:
            continue
        size[value] = 1 + sum(size.get(v, 0) for v in node.inputs if v in found)
        if uses.get(value) == 1 and size[value] <= 4:
            found.add(value)
    return found


def _kind(node: Node) -> str:
    return "region" if node.regions else "library" if node.op.name in _LIBRARY else "op"


def _labels(node: Node) -> Sequence[str]:
    return {"cond": ("then", "else"), "loop": ("each time", "while")}.get(node.op.name, ("inside",) * len(node.regions))
