"""Where a value stands in the object that it was read from, and what it is called there."""

from __future__ import annotations

from threading import local
from types import FunctionType, MemberDescriptorType
from typing import Any

from .sources import Attribute, Closure, Default, Global, Item, Pinned, Source


def place_of(owner: Any, kind: str, key: Any, source: Source) -> Source:
    """The source of what stands at a place of `owner`, which stands at `source`."""
    if kind == "cell":
        return Closure(source, source.text)  # type: ignore[arg-type, union-attr]
    if kind == "attribute":
        return Attribute(source, key)
    return Global(source, key) if isinstance(source, Pinned) and type(owner) is dict else Item(source, key)


def is_stored(owner: Any, name: str) -> bool:
    """Whether ``owner.name`` is data that was stored, not what a property computed."""
    if isinstance(owner, type):
        return True
    if name in namespace_of_instance(owner):
        return True
    for cls in type(owner).__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            return not isinstance(found, property) and not _computes(found)
    fallback = getattr(type(owner), "__getattr__", None)
    return fallback is not None and type(fallback) is not FunctionType  # one written in C reads what is stored


def _computes(descriptor: Any) -> bool:
    get = getattr(type(descriptor), "__get__", None)
    return type(get) is FunctionType


def namespace_of_instance(owner: Any) -> Any:
    """The attributes of its own that an object has; empty where it keeps none."""
    if isinstance(owner, local):  # those of this thread
        return local.__getattribute__(owner, "__dict__")
    try:
        return object.__getattribute__(owner, "__dict__")
    except (AttributeError, TypeError):
        return ()


def own_attributes(obj: Any) -> dict[str, Any]:
    """The attributes of its own that an object has, slots included; code of its class is not run."""
    found = {}
    for cls in type(obj).__mro__:
        for name, descriptor in vars(cls).items() if cls.__module__ != "builtins" else ():
            if type(descriptor) is MemberDescriptorType:
                try:
                    found[name] = descriptor.__get__(obj)
                except AttributeError:  # a slot without a value
                    continue
    namespace = namespace_of_instance(obj)
    return {**found, **namespace} if namespace else found


def name_of(source: Source) -> str:
    """A name for an input: the last word of where it stands."""
    match source:
        case Attribute(parent, name) | Global(parent, name) | Closure(parent, name):
            return name
        case Item(parent, key):
            plain = f"{name_of(parent)}_{key}"
            return plain if plain.isidentifier() else name_of(parent)
        case Default(_, key):
            return str(key)
    text = str(source)
    return text if text.isidentifier() else "c"
