"""Meanings of functions of modules that are not imported: found by the module's and the function's name.

``import bcad`` must not import scipy; a table with function objects as keys would.  The table
here is by name; `FUNCTIONS` and `DERIVED` ask it (`late`) when they are asked for a function they do
not have: one of such a module is met only when the module is imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .op import DERIVED, FUNCTIONS

NAMED: dict[tuple[str, str], Callable[..., Any]] = {}
NAMED_DERIVED: dict[tuple[str, str], Callable[..., Any]] = {}  # plain code to step into
METHODS_OF: dict[tuple[str, str], Callable[..., Any]] = {}  # (class of scipy.stats, method) -> meaning, without self
_modules: set[str] = {"scipy.stats"}
_entered: set[str] = set()


def implements_named(module: str) -> Callable[..., Any]:
    """Declare by name what calls of functions of `module` mean; like `implements`."""
    return _entering(module, NAMED)


def derived_named(module: str) -> Callable[..., Any]:
    """Declare functions of `module` by plain NumPy code, which the evaluator steps into; like `derived`."""
    return _entering(module, NAMED_DERIVED)


def _entering(module: str, table: dict[tuple[str, str], Callable[..., Any]]) -> Callable[..., Any]:
    _modules.add(module)

    def named(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def enter(meaning: Callable[..., Any]) -> Callable[..., Any]:
            table.update(((module, name), meaning) for name in names)
            return meaning

        return enter

    return named


def lookup(function: Any) -> Callable[..., Any] | None:
    """What a call of `function` (also a bound method of a SciPy distribution) on Values means; None if unknown."""
    return _get(FUNCTIONS, function)


def lookup_derived(function: Any) -> Callable[..., Any] | None:
    """Plain NumPy code for `function`, which the evaluator steps into; None if unknown."""
    return _get(DERIVED, function)


def _get(table: dict[Any, Callable[..., Any]], function: Any) -> Callable[..., Any] | None:
    try:
        return table.get(function)
    except TypeError:  # not hashable
        return None


def _of_distribution(name: str) -> Callable[..., Any]:
    """A method of distributions as a function of the distribution, as an evaluator calls it."""

    def call(distribution: Any, *args: Any, **kwargs: Any) -> Any:
        meaning = METHODS_OF.get((type(distribution).__name__, name))
        return NotImplemented if meaning is None else meaning(*args, **kwargs)

    call.__name__ = name
    return call


def _enter_distributions() -> None:
    """The methods as functions of their classes (a bound method is taken apart before it is called)."""
    import scipy.stats as stats

    for name in {method for _, method in METHODS_OF}:
        classes = [stats.rv_continuous, stats.rv_discrete, type(stats.multivariate_normal), type(stats.dirichlet)]
        for cls in classes:
            if hasattr(cls, name):
                FUNCTIONS.setdefault(getattr(cls, name), _of_distribution(name))


def _late_meaning(function: Any) -> Callable[..., Any] | None:
    owner = getattr(function, "__self__", None)
    if owner is not None and type(owner).__module__.startswith("scipy.stats"):
        return METHODS_OF.get((type(owner).__name__, function.__name__))
    return dict.get(FUNCTIONS, function) if _enter_imported() else None


def _late_code(function: Any) -> Callable[..., Any] | None:
    return dict.get(DERIVED, function) if _enter_imported() else None


def _enter_imported() -> bool:
    """Enter the functions of modules imported since the last time; whether there were any."""
    new = [name for name in _modules if name not in _entered and name in sys.modules]
    for name in new:
        _entered.add(name)
        if name == "scipy.stats":
            _enter_distributions()
        for named, table in ((NAMED, FUNCTIONS), (NAMED_DERIVED, DERIVED)):
            for (module, attribute), meaning in named.items():
                if module == name and hasattr(sys.modules[name], attribute):
                    table.setdefault(getattr(sys.modules[name], attribute), meaning)
    return bool(new)


FUNCTIONS.late, DERIVED.late = _late_meaning, _late_code
