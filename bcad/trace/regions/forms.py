"""Whether two patterns say the same."""

from __future__ import annotations

from bcad.ir import ObjectType

from .patterns import Choice, Constant, Either, Leaf, Listed, Nest, Pattern, Reference, alike


def same_form(a: Pattern, b: Pattern) -> bool:
    """Whether a state that fits one of two forms fits the other."""
    if isinstance(a, Listed) and isinstance(b, Listed):
        return a.extra.is_tight == b.extra.is_tight and same_form(a.extra.item, b.extra.item) and all(
            map(same_form, a.children, b.children))
    if isinstance(a, Reference) or isinstance(b, Reference):
        return isinstance(a, Constant) and isinstance(b, Constant) and a.obj is b.obj
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.obj is b.obj or (type(a.obj) is type(b.obj) and a.obj == b.obj)
    if isinstance(a, Either) and isinstance(b, Either):
        return a.numbers == b.numbers
    if isinstance(a, Leaf) and isinstance(b, Leaf):
        if isinstance(a.type, ObjectType) or isinstance(b.type, ObjectType):
            return a.type == b.type
        return str(a.type) == str(b.type) and a.type.kind is b.type.kind and a.type.dtype == b.type.dtype
    if isinstance(a, Nest) and isinstance(b, Nest):
        return alike(a, b) and all(map(same_form, a.children, b.children))
    if isinstance(a, Choice) and isinstance(b, Choice):
        return len(a.children) == len(b.children) and all(map(same_form, a.children, b.children))
    return False
