"""Functions, methods and views of dicts that a call leaves behind: made again for each run, with its numbers in them."""

from __future__ import annotations

import functools
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from interpreter import EMPTY

from ..captures.containers import WINDOWS, windowed
from ..regions.states import cell_value

if TYPE_CHECKING:
    from .leaving import Make, Maker, Run


def plan(maker: Maker, obj: Any) -> Make | None:
    """How a function that the call has made, one of its cells, a method or view of what it has made is made; None for anything else."""
    kind = type(obj)
    if kind is FunctionType:
        return _function(maker, obj)
    if kind is CellType:
        return _cell(maker, obj)
    if kind is MethodType:
        owner = maker.plan(obj.__self__)
        return lambda run: MethodType(obj.__func__, owner(run))
    if kind is BuiltinMethodType and isinstance(obj.__self__, (list, dict, set)):
        owner = maker.plan(obj.__self__)
        return lambda run: getattr(owner(run), obj.__name__)
    if kind in WINDOWS:
        shown = maker.plan(windowed(obj))
        return lambda run: WINDOWS[kind](shown(run))
    if kind is functools.partial:
        function, args, kwargs = maker.plan(obj.func), maker.plan(obj.args), maker.plan(obj.keywords)
        return lambda run: functools.partial(function(run), *args(run), **kwargs(run))
    return None


def _function(maker: Maker, fn: FunctionType) -> Make:
    """A function may be held by its own cells: it is there before they are filled."""
    if maker.session.captures.is_outer_function(fn):
        return lambda run: fn
    cells: tuple[Make, ...] = ()

    def make(run: Run) -> Any:
        made = FunctionType(fn.__code__, fn.__globals__, fn.__name__, defaults(run), tuple(cell(run) for cell in cells))
        made.__kwdefaults__, made.__qualname__, made.__module__ = keyword_defaults(run), fn.__qualname__, fn.__module__
        made.__annotations__, made.__doc__ = fn.__annotations__, fn.__doc__
        vars(made).update(attributes(run))
        return made

    found = maker.once(fn, make)
    maker.know(fn, found)
    defaults, keyword_defaults = maker.plan(fn.__defaults__), maker.plan(fn.__kwdefaults__)
    attributes = maker.plan(vars(fn))
    cells = tuple(maker.plan(cell) for cell in fn.__closure__ or ())
    return found


def _cell(maker: Maker, cell: CellType) -> Make:
    """A variable that functions share: it is there before what it holds, which may be one of them."""
    key = id(cell)
    contents: Make | None = None

    def make(run: Run) -> Any:
        if key not in run.made:
            run.made[key] = made = CellType()
            if contents is not None:
                made.cell_contents = contents(run)
        return run.made[key]

    maker.know(cell, make)
    held = cell_value(cell)
    contents = None if held is EMPTY else maker.plan(held)
    return make
