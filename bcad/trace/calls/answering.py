"""Who answers for a library's Python function in traced code, entered by name: the library is not imported for that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

Answer = Callable[..., Any]
_declared: dict[str, dict[str, Answer]] = {}  # module -> name -> answer, until the module is imported
_answers: dict[Any, Answer] = {}


def answers(module: str, *names: str) -> Callable[[Answer], Answer]:
    """Let the decorated function answer calls of functions of `module` in traced code, with their own arguments.

    NotImplemented: as without it.  The module is not imported for that.
    """

    def enter(answer: Answer) -> Answer:
        _declared.setdefault(module, {}).update(dict.fromkeys(names, answer))
        return answer

    return enter


def answer(fn: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call of a library's Python function means; NotImplemented: what its code says."""
    return _answers[fn](*args, **kwargs) if is_answered(fn) else NotImplemented


def is_answered(fn: FunctionType) -> bool:
    """Whether an answer is entered for a function."""
    for module in [name for name in _declared if name in sys.modules]:
        for name, meaning in _declared.pop(module).items():
            if hasattr(sys.modules[module], name):
                _answers[getattr(sys.modules[module], name)] = meaning
    return fn in _answers
