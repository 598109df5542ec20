"""Attributes of traced values: shapes and dtypes are known, methods are bound, the rest is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Kind, product

from ..calls import meanings
from ..captures.outer import MIRRORS
from ..effects.text import TextTracer
from ..tracers import ArrayTracer, Method, ObjectTracer, SizeTracer, Tracer
from .items import write_all
from .layouts import lies_in_rows
from .views import VIEW_METHODS, as_view, step_between

if TYPE_CHECKING:
    from ..session import Session

_ASKED = frozenset(("C_CONTIGUOUS", "F_CONTIGUOUS", "WRITEABLE", "OWNDATA"))
_FLAGS = {"C_CONTIGUOUS": True, "OWNDATA": True, "ALIGNED": True, "WRITEBACKIFCOPY": False}


def get(session: Session, owner: Any, name: str) -> Any:
    """``owner.name``."""
    kind = type(owner)
    if kind in MIRRORS or kind is Method:
        return NotImplemented
    if kind is np.ndarray:
        if owner.dtype.kind not in "biufc":
            return NotImplemented
        owner = session.captures.cell(owner)
    if not isinstance(owner, Tracer):
        return NotImplemented
    if name == "__class__":
        return owner.__class__
    if name == "__bcad_value__":
        return session.value(owner)
    if kind is TextTracer:
        return owner.attribute(name)
    if kind is SizeTracer:
        return _of_size(session, owner, name)  # type: ignore[arg-type]
    if kind is ObjectTracer:
        raise session.error(f"attribute {name!r} of an object that only exists when the function runs")
    return _of_number(session, owner, name)


def _of_size(session: Session, owner: SizeTracer, name: str) -> Any:
    if name in ("real", "numerator"):
        return owner
    if name in ("imag", "denominator"):
        return int(name == "denominator")
    return _method(owner, int, name)


def _of_number(session: Session, owner: Any, name: str) -> Any:
    type_: ArrayType = owner._type()
    if type_.kind is not Kind.PYTHON:
        known = _DESCRIBE.get(name)
        if known is not None:
            return known(session, owner, type_)
    elif type_.dtype.kind == "b" and not callable(getattr(bool, name, None)):  # True.real is 1
        return _of_number(session, session.wrap(ops.BY_NAME["as_kind"](session.value(owner), kind=Kind.PYTHON, dtype=np.dtype(int))), name)
    elif type_.dtype.kind == "i" and name in ("numerator", "denominator"):
        return owner if name == "numerator" else 1
    found = ops.PROPERTIES.get(name)
    if found is not None and hasattr(type_.python_type, name):
        result = session.wrap(found(session.value(owner)))
        return as_view(name, owner, result) if name in VIEW_METHODS else result
    return _method(owner, type_.python_type, name)


def _method(owner: Tracer, cls: type, name: str) -> Any:
    if not hasattr(cls, name):
        raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}", name=name)
    if not callable(getattr(cls, name)):
        raise owner._session.error(f"{cls.__name__}.{name} is not traced")
    if name in ("__array_interface__", "__array_struct__", "ctypes", "data", "__dict__"):
        raise owner._session.leak(owner, f"its memory was asked for ({name})")
    return Method(owner, name)


def _shape(session: Session, owner: Any, type_: ArrayType) -> Any:
    return tuple(session.wrap(size) for size in type_.shape)


def _flat(session: Session, owner: Any, type_: ArrayType) -> Any:
    """The elements one after the other, which are written through however the array lies; slices of them are copies."""
    if not isinstance(owner, ArrayTracer):
        owner = session.wrap(ops.FUNCTIONS[np.asarray](session.value(owner)))
    flat = meanings.emit(session, ops.METHODS["ravel"], (owner,), {})
    step = step_between(session.value(owner), flat)
    assert step is not None
    view = ArrayTracer(session, flat, owner, step)
    view._writeable = owner._writeable
    view._is_flat = True
    return view


def _nbytes(session: Session, owner: Any, type_: ArrayType) -> Any:
    return session.wrap(product(type_.shape) * type_.dtype.itemsize)


def _strides(session: Session, owner: Any, type_: ArrayType) -> Any:
    sizes, stride = [], type_.dtype.itemsize
    for size in reversed(type_.shape):
        sizes.append(session.wrap(stride))
        stride = stride * size  # type: ignore[assignment]
    return tuple(reversed(sizes))


def _base(session: Session, owner: Any, type_: ArrayType) -> Any:
    return getattr(owner, "_base", None)


def _flags(session: Session, owner: Any, type_: ArrayType) -> Any:
    if type(owner) is not ArrayTracer:
        return Flags(False, type_.ndim)
    flags = Flags(owner._writeable, type_.ndim)
    for name in flags:
        known = session.captures.flag(owner, name.lower()) if name in _ASKED else None
        flags[name] = flags[name] if known is None else known
    if type_.ndim > 1 and session.captures.standing_for(owner) is None and not lies_in_rows(session, owner):
        flags.lose_order(session)
    return flags


class Flags(dict):
    """``x.flags`` of a traced array."""

    def __init__(self, writeable: bool, ndim: int) -> None:
        super().__init__(_FLAGS, WRITEABLE=writeable, F_CONTIGUOUS=ndim < 2)
        self._session: Session | None = None

    def lose_order(self, session: Session) -> None:
        """How the array lies in memory is not known."""
        self._session = session
        del self["C_CONTIGUOUS"], self["F_CONTIGUOUS"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name.upper()]
        except KeyError:
            raise AttributeError(name) from None

    def __missing__(self, name: str) -> Any:
        """NumPy's other names of them."""
        if self._session is not None:
            raise self._session.error("how an array lies in memory that was made of one which does not lie row by row is not known")
        c, f = self["C_CONTIGUOUS"], self["F_CONTIGUOUS"]
        others = {"FORTRAN": f, "F": f, "CONTIGUOUS": c, "C": c, "FNC": f and not c, "FORC": f or c,
                  "W": self["WRITEABLE"], "O": self["OWNDATA"], "A": True}  # fmt: skip
        return others[name]


_DESCRIBE: dict[str, Any] = {
    "shape": _shape,
    "ndim": lambda session, owner, type_: type_.ndim,
    "size": lambda session, owner, type_: session.wrap(product(type_.shape)),
    "dtype": lambda session, owner, type_: type_.dtype,
    "itemsize": lambda session, owner, type_: type_.dtype.itemsize,
    "flat": _flat,
    "nbytes": _nbytes,
    "strides": _strides,
    "base": _base,
    "flags": _flags,
    "device": lambda session, owner, type_: "cpu",
    "__array_priority__": lambda session, owner, type_: 0.0,
}


def set_(session: Session, owner: Any, name: str, value: Any) -> Any:
    """``owner.name = value``; NotImplemented where the owner is no tracer."""
    if type(owner) is np.ndarray and owner.dtype.kind in "biufc":
        owner = session.captures.cell(owner)
    if not isinstance(owner, Tracer):
        return NotImplemented
    if isinstance(owner, ArrayTracer) and name in ("real", "imag", "flat"):
        target = get(session, owner, name) if name != "flat" else owner
        write_all(session, target, value)
        return None
    if isinstance(owner, ArrayTracer) and name == "shape":
        raise session.error("x.shape = ... is not traced", hint="use x = x.reshape(...)")
    cls = owner.__class__.__name__
    raise AttributeError(f"{cls!r} object has no attribute {name!r}")


