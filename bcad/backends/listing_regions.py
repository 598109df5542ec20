"""Loops and branches as lines for a reader: ``for``, ``while``, ``if``, with the names of what they carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bcad.ir import ArrayType, Graph, Node, Size, Value, bounds, constant_op
from bcad.ops import operands_of

from .expression import ATOM, CONDITIONAL, Text
from .listing import VIEWS, WRITES, Listing, users_of
from .phrases import assignment, truth

INDICES = "ijklmnpq"
FRESH = ("zeros(", "ones(", "full(")  # arrays that are nobody else's
_BRIEF = 16  # an operand up to this length is written where a region reads it


def write_regions(listing: Listing, node: Node, uses: dict[Value, int]) -> None:
    """The lines of a node with regions."""
    if node.op.name == "cond":
        _Branch(listing, node, uses).write()
    elif node.op.name == "loop":
        _Loop(listing, node, uses).write()
    else:
        _inline(listing, node, uses)


class _Regions:
    """What branches and loops share: arguments, the lines of a region, moves to the names of results."""

    def __init__(self, listing: Listing, node: Node, uses: dict[Value, int]) -> None:
        self.listing, self.node = listing, node
        self.used = [bool(uses.get(v) or listing.total.get(v)) for v in node.outputs]

    def argument(self, value: Value) -> Text:
        """An operand as the region reads it: written out if it is short, else by a name."""
        listing = self.listing
        text = listing.notation.of(value)
        if len(text.text) > _BRIEF and value.node is not None and value not in listing.chosen:
            return Text(listing.define(value, text.text))
        return text

    def enter(self, graph: Graph, arguments: Sequence[Text]) -> None:
        """Let the inputs of a region be written as `arguments`."""
        for value, text in zip(graph.inputs, arguments, strict=True):
            self.listing.notation.given[value] = text
            if text.text.isidentifier():
                self.listing.names._given[value] = text.text
                self.listing.sizes.add(value)

    def results(self, graph: Graph, keep: Sequence[int]) -> list[Text]:
        """The lines of a region; the texts of those outputs."""
        listing = self.listing
        before = listing._results, listing.total, listing._users
        listing.total = {**listing.total, **graph.uses()}
        listing._users, listing._results = users_of(graph), graph.outputs
        outputs = [graph.outputs[k] for k in keep]
        listing.body(listing.needed(graph, outputs), outputs)
        listing._results, listing.total, listing._users = before
        return [listing.notation.of(v) for v in outputs]

    def move(self, targets: Sequence[str], texts: Sequence[str]) -> None:
        """``a, b = b, a + b``, without what stays; an addition to itself as ``+=``."""
        moves = [(t, x) for t, x in zip(targets, texts, strict=True) if t != x]
        independent = all(
            not _mentions(x, t) for k, (t, _) in enumerate(moves) for j, (_, x) in enumerate(moves) if j != k
        )
        if independent:
            for target, text in moves:
                self.listing.add(assignment(target, text))
        else:
            self.listing.add(", ".join(t for t, _ in moves) + " = " + ", ".join(x for _, x in moves))


class _Branch(_Regions):
    """``if ...: ... else: ...``, or a conditional expression where nothing else is needed."""

    def write(self) -> None:
        listing, node = self.listing, self.node
        predicate = truth(listing.notation.of(node.inputs[0]))
        arguments = [self.argument(v) for v in operands_of(node)]
        keep = [k for k, used in enumerate(self.used) if used]
        writes = any(n.op.name in WRITES for arm in node.regions for n in arm.nodes)
        if len(keep) == 1 and not writes and self._as_expression(predicate, arguments, keep[0]):
            return
        taken = self._written_arrays(keep) if writes else {}
        names = [taken[k] if k in taken else listing.choose(node.outputs[k], sized=False) for k in keep]
        for head, arm in zip((f"if {predicate}:", "else:"), node.regions, strict=True):
            listing.add(head)
            listing.indent += 1
            start = len(listing.lines)
            self.enter(arm, arguments)
            known = len(listing.sizes.values)
            self.move(names, [t.text for t in self.results(arm, keep)])
            del listing.sizes.values[known:]
            if len(listing.lines) == start:
                listing.add("pass")
            listing.indent -= 1
        for k in keep:
            listing.sizes.add(node.outputs[k])

    def _written_arrays(self, keep: Sequence[int]) -> dict[int, str]:
        """For results that are an array of the text's own, written to by the arms: the name of that array."""
        listing, node = self.listing, self.node
        found: dict[int, str] = {}
        operands = operands_of(node)
        for position, value in enumerate(operands):
            if value not in listing._owned or operands.count(value) > 1 or not listing._is_read(value, node):
                continue
            for arm in node.regions:
                listing._owned.add(arm.inputs[position])
            same = [k for k in keep if k not in found and any(_base(arm.outputs[k]) is arm.inputs[position] for arm in node.regions)]
            if same:
                result = node.outputs[same[0]]
                found[same[0]] = listing.names._given[result] = listing.names.of(value)
                listing.chosen.add(result)
                listing._owned.add(result)
        return found

    def _as_expression(self, predicate: Text, arguments: list[Text], position: int) -> bool:
        listing, node = self.listing, self.node
        start, texts = len(listing.lines), []
        for arm in node.regions:
            self.enter(arm, arguments)
            texts += self.results(arm, [position])
        if len(listing.lines) > start:
            del listing.lines[start:]
            for arm in node.regions:
                forget(listing, arm)
            return False
        value = node.outputs[position]
        text = Text(f"{texts[0].at(1)} if {predicate.at(1)} else {texts[1].at(1)}", CONDITIONAL)
        if value.name is not None or len(text.text) > listing.width // 2:
            listing.define(value, text.text)
        else:
            listing.notation.given[value] = text
        return True


class _Loop(_Regions):
    """``for i in range(n):`` or ``while condition:`` with the carried values as variables."""

    def __init__(self, listing: Listing, node: Node, uses: dict[Value, int]) -> None:
        super().__init__(listing, node, uses)
        self.body = node.regions[0]
        self.condition = node.regions[1] if len(node.regions) > 1 else None
        self.carries, self.counted = node.attrs["carries"], node.attrs.get("counted", True)
        self.operands = operands_of(node)
        self.flag = self._flag()
        self.index = next(c for c in INDICES if c not in listing.names._taken)

    def write(self) -> None:
        listing = self.listing
        constants = [self.argument(v) for v in self.operands[self.carries :]]
        state = self._start()
        stacks = self._stacks()
        count = listing.choose(self.node.outputs[-1]) if self.used[-1] else ""
        counter = "" if self.counted else count or (self.index if self._reads_index() else "")
        if counter or count:
            listing.add(f"{counter or count} = 0")
        listing.names._taken.add(self.index)
        arguments = [Text(counter or self.index), *map(Text, state), *constants]
        known = len(listing.sizes.values)
        self._header(arguments)
        listing.indent += 1
        self._body(arguments, state, stacks)
        if counter or count:
            listing.add(f"{counter} += 1" if counter else f"{count} += 1")
        self._leave()
        listing.indent -= 1
        listing.names._taken.discard(self.index)
        del listing.sizes.values[known:]
        self._finish_stacks(stacks)

    def _flag(self) -> int | None:
        """The carry that only says whether to go on, which begins as True: then the loop has a break at its end."""
        if self.condition is None or self.condition.nodes or self.used[-1]:
            return None
        (test,) = self.condition.outputs
        position = self.condition.inputs.index(test) - 1
        start = self.operands[position].node
        read = any(self.body.inputs[1 + position] in n.inputs for n in self.body.nodes)
        known = start is not None and start.op is constant_op and start.attrs["value"].value
        return position if known and not read and not self.used[position] and position < self.carries else None

    def _start(self) -> list[str]:
        """Variables with the values before the first iteration."""
        listing, state = self.listing, []
        writes = any(n.op.name in WRITES for n in self.body.walk())
        for k in range(self.carries):
            result, inner, start = self.node.outputs[k], self.body.inputs[1 + k], self.operands[k]
            text = listing.notation.of(start)
            known = result.name or inner.name or ("done" if k == self.flag else listing.notation.prefix and result.hint) or "g"
            listing.hints.setdefault(result, known)
            name = listing.choose(result)
            array = isinstance(start.type, ArrayType) and bool(start.type.shape)
            shared = start.node is None or start in listing.chosen or start.node.op.name in VIEWS
            if array and writes and shared and not text.text.startswith(listing.starts(*FRESH)):
                text = Text(f"{text.at(ATOM)}.copy()")
            if k != self.flag:
                listing.add(f"{name} = {text}")
            if array:
                listing._owned.add(inner)
            state.append(name)
        return state

    def _stacks(self) -> dict[int, str]:
        """Lists that collect a value of every iteration."""
        found = {}
        for k in range(self.carries, len(self.node.outputs) - 1):
            if self.used[k]:
                element = self.body.outputs[k]
                self.listing.hints.setdefault(self.node.outputs[k], f"{element.name}s" if element.name else "saved")
                found[k] = self.listing.choose(self.node.outputs[k], sized=False)
                self.listing.add(f"{found[k]} = []")
        return found

    def _reads_index(self) -> bool:
        regions = self.node.regions
        return any(r.inputs[0] in n.inputs for r in regions for n in r.nodes)

    def _header(self, arguments: list[Text]) -> None:
        listing = self.listing
        self.enter(self.body, arguments)
        if self.counted:
            listing.add(f"for {self.index} in {self._range()}:")
        if self.condition is None or self.flag is not None:
            if not self.counted:
                listing.add("while True:")
            return
        self.enter(self.condition, arguments)
        start = len(listing.lines)
        test = truth(self.results(self.condition, [0])[0])
        lines = [line.strip() for line in listing.lines[start:]]
        del listing.lines[start:]
        if not self.counted:
            listing.add(f"while {test}:" if not lines else "while True:")
        if self.counted or lines:
            for line in (*lines, f"if not {test.at(4)}:", "    break"):
                listing.lines.append("    " * (listing.indent + 1) + line)

    def _range(self) -> str:
        """``range(n)``; ``reversed(range(n))`` and ``range(1, n)`` where the index is only used so."""
        trip = self.node.inputs[0]
        text = self.listing.notation.of(trip)
        if self.condition is not None or self.used[-1]:
            return f"range({text})"
        index, head = self.body.inputs[0], f"range({text})"
        turned = self._only_use(index, "subtract", 1, lambda k: k in _less_one(text))
        if turned is not None:
            index, head = turned, f"reversed(range({text}))"
        shifted = self._only_use(index, "add", None, lambda k: k.isdigit())
        if shifted is not None:
            start = next(int(t) for t in map(self._text, shifted.node.inputs) if t.isdigit())  # type: ignore[union-attr]
            index, head = shifted, head.replace(f"range({text})", f"range({start}, {_plus(text, start)})")
        if index is not self.body.inputs[0]:
            self.listing.notation.given[index] = Text(self.index)
        return head

    def _text(self, value: Value) -> str:
        return self.listing.notation.of(value).text

    def _only_use(self, index: Value, op: str, position: int | None, other: Callable[[str], bool]) -> Value | None:
        """The one value in the body that is computed from `index`, if it is so computed."""
        users = [n for n in self.body.nodes if index in n.inputs]
        if len(users) != 1 or users[0].op.name != op or index in self.body.outputs:
            return None
        (node,) = users
        at = node.inputs.index(index)
        right = (position is None or at == position) and other(self._text(node.inputs[1 - at]))
        return node.output if right and node.inputs[0] is not node.inputs[1] else None

    def _body(self, arguments: list[Text], state: list[str], stacks: dict[int, str]) -> None:
        listing = self.listing
        keep = [*range(self.carries), *stacks]
        texts = self.results(self.body, keep)
        start = len(listing.lines)
        for (k, name), text in zip(stacks.items(), texts[self.carries :], strict=True):
            element = self.body.outputs[k]
            copied = isinstance(element.type, ArrayType) and element.type.shape
            listing.add(f"{name}.append({text.at(ATOM)}.copy())" if copied else f"{name}.append({text})")
        moved = [t.text for t in texts[: self.carries]]
        if self.flag is not None:
            self.done = Text(state[self.flag])
            listing.add(f"{self.done} = {_not(texts[self.flag])}")
            moved[self.flag] = state[self.flag]
        self.move(state, moved)
        if len(listing.lines) == start and not keep:
            listing.add("pass")

    def _leave(self) -> None:
        if self.flag is not None:
            self.listing.add(f"if {self.done}:")
            self.listing.add("    break")

    def _finish_stacks(self, stacks: dict[int, str]) -> None:
        ragged, p = dict(self.node.attrs.get("ragged", ())), self.listing.notation.prefix
        for k, name in stacks.items():
            type_ = self.node.outputs[k].type
            if k - self.carries in ragged:
                dtype = "" if type_.differentiable else ", int"
                empty = f"{p}zeros({self.listing.notation.shape((0, *type_.shape[1:]))}{dtype})"
                text = f"{p}concatenate([{empty}, *{name}])"
            else:
                text = f"{p}array({name}{', int' if type_.dtype.kind in 'iu' else ''})"
                if self.listing.indent and len(type_.shape) > 1 and not _is_positive(type_.shape[0]):
                    text += f".reshape(({', '.join([f'len({name})', *(self.listing.sizes.of(n)[0] for n in type_.shape[1:])])}))"  # so that none fit, too
            self.listing.add(f"{name} = {text}")
            self.listing.sizes.add(self.node.outputs[k])


def _is_positive(size: Size) -> bool:
    low, _ = bounds(size)
    return low is not None and low > 0


def _less_one(text: Text) -> tuple[str, ...]:
    """How a size less one is written."""
    if text.text.isdigit():
        return (str(int(text.text) - 1),)
    return (f"{text} - 1",)


def _plus(text: Text, number: int) -> str:
    """A size plus a number, without ``n - 1 + 1``."""
    if text.text.isdigit():
        return str(int(text.text) + number)
    less = f" - {number}"
    return text.text.removesuffix(less) if text.text.endswith(less) else f"{text} + {number}"


def _not(test: Text) -> str:
    inner = test.text.removeprefix("np.").removeprefix("logical_not(").removesuffix(")")
    plain = "logical_not(" in test.text[:15] and inner.count("(") == inner.count(")") and ")" not in inner.split("(")[0]
    return inner if plain else f"not {test.at(4)}"


def _inline(listing: Listing, node: Node, uses: dict[Value, int]) -> None:
    """A region that is simply run (checkpoint, custom): its lines; else a call by its name."""
    regions = _Regions(listing, node, dict.fromkeys(node.outputs, 1))
    arguments = [regions.argument(v) for v in node.inputs]
    if node.op.name in ("checkpoint", "custom"):
        regions.enter(node.regions[0], arguments)
        texts = regions.results(node.regions[0], range(len(node.outputs)))
        for value, inner, text in zip(node.outputs, node.regions[0].outputs, texts, strict=True):
            inner.name = inner.name or value.name
            if inner.node is not None and listing._deserves(inner, text.text, uses.get(value, 0)):
                text = Text(listing.define(inner, text.text))
            listing.notation.given[value] = text
        return
    names = [listing.choose(v) for v in node.outputs]
    listing.add(f"{', '.join(names)} = {node.op.name}({', '.join(map(str, arguments))})")


def forget(listing: Listing, graph: Graph) -> None:
    """Take back what was written of a region that is to be written again."""
    for node in graph.nodes:
        listing._written.discard(node)
        for value in node.outputs:
            if value in listing.chosen:
                listing.chosen.discard(value)
                listing.names._taken.discard(listing.names._given.pop(value))
            listing.notation.given.pop(value, None)
        for region in node.regions:
            forget(listing, region)


def _base(value: Value) -> Value:
    """The array that a chain of writes began with."""
    while value.node is not None and value.node.op.name in WRITES:
        value = value.node.inputs[0]
    return value


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None
