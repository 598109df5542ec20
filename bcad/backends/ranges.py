"""Which indices need no check: integers as sums over the loops around them, bounded by the ends of these loops."""

from __future__ import annotations

from .kernel import INT, Expr

Form = tuple[dict[Expr, int], int]  # a multiple of each atom, and a number

_DEEP = 40  # steps of a proof


def in_range(value: Expr, size: Expr) -> bool:
    """Whether ``0 <= value < size`` wherever `value` is computed, as far as its form shows."""
    form = affine(value)
    if not _non_negative(form, _DEEP):
        return False
    limit = affine(size)
    return _non_negative(_plus(_plus(limit, form, -1), ({}, -1)), _DEEP)


def affine(x: Expr) -> Form:
    """An integer as a sum of multiples of what is not one itself."""
    if x.type != INT:
        return {x: 1}, 0
    if x.op == "const":
        return {}, int(x.data)
    if x.op in ("iadd", "add", "isub", "sub"):
        a, b = map(affine, x.args)
        return _plus(a, b, 1 if x.op.endswith("add") else -1)
    if x.op in ("imul", "mul"):
        a, b = x.args
        if a.op == "const":
            a, b = b, a
        if b.op == "const":
            return _plus(({}, 0), affine(a), int(b.data))
    return {x: 1}, 0


def _plus(a: Form, b: Form, times: int = 1) -> Form:
    atoms = dict(a[0])
    for atom, count in b[0].items():
        atoms[atom] = atoms.get(atom, 0) + times * count
        if not atoms[atom]:
            del atoms[atom]
    return atoms, a[1] + times * b[1]


def _replaced(form: Form, atom: Expr, other: Form) -> Form:
    count = form[0][atom]
    rest = {a: c for a, c in form[0].items() if a is not atom}, form[1]
    return _plus(rest, other, count)


def _non_negative(form: Form, fuel: int) -> bool:
    """Whether a form is never negative: each index at its worst end, the innermost loop's first."""
    atoms, number = form
    if not fuel:
        return False
    indices = [a for a in atoms if a.op == "index" and a.data is not None]
    if indices:
        inner = max(indices, key=lambda a: a.block.depth)
        start, stop = inner.data
        end = affine(start) if atoms[inner] > 0 else _plus(affine(_reached(stop, start)), ({}, -1))
        return _non_negative(_replaced(form, inner, end), fuel - 1)
    for atom, count in atoms.items():
        if (found := _extremum(atom)) is not None:
            largest, options = found
            enough = any if largest == (count > 0) else all
            return enough(_non_negative(_replaced(form, atom, affine(o)), fuel - 1) for o in options)
    return number >= 0 and all(count >= 0 and a.op == "length" for a, count in atoms.items())


def _reached(stop: Expr, start: Expr) -> Expr:
    """The end of a loop that runs at all: of ``max(n, start)`` it is n."""
    found = _extremum(stop)
    if found is not None and found[0] and start in found[1]:
        a, b = found[1]
        return b if a is start else a
    return stop


def _extremum(x: Expr) -> tuple[bool, tuple[Expr, Expr]] | None:
    """(whether it is the larger one, the two) if `x` selects one of two that it compares."""
    if x.op != "select" or x.args[0].op not in ("lt", "gt"):
        return None
    condition, a, b = x.args
    first, second = condition.args
    if (a, b) not in ((first, second), (second, first)):
        return None
    return (a is first) == (condition.op == "gt"), (a, b)
