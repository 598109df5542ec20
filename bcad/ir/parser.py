"""SSA text -> Graph: what `printer` writes is read back, node for node."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from interpreter import Location

from .dim import Dim, Size, maximum, minimum
from .graph import Graph, Node, OpLike, Value
from .printer import ATTRIBUTE_CLASSES
from .structural import Literal, constant_op, dim_op
from .types import ArrayType, Kind, ObjectType, Type
from .verify import verify

_HEADER = re.compile(r"(?P<name>\w+)\((?P<inputs>.*)\) \{$")
_COMMENT = re.compile(r"\s+# (?P<file>[^#]*):(?P<line>\d+|None)$")
_PYTHON = {"bool": bool, "int": int, "float": float, "complex": complex}
_DTYPES = frozenset(np.dtype(c).name for c in np.typecodes["All"] if c not in "OSUVMmcpP")
_NUMBERS = {"inf": float("inf"), "nan": float("nan")}

OPS: list[Callable[[str], OpLike | None]] = []  # who is asked for an op by its name; ``bcad.ops`` enters itself


class GraphSyntaxError(ValueError):
    """A text that is no graph: the message names the line."""


def parse(text: str, objects: Sequence[Any] = ()) -> Graph:
    """The graph that `text`, written by ``str(graph)``, stands for.

    Parameters
    ----------
    text : str
    objects : sequence
        What ``ref(0)``, ``ref(1)``... are: ``graph.objects()`` of the graph that was written.

    Raises
    ------
    GraphSyntaxError
        Where the text is no graph, or its types are not those of its operations.
    """
    reader = _Reader(text, objects)
    try:
        graph = reader.graph({})
        reader.end()
        return verify(graph)
    except GraphSyntaxError:
        raise
    except Exception as error:  # a type rule's refusal, a literal that Python cannot read
        raise GraphSyntaxError(f"line {reader.number}: {type(error).__name__}: {error}") from error


class _Reader:
    """Reads line after line; `number` is that of the line read last."""

    def __init__(self, text: str, objects: Sequence[Any]) -> None:
        self.lines = text.splitlines()
        self.number = 0
        self.objects = objects

    def peek(self) -> str:
        while self.number < len(self.lines) and not self.lines[self.number].strip():
            self.number += 1
        return self.lines[self.number].strip() if self.number < len(self.lines) else ""

    def next(self) -> str:
        line = self.peek()
        self.number += 1
        if not line:
            raise self.error("the text ends inside a graph")
        return line

    def end(self) -> None:
        if self.peek():
            self.number += 1
            raise self.error("there is more behind the graph")

    def error(self, message: str) -> GraphSyntaxError:
        return GraphSyntaxError(f"line {self.number}: {message}")

    # -- graphs and nodes ------------------------------------------------------------------------
    def graph(self, outer: dict[str, Value]) -> Graph:
        found = _HEADER.match(self.next())
        if found is None:
            raise self.error("a graph begins with 'name(inputs) {'")
        scope: dict[str, Value] = {}
        builder = object()  # the owner of the values
        inputs = [self.define(item, scope, builder) for item in split(found["inputs"])]
        body = _Body(self, scope, builder)
        while not self.peek().startswith("return") or self.peek()[6:7] not in ("", " "):
            if self.peek() == "}":
                self.number += 1
                raise self.error("a graph ends with 'return outputs'")
            body.node(self.next())
        outputs = [body.operand(x) for x in split(self.next()[6:])]
        if self.next() != "}":
            raise self.error("'}' is missing behind 'return'")
        return Graph(inputs, body.nodes, outputs, found["name"])

    def define(self, item: str, scope: dict[str, Value], builder: object) -> Value:
        """A value from ``name: type``."""
        name, colon, type_ = item.partition(":")
        if not colon or not name.strip().isidentifier():
            raise self.error(f"{item!r} is not 'name: type'")
        name = name.strip()
        if name in scope:
            raise self.error(f"{name} is defined twice")
        own = None if re.fullmatch(r"v\d+", name) else name
        value = scope[name] = Value(parse_type(type_.strip()), own, builder)
        return value


class _Body:
    """The nodes of one graph."""

    def __init__(self, reader: _Reader, scope: dict[str, Value], builder: object) -> None:
        self.reader, self.scope, self.builder = reader, scope, builder
        self.nodes: list[Node] = []

    def node(self, line: str) -> None:
        line, location = _located(line)
        head, attrs = self._attributes(line)
        results, equals, call = _assignment(head)
        name, _, operands = call.strip().partition(" ")
        op = _op(name)
        if op is None:
            raise self.reader.error(f"there is no operation {name!r}")
        inputs = [self.operand(x) for x in split(operands)]
        if op is constant_op:
            attrs = {k: Literal(v) for k, v in attrs.items()}
        regions = []
        while self.reader.peek().endswith("{"):
            regions.append(self.reader.graph(self.scope))
        outputs = [self.reader.define(x, self.scope, self.builder) for x in split(results if equals else "")]
        self.nodes.append(Node(op, inputs, attrs, regions, outputs, location))

    def _attributes(self, line: str) -> tuple[str, dict[str, Any]]:
        """The line without ``{...}``, and what stands in it."""
        parts = list(_top_level(line, "{"))
        if len(parts) == 1:
            return line, {}
        if len(parts) != 2 or not parts[1].endswith("}"):
            raise self.reader.error("attributes stand in braces at the end of a line")
        call = ast.parse(f"dict({parts[1][:-1]})", mode="eval").body
        assert isinstance(call, ast.Call)
        value = Evaluator(self.reader.objects)
        return parts[0], {str(k.arg): value(k.value) for k in call.keywords}

    def operand(self, text: str) -> Value:
        """A value by its name, or a constant."""
        text = text.strip()
        if text in self.scope:
            return self.scope[text]
        tree = ast.parse(text, mode="eval").body
        if isinstance(tree, ast.Name) and tree.id not in ("None", *_NUMBERS):
            raise self.reader.error(f"{text} is not defined")
        literal = Literal(Evaluator(self.reader.objects)(tree))
        output = Value(constant_op.type_rule(value=literal), None, self.builder)
        self.nodes.append(Node(constant_op, (), {"value": literal}, (), (output,), None))
        return output


def _op(name: str) -> OpLike | None:
    own: dict[str, OpLike] = {op.name: op for op in (constant_op, dim_op)}
    if name in own:
        return own[name]
    return next((op for find in OPS if (op := find(name)) is not None), None)


def _located(line: str) -> tuple[str, Location | None]:
    found = _COMMENT.search(line)
    if found is None:
        return line, None
    number = None if found["line"] == "None" else int(found["line"])
    return line[: found.start()], Location(found["file"], number, None, None, None, "")


def _assignment(head: str) -> tuple[str, str, str]:
    """``results = call``; a node without results has no sign."""
    parts = list(_top_level(head, "="))
    return ("", "", head) if len(parts) == 1 else (parts[0], "=", "=".join(parts[1:]))


def split(text: str) -> list[str]:
    """The items of a list, separated by commas outside of brackets."""
    return [part.strip() for part in _top_level(text, ",") if part.strip()]


def _top_level(text: str, sign: str) -> Iterator[str]:
    """`text` cut at `sign` where no bracket and no string is open."""
    depth, start, quote, k = 0, 0, "", 0
    while k < len(text):
        c = text[k]
        if quote:
            if c == "\\":
                k += 1
            elif c == quote:
                quote = ""
        elif c in "'\"":
            quote = c
        elif c == sign and depth == 0:
            yield text[start:k]
            start = k + 1
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        k += 1
    yield text[start:]


# -- types and attributes --------------------------------------------------------------------------
def parse_type(text: str) -> Type:
    """``float64[n,3]``, ``float64`` (a NumPy scalar), ``float`` (a Python number), ``object<Generator>``."""
    if text.startswith("object<") and text.endswith(">"):
        return ObjectType(_class(text[7:-1]))
    if text in _PYTHON:
        return ArrayType(np.dtype(_PYTHON[text]), (), Kind.PYTHON)
    name, bracket, shape = text.partition("[")
    if not bracket:
        return ArrayType(np.dtype(name.removesuffix("_")), (), Kind.SCALAR)
    evaluate = Evaluator(())
    sizes = [evaluate(ast.parse(s, mode="eval").body) for s in split(shape.removesuffix("]"))]
    return ArrayType(np.dtype(name), tuple(sizes))


def _class(name: str) -> type:
    """A class by its name, among those that are there."""
    module, _, last = name.rpartition(".")
    spaces = [sys.modules.get(module), builtins, np, np.random] if module else [builtins, np, np.random]
    found = next((c for space in spaces if isinstance(c := getattr(space, last, None), type)), None)
    if found is None:
        raise ValueError(f"there is no class {name}")
    return found


class Evaluator:
    """Evaluates the expressions that `printer` writes, and no others."""

    def __init__(self, objects: Sequence[Any]) -> None:
        self.objects = objects

    def __call__(self, node: ast.AST) -> Any:
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            raise ValueError(f"{ast.unparse(node)!r} is not an attribute")
        return method(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def visit_Name(self, node: ast.Name) -> Any:
        name = node.id
        if name in _NUMBERS:
            return _NUMBERS[name]
        if name in _DTYPES:
            return np.dtype(name)
        found = getattr(builtins, name, None)
        return found if isinstance(found, type) else Dim.symbol(name)

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self, node.elts))

    def visit_List(self, node: ast.List) -> Any:
        return list(map(self, node.elts))

    def visit_Slice(self, node: ast.Slice) -> Any:
        return slice(*(None if p is None else self(p) for p in (node.lower, node.upper, node.step)))

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        """``at[1:, None]``: an index."""
        if not isinstance(node.value, ast.Name) or node.value.id != "at":
            raise ValueError(f"{ast.unparse(node)!r} is not an index")
        index = self(node.slice)
        return index if isinstance(node.slice, ast.Tuple) else (index,)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """A member of an enum: ``Kind.SCALAR``."""
        if isinstance(node.value, ast.Name) and node.value.id in ATTRIBUTE_CLASSES:
            return getattr(ATTRIBUTE_CLASSES[node.value.id], node.attr)
        raise ValueError(f"there is no {ast.unparse(node)}")

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.USub):
            return -self(node.operand)
        raise ValueError(f"{ast.unparse(node)!r} is not a size")

    def visit_BinOp(self, node: ast.BinOp) -> Size:
        left, right = self(node.left), self(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.FloorDiv):
            return left // right
        if isinstance(node.op, ast.Mod):
            return left % right
        raise ValueError(f"{ast.unparse(node)!r} is not a size")

    def visit_Call(self, node: ast.Call) -> Any:
        name, args = ast.unparse(node.func), list(map(self, node.args))
        if name in ("max", "min"):
            return (maximum if name == "max" else minimum)(*args)
        if name == "literal":
            return Literal(args[0])
        if name == "ref":
            if not args[0] < len(self.objects):
                raise ValueError(f"the text cannot hold {args[1]}: pass objects=graph.objects()")
            return self.objects[args[0]]
        if name == "type":
            return parse_type(args[0])
        if name == "dtype":
            return np.dtype(args[0])
        if name == "complex":
            return complex(*args)
        if name == "array":
            return np.array(args[0], args[1]).reshape(*args[2:] or [np.shape(args[0])])
        if name.startswith("np.") and name[3:].rstrip("_") in _DTYPES:
            return np.dtype(name[3:].rstrip("_")).type(args[0])
        if name in ATTRIBUTE_CLASSES:
            return ATTRIBUTE_CLASSES[name](*args)
        raise ValueError(f"there is no {name}()")
