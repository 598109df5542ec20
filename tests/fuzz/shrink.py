"""Delta debugging: a failing case with as little program as still fails in the same way."""

from __future__ import annotations

import ast
import copy
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import replace

from .cases import Case
from .judge import Verdict

SECONDS = 60.0


def shrink(case: Case, mode: str, backend: str, verdict: Verdict) -> Case:
    """The smallest case found that gets the same kind of verdict."""
    from .__main__ import run

    wanted, deadline = signature(verdict), time.perf_counter() + SECONDS

    def fails(candidate: Case) -> bool:
        found = run(candidate, mode, backend)
        return found.kind == verdict.kind and signature(found) == wanted

    smaller = True
    while smaller and time.perf_counter() < deadline:
        smaller, position = False, 0
        while time.perf_counter() < deadline:
            candidate = next(itertools.islice(candidates(case), position, None), None)
            if candidate is None:
                break
            if size(candidate) < size(case) and fails(candidate):
                case, smaller = candidate, True  # what stands at this position now comes next
            else:
                position += 1
    return case


def signature(verdict: Verdict) -> str:
    """What two failures of one cause have in common."""
    lines = verdict.detail.strip().splitlines()
    if verdict.kind == "crash":
        return re.sub(r"[0-9x'\"<>]+", "", lines[-1])[:60]
    return "derivative" if "derivative" in lines[0] else "value"


def size(case: Case) -> float:
    try:
        ast.parse(case.source)
    except SyntaxError:
        return float("inf")
    return len(ast.unparse(ast.parse(case.source))) + 3 * sum(len(a) + len(b) for a, b in case.calls)


def candidates(case: Case) -> Iterator[Case]:
    """Smaller cases, the most daring first."""
    for k in reversed(range(len(case.calls))):
        if len(case.calls) > 1:
            update = case.calls[k][0]
            rest = list(case.calls)
            del rest[k]
            if k < len(rest):
                rest[k] = (update + rest[k][0], rest[k][1])
            yield replace(case, calls=tuple(rest))
    for k, (update, args) in enumerate(case.calls):
        lines = update.splitlines(True)
        for j in range(len(lines)):
            calls = list(case.calls)
            calls[k] = "".join(lines[:j] + lines[j + 1 :]), args
            yield replace(case, calls=tuple(calls))
    for source in _sources(case.source):
        yield replace(case, source=source)


def _sources(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    yield _without_unused(tree)
    blocks = [(n, name) for n in ast.walk(tree) for name in ("body", "orelse") if isinstance(getattr(n, name, None), list)]
    for number, (node, name) in enumerate(blocks):
        for k in range(len(getattr(node, name))):
            yield from _without(tree, number, k)
    expressions = [n for n in ast.walk(tree) if isinstance(n, (ast.BinOp, ast.Call, ast.IfExp, ast.BoolOp, ast.Subscript, ast.UnaryOp))]
    for number, node in enumerate(expressions):
        for k, part in enumerate(ast.iter_child_nodes(node)):
            if isinstance(part, ast.expr):
                yield _replaced(tree, number, k)


def _without_unused(tree: ast.Module) -> str:
    """Without functions and classes that nothing names."""
    named = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {"f"}
    kept = [n for n in tree.body if not isinstance(n, (ast.FunctionDef, ast.ClassDef)) or n.name in named]
    return ast.unparse(ast.Module(kept, []))


def _blocks(tree: ast.AST) -> list[tuple[ast.AST, str]]:
    return [(n, name) for n in ast.walk(tree) for name in ("body", "orelse") if isinstance(getattr(n, name, None), list)]


def _without(tree: ast.Module, number: int, k: int) -> Iterator[str]:
    """Without a statement; with its body in its place."""
    for inline in (False, True):
        made = copy.deepcopy(tree)
        node, name = _blocks(made)[number]
        block = getattr(node, name)
        statement = block[k]
        inner = getattr(statement, "body", None)
        if inline and not (isinstance(inner, list) and not isinstance(statement, (ast.FunctionDef, ast.ClassDef))):
            continue
        block[k : k + 1] = inner if inline else []
        if not block and name == "body":
            block.append(ast.Pass())
        if not inline and isinstance(statement, ast.Pass):
            continue
        yield ast.unparse(made)


def _replaced(tree: ast.Module, number: int, k: int) -> str:
    made = copy.deepcopy(tree)
    nodes = [n for n in ast.walk(made) if isinstance(n, (ast.BinOp, ast.Call, ast.IfExp, ast.BoolOp, ast.Subscript, ast.UnaryOp))]
    target = nodes[number]
    part = list(ast.iter_child_nodes(target))[k]

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return part if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Swap().visit(made)))
