"""Functions and their derivatives as stand-alone modules for NumPy and numba, as SymPy and LaTeX."""

from __future__ import annotations

import itertools
import keyword
import linecache
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bcad.argument_text import RESERVED, outdated
from bcad.cases_text import case_lines, cases_of, cases_text
from bcad.errors import StructureError, Unsupported
from bcad.formula import parts
from bcad.function import Function, Gradient, name_of
from bcad.ir import Graph, bind_sizes, evaluate_size
from bcad.latex import formula_latex
from bcad.njit_cases import module_text, njit_cases, taken_of
from bcad.njit_text import jitted
from bcad.rewrite import dce
from bcad.specialise import Specialisation
from bcad.standalone import indented, refuse
from bcad.sympy_forms import evaluate_symbolically, symbols_for

_FLAVOURS = {"numpy": "as NumPy code", "numba": "as loops for numba"}
_numbers = itertools.count(1)


def export_module(
    traced: Function | Gradient, out_file: str | os.PathLike[str] | None = None, *, flavour: str = "numpy",
) -> str:
    """The text of a module that computes what `traced` computes, without bcad.

    Parameters
    ----------
    traced : Function or Gradient
        Traced already: given example arguments, or called. All its specialisations go along, so that call it before
        with an axis of length 0 or 1, another rank, dtype or int where the module is to take these: the module takes a
        call to the first that it fits (for numba, of those for the same types, the ones whose results have the types of
        the latest). What it reads from outside is written with the values of now.
    out_file : path, optional
        Where to write the module as well.
    flavour : str
        'numpy': NumPy expressions, as a person would write them. 'numba': loops, compiled by ``numba.njit``, to be
        called from Python and from other jitted functions; all containers are tuples there, several gradients too.

    Returns
    -------
    str
        For a Function ``def name(...)``; for a Gradient ``name_and_gradient(...)``, which returns the value and the
        gradient (a list for several arguments), and ``gradient(...)``.

    Raises
    ------
    Unsupported
        If it has effects, takes objects, or calls what a module can neither import nor bring along.

    Notes
    -----
    Functions that are not traced (`primitive`, `escaped_call`) go along as source, with the functions, arrays and
    numbers that they read, or are imported where they belong to an installed package. A stream of random numbers that
    the function makes is made anew at each call, as there; one that it reads from outside becomes the keyword argument
    ``rng``; NumPy's and Python's own streams stay those.

    Examples
    --------
    >>> g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
    >>> print(export_module(g).splitlines()[0])
    \"\"\"f and its gradient by x, as NumPy code.\"\"\"
    """
    if flavour not in _FLAVOURS:
        raise ValueError(f"flavour must be one of {', '.join(_FLAVOURS)}, not {flavour!r}")
    special, fn = _specialised(traced)
    if special.mode.name not in ("value", "gradient"):
        raise Unsupported(f"a {special.mode.name} cannot be exported; export a Function or a Gradient")
    module = _Module(special, _plain_name(name_of(fn)), flavour)
    if flavour == "numba":
        numba_cases = njit_cases(special, traced.core.specialisations, fn)
        functions, lines = taken_of(numba_cases, module.returned)
        text = module_text(module.doc, numba_cases, [*functions, *module.functions(numba_cases[0], lines, jitted)])
    else:
        cases = cases_of(special, traced.core.specialisations, fn, taken=module.names)
        if len(cases) > 1:
            bodies = [(case, [*case_lines(case), f"return {module.returned(case)}"]) for case in cases]
            call = f"return _taken({cases[0].arguments.call()})"
            text = cases_text(module.doc, bodies, module.functions(cases[0], [call], function_text))
        else:
            lines = [*cases[0].lines(), f"return {module.returned(cases[0])}"]
            text = cases[0].text(module.doc, module.functions(cases[0], lines, function_text))
    return written(text, out_file)


class _Module:
    """What a module of one flavour defines: a function, or a gradient with and without the value."""

    def __init__(self, special: Specialisation, name: str, flavour: str) -> None:
        self.name, self.gradient = name, special.mode.name == "gradient"
        self.names = (name, f"{name}_and_gradient", "gradient")
        wrt = ", ".join(special.program.graph.inputs[k].name or "x" for k in special.wrt)
        what = f"{name} and its gradient by {wrt}" if self.gradient else name
        self.doc, self._both = f"{what}, {_FLAVOURS[flavour]}.", f"its gradient by {wrt}."

    def returned(self, module: Any) -> str:
        """What the first of the functions returns."""
        return f"{module.result()}, {module.gradient()}" if self.gradient else module.result()

    def functions(self, module: Any, lines: list[str], function: Callable[..., str]) -> list[str]:
        """The texts of the functions; `lines` are the body of the first."""
        parameters = module.arguments.parameters()
        if not self.gradient:
            return [function(self.name, parameters, "", lines)]
        both = function(self.names[1], parameters, f"{self.name}({parameters}) and {self._both}", lines)
        alone = f"return {self.names[1]}({module.arguments.call()})[1]"
        return [both, function("gradient", parameters, "", [alone])]


def to_numba(traced: Function | Gradient, *, with_value: bool = False) -> Callable[..., Any]:
    """What `traced` computes as a jitted function, to be called from other jitted functions too.

    Parameters
    ----------
    traced : Function or Gradient
        Traced already; its specialisations go along as with `export_module`.
    with_value : bool
        For a Gradient: the pair of value and gradient instead of the gradient alone.

    Returns
    -------
    callable
        A numba dispatcher. What the function reads from outside keeps the values of now.

    Raises
    ------
    Unsupported
        For effects, objects as arguments, and streams of random numbers from outside.

    Notes
    -----
    Containers are tuples there: as arguments, in the order of their keys, and as results. What has no kernel form
    (an FFT, an eigenvalue, a draw) is run by Python in between, as blocks in numba's ``objmode``.

    Examples
    --------
    >>> slope = to_numba(Gradient(lambda x: x * x, [1.0]))
    >>> slope(3.0)
    6.0
    """
    text = export_module(traced, flavour="numba")
    name = _plain_name(name_of(traced.fn))
    if not isinstance(traced, Function):
        name = f"{name}_and_gradient" if with_value else "gradient"
    filename = f"<{name} for numba {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    module = ModuleType(filename)
    sys.modules[filename] = module  # where numba looks for the globals of what it runs in Python
    exec(compile(text, filename, "exec"), vars(module))
    return vars(module)[name]


def to_sympy(traced: Function | Gradient, *args: Any) -> tuple[Any, list[Any]]:
    """The function and its derivatives as SymPy expressions.

    Parameters
    ----------
    traced : Function or Gradient
    *args
        Example arguments, whose shapes say how many symbols each gets; those it was traced with by default.

    Returns
    -------
    result, derivatives
        Expressions of real symbols ``x`` for numbers and ``x_0, x_1`` for elements; arrays of them as object arrays.
        What the function read from outside enters with the numbers of now.

    Raises
    ------
    Unsupported
        Where there is no closed form: an eigenvalue, a loop that ends by a condition on values.

    Examples
    --------
    >>> to_sympy(Gradient(lambda x: (x + 1) ** 2, [1.0]))
    ((x + 1)**2, [2*x + 2])
    """
    if args:
        special = traced.core.specialise(args, {})
    else:
        special, _ = _specialised(traced)
        refuse(special)
    program, graph, total = special.program, special.graph, len(special.program.graph.outputs)
    sizes = _sizes(special, args)
    arguments = set(program.arguments.values())
    given = []
    for k, (value, source) in enumerate(zip(program.graph.inputs, program.sources, strict=True)):
        if k in arguments:
            shape = [n if isinstance(n, int) else evaluate_size(n, sizes) for n in getattr(value.type, "shape", ())]
            given.append(symbols_for(value.name or "x", value.type, shape))
        else:
            given.append(source.read(()))
    outputs = [*graph.outputs[: special.results], *graph.outputs[total:]]
    found = evaluate_symbolically(dce(Graph(graph.inputs, graph.nodes, outputs, graph.name)), given, sizes)
    results = [_simple(x) for x in found]
    result: Any = results[0] if special.results == 1 else tuple(results[: special.results])
    return result, results[special.results :]


def to_latex(traced: Function | Gradient) -> str:
    """The printed function and derivatives as LaTeX (an ``aligned`` block).

    Parameters
    ----------
    traced : Function or Gradient

    Returns
    -------
    str

    Raises
    ------
    Unsupported
        For loops, branches and item writes, which mathematics has no signs for.

    Examples
    --------
    >>> print(to_latex(Gradient(lambda x: (x + 1) ** 2, [1.0])))
    \\begin{aligned}
    f(x) &= \\left(x + 1\\right)^{2} \\\\
    \\frac{\\partial f}{\\partial x} &= 2\\, \\left(x + 1\\right)
    \\end{aligned}
    """
    special, fn = _specialised(traced)
    text = formula_latex(*parts(special, name_of(fn)), special.results)
    if text is None:
        raise Unsupported("loops, branches and item writes have no LaTeX", hint="print() shows them as lines of Python")
    return text


def _sizes(special: Specialisation, args: Sequence[Any]) -> dict[str, int]:
    """The numbers that the size symbols stand for: those of the example arguments."""
    sizes: dict[str, int] = {}
    program = special.program
    if args:
        for value, x in zip(program.graph.inputs, program.fetch(args, {}), strict=True):
            bind_sizes(value, x, sizes)
    else:
        sizes.update(program.sizes)
    return sizes


def _simple(x: Any) -> Any:
    import sympy

    if isinstance(x, np.ndarray):
        return np.frompyfunc(_simple, 1, 1)(x) if x.shape else _simple(x[()])
    return sympy.sympify(x)


# -- the pieces of a module ------------------------------------------------------------------------
def function_text(name: str, parameters: str, doc: str, lines: Sequence[str]) -> str:
    body = [f'"""{doc}"""', *lines] if doc else list(lines)
    return "\n".join([f"def {name}({parameters}):", *indented(body)])


def _plain_name(name: str) -> str:
    if not name.isidentifier():
        return "f"
    return f"{name}_" if name in RESERVED or keyword.iskeyword(name) else name


def written(text: str, out_file: str | os.PathLike[str] | None) -> str:
    """`text`, also in a file: all of it or nothing."""
    if out_file is not None:
        path = Path(out_file)
        if path.is_dir() or not path.name:
            raise IsADirectoryError(f"{path} is a directory")
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, path)
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(path)) from None
        finally:
            temporary.unlink(missing_ok=True)
    return text


def _specialised(traced: Any) -> tuple[Specialisation, Callable[..., Any]]:
    """The latest specialisation that holds for what the function reads now, and the function."""
    if not hasattr(traced, "_latest"):
        raise StructureError(f"{type(traced).__name__} is no Function or Gradient", hint="Gradient(fn, example_args)")
    latest = traced._latest()
    holding = (special for special in traced.core.specialisations if outdated(special.program) is None)
    return next(holding, latest), traced.fn
