"""What makes derivatives travel to other processes: by the name of a decorated function, or as operator and function."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any


class ByName:
    """An object that stands for a function in its module is pickled as that name, as functions are."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self, "__module__", None) or "")
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else super().__reduce_ex__(protocol)


class Derived:
    """What an operator makes of a function: called and named like one, pickled as the operator and its arguments.

    Parameters
    ----------
    call : callable
        What it does.
    factory, args
        ``factory(*args)`` makes it again.
    fun : callable
        The function it is a derivative of.
    argnum : object
        By which argument; None if that cannot be said so.
    core : Differentiated, optional
        Whose `report` and `explain` tell about it.
    """

    def __init__(
        self, call: Callable[..., Any], factory: Callable[..., Any], args: tuple[Any, ...], fun: Any, argnum: Any = None,
        core: Any = None,
    ) -> None:
        self._call, self._factory, self._args = call, factory, args
        name = str(getattr(fun, "__name__", "[unknown name]"))
        where = "" if argnum is None else f" with respect to argument number {argnum}"
        self.__name__ = f"{factory.__name__}_of_{name}" + ("" if argnum is None else f"_wrt_argnum_{argnum}")
        self.__doc__ = f"    {factory.__name__} of function {name}{where}."
        self.__wrapped__ = fun
        if core is not None:
            self.core = core

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        return self._factory, self._args

    def __repr__(self) -> str:
        return f"<{self.__name__}>"
