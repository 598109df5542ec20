"""Sizes that are computed: a symbol for the length that a Value of type int says."""

from __future__ import annotations

from bcad.ir import Builder, Dim, Value

from .arguments import fresh
from .index_template import Part, Span
from .op import BY_NAME

LONGEST = 1 << 40


def extent(n: Value) -> Dim:
    """The size `n`, an int that is not negative; one that a region has from outside has its symbol there."""
    builder = Builder.current()
    n = builder.as_value(n)
    if n not in builder.lengths:
        outer = next((outer for outer, inner in builder.captured.items() if inner is n), None)
        if outer is not None and builder.parent is not None:
            with builder.parent:
                builder.lengths[n] = str(extent(outer))
        else:
            builder.lengths[n] = fresh("n")
            bind(builder.lengths[n], n)
    return Dim.symbol(builder.lengths[n])


def bind(name: str, n: Value) -> None:
    """Let the symbol `name` stand for `n` from here on: it is the length of a slice that nobody reads."""
    nothing = BY_NAME["broadcast_to"](False, shape=(LONGEST,))
    BY_NAME["getitem"](nothing, n, index=(Span(name, None, Part.ARRAY, None),))
