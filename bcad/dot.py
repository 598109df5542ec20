"""Pictures of graphs in the language of Graphviz: fused kernels, loops and branches as clusters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bcad.ir import Graph
from bcad.picture import COLOURS, KERNELS, Box, Picture

_FONT = "Courier"  # every Graphviz knows how wide it is


def dot(graph: Graph, title: str = "", labels: Sequence[str] = ()) -> str:
    """`graph` as the text of a ``digraph``; `labels`: what its outputs are called."""
    writer = _Writer()
    writer.picture(Picture(graph, labels=labels))
    head = [
        f"digraph {_quoted(graph.name)} {{",
        "  compound=true; newrank=true; ranksep=0.35; nodesep=0.25;",
        f'  node [shape=box, style=filled, fontname="{_FONT}", fontsize=11, height=0.3, margin="0.12,0.06"];',
        f'  edge [color="#8a8f98", arrowsize=0.6]; graph [fontname="{_FONT}", fontsize=10];',
    ]
    if title:
        head.append(f"  label={_quoted(title)}; labelloc=t;")
    return "\n".join([*head, *writer.lines, *writer.edges, "}"]) + "\n"


def rendered(text: str) -> str | None:
    """The text as SVG, by Graphviz; None where it, or its Python package, is not installed."""
    try:
        import graphviz
    except ImportError:
        return None
    try:
        return str(graphviz.Source(text).pipe(format="svg", encoding="utf-8"))
    except graphviz.ExecutableNotFound:
        return None


class _Writer:
    """Numbers the boxes and writes them, cluster by cluster."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.edges: list[str] = []
        self._number: dict[Box, int] = {}
        self._frame: dict[Box, int] = {}  # the clusters that loops and branches are
        self._depth, self._clusters = 1, 0

    def picture(self, picture: Picture) -> None:
        """The boxes of a picture, those that share a kernel together, and the lines between them."""
        boxes = [box for box in picture.boxes if box.kind != "bend"]
        for kernel in sorted({box.kernel for box in boxes}):
            if kernel:
                self._open(f'"kernel {kernel}"', KERNELS[(kernel - 1) % len(KERNELS)], "rounded")
            for box in boxes:
                if box.kernel == kernel:
                    self._box(box)
            if kernel:
                self._close()
        for box in boxes:
            for source in dict.fromkeys(map(_unbent, box.sources)):
                self._edge(source, box)

    def _add(self, line: str) -> None:
        self.lines.append("  " * self._depth + line)

    def _open(self, label: str, colour: str, style: str, fill: str = "") -> int:
        self._clusters += 1
        self._add(f"subgraph cluster_{self._clusters} {{")
        self._depth += 1
        filled = f'; fillcolor="{fill}"' if fill else ""
        self._add(f'label={label}; labeljust=l; color="{colour}"; fontcolor="{colour}"; style="{style}"{filled};')
        return self._clusters

    def _close(self) -> None:
        self._depth -= 1
        self._add("}")

    def _box(self, box: Box) -> None:
        number = self._number[box] = len(self._number) + 1
        fill, stroke = COLOURS[box.kind]
        if not box.inner:
            style = ', style="filled,rounded"' if box.kind in ("input", "output") else ""
            self._add(f'n{number} [label={_label(box)}, fillcolor="{fill}", color="{stroke}"{style}];')
            return
        self._frame[box] = self._open(_label(box), stroke, "rounded,filled", fill)
        self._add(f"n{number} [shape=point, style=invis]; m{number} [shape=point, style=invis];")  # where lines go in and out
        for label, picture in box.inner:
            self._open(_quoted(label), stroke, "dashed,filled", "#ffffff")
            self.picture(picture)
            self._close()
            boxes = [b for b in picture.boxes if b.kind != "bend"]
            self.edges += [f"  n{number} -> n{self._number[b]} [style=invis];" for b in boxes if not b.sources]
            self.edges += [f"  n{self._number[b]} -> m{number} [style=invis];" for b in boxes if b.kind == "output"]
        self._close()

    def _edge(self, source: Box, target: Box) -> None:
        tail, head = self._frame.get(source), self._frame.get(target)
        ends = [f"ltail=cluster_{tail}"] * bool(tail) + [f"lhead=cluster_{head}"] * bool(head)
        left = f"{'m' if tail else 'n'}{self._number[source]}"
        self.edges.append(f"  {left} -> n{self._number[target]}" + (f" [{', '.join(ends)}];" if ends else ";"))


def _unbent(box: Box) -> Box:
    """The box that a line comes from, which may go past others."""
    while box.kind == "bend":
        (box,) = box.sources
    return box


def _label(box: Box) -> str:
    """The title, and in small letters what else there is to say."""
    detail = box.detail.partition("  kernel ")[0]
    small = f'<br/><font point-size="8" color="#6b7280">{escape(detail)}</font>' if detail else ""
    return f"<{escape(box.title)}{small}>"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
