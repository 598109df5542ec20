"""Fourier transforms along an axis: by the loops that NumPy's functions call."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Node

from .inner_loops import Operand, call_loop, code, routine_for
from .kernel import Buffer, Expr, Fail
from .numpy_loops import FOURIER
from .scalars import needs
from .scope import Scope
from .specials import special


@special("fft")
def _fft(scope: Scope, node: Node, step: int) -> None:
    inverse = node.attrs["inverse"]
    n = scope.size(node.output.shape[node.attrs["axis"]])
    _Transform(scope, node, n, inverse).run("ifft" if inverse else "fft")


@special("rfft")
def _rfft(scope: Scope, node: Node, step: int) -> None:
    n = scope.size(node.inputs[0].shape[node.attrs["axis"]])
    transform = _Transform(scope, node, n, False)
    if n.op == "const":
        transform.run(f"rfft_n_{'odd' if n.data % 2 else 'even'}")
        return
    odd, even = scope.e.arms(scope.s.compare("ne", scope.e.mod(n, scope.e.int(2)), scope.e.int(0)))
    with odd:
        transform.lines("rfft_n_odd")
    with even:
        transform.lines("rfft_n_even")
    transform.finish()


@special("irfft")
def _irfft(scope: Scope, node: Node, step: int) -> None:
    n = scope.size(node.output.shape[node.attrs["axis"]])
    _Transform(scope, node, n, True).run("irfft")


class _Transform:
    """The lines of an array along one axis; `n` numbers are transformed in each."""

    def __init__(self, scope: Scope, node: Node, n: Expr, inverse: bool) -> None:
        self.scope, self.node, self.e = scope, node, scope.e
        (x,), out, axis = node.inputs, node.output, node.attrs["axis"]
        self.real = np.zeros((), out.dtype).real.dtype
        self.types = f"{code(x.dtype)}{code(self.real)}->{code(out.dtype)}"
        self.before, self.behind = ([scope.size(s) for s in part] for part in (x.shape[:axis], x.shape[axis + 1 :]))
        self.lengths = scope.size(x.shape[axis]), scope.size(out.shape[axis])
        routine_for(node, FOURIER, "fft", "Dd->D")  # before anything is emitted
        for length in dict.fromkeys((n, *self.lengths)):  # the loops read the first number of each line
            if length.op != "const" or length.data < 1:
                empty = scope.s.compare("lt", length, self.e.int(1))
                self.e.append(Fail(empty, scope.function.message("Invalid number of FFT data points")))
        self.source, self.target = scope.memory(x), scope.room_for(out)
        self.target.mutable = True
        self.factor = self._factor(n, inverse)

    def _factor(self, n: Expr, inverse: bool) -> Buffer:
        """What all results are multiplied by, as NumPy computes it."""
        e, s, t = self.e, self.scope.s, needs(self.real)
        norm = self.node.attrs["norm"]
        one: Any = e.const(1.0, t)
        if norm == "ortho":
            one = s.binary("div", one, e.emit("sqrt", s.convert(n, t), type=t))
        elif (norm == "backward") == inverse:
            one = s.binary("div", one, s.convert(n, t))
        made = self.scope.allocate(self.real, (e.int(1),))
        e.store(made, e.int(0), one)
        return self.scope.rewritten(made)

    def run(self, name: str) -> None:
        """All lines, by one loop."""
        self.lines(name)
        self.finish()

    def lines(self, name: str) -> None:
        """Call the loop: for lines that are contiguous once, else once for each index of the axes before."""
        e = self.e
        routine = routine_for(self.node, FOURIER, name, self.types)
        before, behind = e.product(self.before), e.product(self.behind)
        if not self.behind:
            self._call(routine, e.int(0), e.int(1), self.lengths, before)
            return
        with e.loop(e.int(0), before) as i:
            self._call(routine, i, behind, (e.int(1), e.int(1)), behind)

    def _call(self, routine: str, i: Expr, stride: Expr, steps: tuple[Expr, Expr], times: Expr) -> None:
        e = self.e
        source, target = (
            Operand(buffer, e.mul(i, e.mul(length, stride)), (stride,), step)
            for buffer, length, step in zip((self.source, self.target), self.lengths, steps, strict=True)
        )
        call_loop(self.scope, self.node, routine, self.lengths, [source, Operand(self.factor, e.int(0)), target], times)

    def finish(self) -> None:
        """The result is there."""
        self.scope.bind(self.node.output, self.scope.rewritten(self.target))
        self.scope.function.kernel.summary.append(f"{self.node.op.name} of {self.node.inputs[0].type}, by NumPy's loop")
