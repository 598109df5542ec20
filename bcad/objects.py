"""Objects as arguments: the floats and arrays in any object's attributes, taken out and put into a copy."""

from __future__ import annotations

from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from bcad.trace import asked, children_of, is_traced, stepped

_LISTS = (list, tuple)
_NO_RECORDS = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, np.ndarray, np.generic, np.dtype)


@stepped
def arrays_of(obj: Any) -> Any:
    """The floats and float arrays in an object's attributes, also in containers and objects there: nested dicts.

    Examples
    --------
    >>> class Model:
    ...     def __init__(self):
    ...         self.name, self.size, self.w, self.layers = "m", 3, np.ones(2), [0.5, "relu"]
    >>> arrays_of(Model())
    {'w': array([1., 1.]), 'layers': {0: 0.5}}
    """
    return _numbers(obj, asked(form_of, obj))


@stepped
def with_arrays(obj: Any, arrays: Any) -> Any:
    """A copy of an object with other numbers in it, nested as `arrays_of` gives them; the rest is shared.

    Examples
    --------
    >>> class Model:
    ...     def __init__(self):
    ...         self.name, self.w = "m", np.ones(2)
    >>> model = Model()
    >>> changed = with_arrays(model, {"w": np.zeros(2)})
    >>> changed.name, changed.w, model.w
    ('m', array([0., 0.]), array([1., 1.]))
    """
    return rebuilt(obj, asked(form_of, obj), arrays)


def form_of(x: Any, around: tuple[int, ...] = ()) -> tuple[Any, ...]:
    """Where numbers are in `x`: ('number',), ('kept',), or what it is with the forms of its parts by their keys."""
    if _is_number(x):
        return ("number",)
    if id(x) in around:  # it holds itself
        return ("kept",)
    inside = (*around, id(x))
    if type(x) in (*_LISTS, dict):
        keys, children, _ = children_of(x)  # type: ignore[misc]
        parts = tuple((k, form_of(v, inside)) for k, v in zip(keys, children, strict=True))
        return (type(x).__name__, parts) if _has_numbers(parts) else ("kept",)
    if is_record(x):
        parts = tuple((name, form_of(v, inside)) for name, v in vars(x).items())
        return ("object", parts) if _has_numbers(parts) else ("kept",)
    return ("kept",)


def holds_numbers(x: Any) -> bool:
    """Whether `x` is an object, no container that is taken apart anyway, with numbers in its attributes."""
    return is_record(x) and children_of(x) is None and not hasattr(x, "__array__") and form_of(x)[0] == "object"


def is_record(x: Any) -> bool:
    """Whether `x` is an instance of a class written in Python, whose attributes stand in its ``__dict__``."""
    return not isinstance(x, _NO_RECORDS) and not is_traced(x) and isinstance(getattr(x, "__dict__", None), dict)


def _is_number(x: Any) -> bool:
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind in "fc"
    return type(x) in (float, complex)


def _has_numbers(parts: Sequence[tuple[Any, tuple[Any, ...]]]) -> bool:
    return any(form != ("kept",) for _, form in parts)


@stepped
def _numbers(x: Any, form: Any) -> Any:
    if form[0] == "number":
        return x
    found = {}
    for key, part in form[1]:
        if part != ("kept",):
            found[key] = _numbers(getattr(x, key) if form[0] == "object" else x[key], part)
    return found


@stepped
def rebuilt(x: Any, form: Any, arrays: Any) -> Any:
    """`x` of this form with other numbers; what is kept is read from it as the user's code would."""
    kind = form[0]
    if kind == "number":
        return arrays
    if kind == "kept":
        return x
    if kind == "object":
        made = object.__new__(type(x))
        for name, part in form[1]:
            object.__setattr__(made, name, rebuilt(getattr(x, name), part, arrays.get(name)))
        return made
    parts = {}
    for key, part in form[1]:  # no comprehension: that would be a function of its own, which is not stepped into
        parts[key] = rebuilt(x[key], part, arrays.get(key))
    if kind == "dict":
        return parts
    return list(parts.values()) if kind == "list" else tuple(parts.values())


class WithObjects:
    """A function of the numbers of some arguments, for a given form of them; the objects come first."""

    def __init__(self, fn: Any, keys: tuple[Any, ...]) -> None:
        self.fn, self.keys = fn, keys
        self.__name__ = getattr(fn, "__name__", "f")

    @stepped
    def __call__(self, objects: Any, forms: Any, *args: Any, **kwargs: Any) -> Any:
        args = list(args)  # type: ignore[assignment]
        for key, obj, form in zip(self.keys, objects, forms):
            if isinstance(key, str):
                kwargs[key] = rebuilt(obj, form, kwargs[key])
            else:
                args[key] = rebuilt(obj, form, args[key])  # type: ignore[index]
        return self.fn(*args, **kwargs)


class ObjectTree:
    """What puts derivatives into a copy of an argument that is an object."""

    cls = object

    def __init__(self, tree: Any, obj: Any, form: tuple[Any, ...]) -> None:
        self._tree, self._obj, self._form = tree, obj, form
        self.size = tree.size

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """A copy of the object with the leaves in place of its numbers."""
        return rebuilt(self._obj, self._form, self._tree.unflatten(leaves))
