"""Names: locals, cells and namespaces of a frame as the user's program sees them."""
from __future__ import annotations

import types
from types import CellType
from typing import Any

from .code import OPTIMIZED, UNBOUND
from .frame import Frame
from .journal import EMPTY, cell_value
from .versions import SNAPSHOT_LOCALS

LAZY = getattr(types, "LazyImportType", None)       # 3.15: stands for what is yet to be imported


def slot_values(frame: Frame) -> dict[str, Any]:
    """The bound slots by name, cells opened."""
    values = {}
    for index, (name, value) in enumerate(zip(frame.code.slot_names, frame.slots)):
        if type(value) is CellType and is_cell(frame, index):
            value = cell_value(value)
        if value is not UNBOUND and value is not EMPTY:
            values[name] = value
    return values


def is_cell(frame: Frame, index: int) -> bool:
    """Whether slot `index` is a variable shared with closures, boxed in a cell."""
    raw = frame.code.raw
    return index >= frame.code.free_start or frame.code.slot_names[index] in raw.co_cellvars


def frame_locals(frame: Frame) -> Any:
    """What ``locals()`` gives: the namespace itself, or the variables of a function."""
    if frame.names is not None:
        if not frame.code.raw.co_flags & OPTIMIZED:
            return _with_hidden(frame)
        return frame.names
    values = slot_values(frame)
    if SNAPSHOT_LOCALS:
        return values
    if frame.locals_view is None:       # up to 3.12 every call gives the same dict, brought up to date
        frame.locals_view = {}
    for name in frame.code.slot_names:
        if name in values:
            frame.locals_view[name] = values[name]
        else:
            frame.locals_view.pop(name, None)
    return frame.locals_view


def _with_hidden(frame: Frame) -> Any:
    """Comprehensions inlined in a module or class keep their variables in hidden slots."""
    hidden = {name: value for name, value in slot_values(frame).items()
              if name in frame.code.raw.co_varnames}
    if not hidden:
        return frame.names
    return {**frame.names, **hidden}


def load_name(frame: Frame, name: str) -> Any:
    """Look `name` up in locals, globals, builtins; raise NameError."""
    names = frame.names
    if type(names) is dict:
        if name in names:
            value = names[name]
            return imported(names, name, value) if type(value) is LAZY else value
    elif names is not None:
        from .attributes import get_item
        try:
            return get_item(frame, names, name)
        except KeyError:
            pass
    return load_global(frame, name)


def builtin(frame: Frame, name: str) -> Any:
    """What an instruction needs from the builtins, which a program may have replaced; or None."""
    try:
        return frame.builtins[name]
    except KeyError:
        return None


def load_global(frame: Frame, name: str) -> Any:
    """Look `name` up in globals and builtins; raise NameError."""
    for namespace in (frame.globals, frame.builtins):
        try:
            value = namespace[name]
        except KeyError:
            continue
        return imported(namespace, name, value) if type(value) is LAZY else value
    raise NameError(f"name {name!r} is not defined", name=name)


def imported(namespace: Any, name: str, lazy: Any) -> Any:
    """Import what a name stands for, at its first use."""
    value = namespace[name] = lazy.resolve()
    return value
