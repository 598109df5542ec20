"""What compiling a recorded program gives: value, gradient and Hessian-vector product as functions of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.formula import formula
from bcad.function import Function, Gradient, HessianVector
from bcad.transforms import value_and_grad

from .replay import Replay


class Compiled:
    """Functions of the same inputs, called together.

    Parameters
    ----------
    replay : Replay
        Of the inputs, then of targets that are no inputs.
    count : int
        How many inputs there are.
    others : callable or None
        Gives the values of the other targets for the inputs.
    wrt : sequence of int
        The targets among the replay's parameters.
    parts : sequence of str
        'function', 'gradient', 'hessian_vector': what is returned, a list if there are several.
    """

    def __init__(self, replay: Replay, count: int, others: Any, wrt: Sequence[int], parts: Sequence[str]) -> None:
        self._count, self._others, self._parts = count, others, list(parts)
        self._both = value_and_grad(replay, tuple(wrt)) if {"function", "gradient"} <= set(parts) else None
        self._of: dict[str, Any] = {}
        if self._both is None and "function" in parts:
            self._of["function"] = Function(replay)
        elif self._both is None and "gradient" in parts:
            self._of["gradient"] = Gradient(replay, wrt=tuple(wrt))
        if "hessian_vector" in parts:
            self._of["hessian_vector"] = HessianVector(replay, wrt=tuple(wrt))

    def specialise(self, examples: Sequence[Any]) -> Compiled:
        """Trace at examples of all parameters."""
        for core in (self._both, *self._of.values()):
            if core is not None:
                core.core.specialise(tuple(examples), {})
        return self

    def __call__(self, *inputs: Any, vectors: Any = None) -> Any:
        if len(inputs) != self._count:
            raise TypeError(f"{self._count} inputs expected, {len(inputs)} given")
        args = inputs if self._others is None else (*inputs, *self._others(*inputs))
        found: dict[str, Any] = {}
        if self._both is not None:
            value, gradients = self._both(*args)
            found.update(function=value, gradient=gradients[0] if len(gradients) == 1 else list(gradients))
        for name, fn in self._of.items():
            found[name] = fn(*args, vectors=vectors) if name == "hessian_vector" else fn(*args)
        results = [found[name] for name in self._parts]
        return results[0] if len(results) == 1 else results

    def __str__(self) -> str:
        cores = [core for core in (self._both, *self._of.values()) if core is not None]
        return "\n".join(formula(core.core.specialisations[0], "f") for core in cores)
