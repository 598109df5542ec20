"""What NumPy itself would refuse, said with the user's line and the sizes of this call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bcad.errors import ShapeError
from bcad.ir import ArrayType, Dim, Value, symbols

from .places import user_calls

if TYPE_CHECKING:
    from .session import Session


def shapes_do_not_fit(session: Session, error: Exception, operands: Iterable[Any]) -> ShapeError:
    """The located form of a type rule's refusal; still a ValueError, which the user's code may catch."""
    values = [x for x in operands if isinstance(x, Value) and isinstance(x.type, ArrayType)]
    types = [x.type.with_shape(tuple(map(session.size_example, x.shape))) for x in values]
    sizes = {s: session.size_example(Dim.symbol(s)) for x in values for n in x.shape for s in symbols(n)}
    named = ", ".join(f"{name} = {number}" for name, number in sorted(sizes.items()))
    operands_text = f"{' and '.join(map(str, types))} do not fit: " if types else ""
    return ShapeError(
        f"{operands_text}{error}" + (f" (here {named})" if named else ""),
        location=session.location(), calls=user_calls(session.frame),
        why="NumPy combines arrays whose sizes are equal, or 1 where it broadcasts",
        hint="compare the shapes of the arguments with those that the function expects",
    )
