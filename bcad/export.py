"""Functions and their derivatives as stand-alone NumPy modules, as adjoint code, as SymPy and LaTeX."""

from __future__ import annotations

import ast
import itertools
import linecache
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bcad.errors import BcadError, StructureError, Unsupported
from bcad.formula import parts
from bcad.function import Function, Gradient, name_of
from bcad.ir import Graph, bind_sizes, evaluate_size
from bcad.latex import formula_latex
from bcad.modes import VjpMode
from bcad.njit_text import NjitModule, jitted
from bcad.rewrite import dce
from bcad.specialise import Specialisation
from bcad.standalone import Module, indented
from bcad.sympy_forms import evaluate_symbolically, symbols_for

_FLAVOURS = {"numpy": "as NumPy code", "numba": "as loops for numba"}
_numbers = itertools.count(1)
_GUESSES = ((3, 3), (3,), ())  # shapes that are tried where no example arguments are given


def export_module(
    traced: Function | Gradient, out_file: str | os.PathLike[str] | None = None, *, flavour: str = "numpy",
) -> str:
    """The text of a module that computes what `traced` computes, without bcad.

    Parameters
    ----------
    traced : Function or Gradient
        Traced already: given example arguments, or called. What holds for its latest specialisation is
        checked by the module; what it read from outside is written into it with the values of now.
    out_file : path, optional
        Where to write the module as well.
    flavour : str
        'numpy': NumPy expressions, as a person would write them. 'numba': loops, compiled by ``numba.njit``, to be
        called from Python and from other jitted functions; several gradients are a tuple there.

    Returns
    -------
    str
        For a Function ``def name(...)``; for a Gradient ``name_and_gradient(...)``, which returns the value and the
        gradient (a list for several arguments), and ``gradient(...)``.

    Raises
    ------
    Unsupported
        If it has effects, or calls Python functions that are not traced.

    Examples
    --------
    >>> g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
    >>> print(export_module(g).splitlines()[0])
    \"\"\"f and its gradient by x, as NumPy code.\"\"\"
    """
    if flavour not in _FLAVOURS:
        raise ValueError(f"flavour must be one of {', '.join(_FLAVOURS)}, not {flavour!r}")
    special, fn = _specialised(traced)
    name = _plain_name(name_of(fn))
    if special.mode.name not in ("value", "gradient"):
        raise Unsupported(f"a {special.mode.name} cannot be exported; export a Function or a Gradient")
    if flavour == "numba":
        module: Any = NjitModule(special, fn)
        body, function = module.body(), jitted
    else:
        module = Module(special, fn, taken=(name, f"{name}_and_gradient", "gradient"))
        body, function = [*module.checks(), *_body(module)], _function
    parameters = module.arguments.parameters()
    if special.mode.name == "value":
        lines = [*body, f"return {module.result()}"]
        text = module.text(f"{name}, {_FLAVOURS[flavour]}.", [function(name, parameters, "", lines)])
    else:
        wrt = [special.program.graph.inputs[k].name or "x" for k in special.wrt]
        both = function(
            f"{name}_and_gradient", parameters, f"{name}({parameters}) and its gradient by {', '.join(wrt)}.",
            [*body, f"return {module.result()}, {module.gradient()}"],
        )
        alone = function("gradient", parameters, "", [f"return {name}_and_gradient({module.arguments.call()})[1]"])
        text = module.text(f"{name} and its gradient by {', '.join(wrt)}, {_FLAVOURS[flavour]}.", [both, alone])
    return _written(text, out_file)


def to_numba(traced: Function | Gradient, *, with_value: bool = False) -> Callable[..., Any]:
    """What `traced` computes as a jitted function, to be called from other jitted functions too.

    Parameters
    ----------
    traced : Function or Gradient
        Traced already; what holds for its latest specialisation is checked at each call.
    with_value : bool
        For a Gradient: the pair of value and gradient instead of the gradient alone.

    Returns
    -------
    callable
        A numba dispatcher. What the function reads from outside keeps the values of now.

    Raises
    ------
    Unsupported
        For containers as arguments, effects, and what numba cannot compile as a whole.

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
    scope: dict[str, Any] = {"__name__": filename}
    exec(compile(text, filename, "exec"), scope)
    return scope[name]  # type: ignore[no-any-return]


def transform(
    fn: Callable[..., Any] | str, out_file: str | os.PathLike[str] | None = None, *, args: Sequence[Any] | None = None,
) -> str:
    """Adjoint code: a module with ``f_ad(A, B, A_a, B_a, C_a)``, which increments the adjoints and returns them.

    Parameters
    ----------
    fn : callable or str
        The function, or the text of a module that begins with it.
    out_file : path, optional
        Where to write the text as well.
    args : sequence, optional
        Example arguments (their ranks and dtypes count, not their sizes). Without them square matrices are tried
        first, then vectors and numbers; the code refuses arguments of other ranks.

    Returns
    -------
    str
        ``f_ad(*args, *adjoints, seed)`` returns ``(result, *adjoints)``. The adjoints of arrays are incremented in
        place (pass zeros); the seed is called after the returned variable (``C_a``), else ``out_a``.

    Raises
    ------
    ValueError
        If a text does not begin with a function, or a function has no trailing return.

    Notes
    -----
    The convention is Numpy2AD's.

    Examples
    --------
    >>> print(transform("def mma(A, B, C):\\n    D = A @ B + C\\n    return D").splitlines()[5])
    def mma_ad(A, B, C, A_a, B_a, C_a, D_a):
    """
    function, tree = _function_of(fn)
    returned = _returned(tree)
    names = _parameter_names(function)
    if returned in names and len(tree.body) == 1 and len(names) == 1:  # ``return x`` alone: its adjoint is the seed
        return _written(_identity(function.__name__, returned), out_file)
    seed = f"{returned}_a" if returned and returned not in names else "out_a"
    special = _vjp(function, len(names), args)
    module = Module(special, function, taken=[f"{n}_a" for n in names], seeds=[seed])
    adjoints = [f"{n}_a" for n in names]
    lines = [*module.checks(), *_body(module, returned if returned not in names else None)]
    lines += _increments(module, adjoints)
    result = module.results_text[0] if len(module.results_text) == 1 else f"({', '.join(module.results_text)})"
    lines.append(f"return ({', '.join([result, *adjoints])})")
    name = _plain_name(function.__name__)
    doc = f"{name} and its adjoint: the adjoints of the arguments are incremented and returned."
    code = _function(f"{name}_ad", ", ".join([*names, *adjoints, seed]), "", lines)
    return _written(module.text(doc, [code]), out_file)


def transform_expr(expr: str, *, args: dict[str, Any] | None = None) -> str:
    """The statements of an assignment and of its adjoint: ``"D = A @ B + C"``.

    Parameters
    ----------
    expr : str
        One assignment of an expression to a name.
    args : dict, optional
        Example values for its variables by name.

    Returns
    -------
    str
        The assignment, then the increments of ``A_a``, ``B_a``, ``C_a`` by ``D_a``, which must exist.

    Raises
    ------
    ValueError
        If the text is no such assignment.

    Examples
    --------
    >>> print(transform_expr("D = A @ B + C"))
    D = A @ B + C
    A_a += D_a @ B.T
    B_a += A.T @ D_a
    C_a += D_a
    """
    target, names = _assignment(expr)
    source = f"def f({', '.join(names)}):\n    {expr.strip()}\n    return {target}\n"
    function, _ = _function_of(source)
    given = None if args is None else [args[n] for n in names]
    special = _vjp(function, len(names), given)
    module = Module(special, function, taken=[f"{n}_a" for n in names], seeds=[f"{target}_a"], comments=False)
    lines = _body(module, target)
    lines += _increments(module, [f"{n}_a" for n in names])
    return "\n".join([*module.preamble(), *lines])


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
def _body(module: Module, result: str | None = None) -> list[str]:
    return module.body(result)


def _increments(module: Module, adjoints: Sequence[str]) -> list[str]:
    """``A_a += ...`` for the argument to which each derivative belongs."""
    return [f"{name} += {text}" for name, text in zip(adjoints, module.derived_text, strict=True)]


def _function(name: str, parameters: str, doc: str, lines: Sequence[str]) -> str:
    body = [f'"""{doc}"""', *lines] if doc else list(lines)
    return "\n".join([f"def {name}({parameters}):", *indented(body)])


def _plain_name(name: str) -> str:
    return name if name.isidentifier() else "f"


def _written(text: str, out_file: str | os.PathLike[str] | None) -> str:
    """`text`, also in a file: all of it or nothing."""
    if out_file is not None:
        path = Path(out_file)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(text)
        os.replace(temporary, path)
    return text


def _specialised(traced: Any) -> tuple[Specialisation, Callable[..., Any]]:
    if not hasattr(traced, "core"):
        raise StructureError(f"{type(traced).__name__} is no Function or Gradient", hint="Gradient(fn, example_args)")
    return traced._latest(), traced.fn


# -- functions given as text -------------------------------------------------------------------------
def _function_of(fn: Callable[..., Any] | str) -> tuple[Any, ast.FunctionDef]:
    """A function and its syntax tree."""
    import inspect
    import linecache
    import textwrap

    if callable(fn):
        try:
            source = textwrap.dedent(inspect.getsource(fn))
            (node, *_) = ast.parse(source).body
        except (OSError, TypeError, SyntaxError):
            node = ast.parse("def f(): pass").body[0]  # no source: nothing is known of its names
        if not isinstance(node, ast.FunctionDef):
            node = ast.parse("def f(): pass").body[0]
        assert isinstance(node, ast.FunctionDef)
        return fn, node
    try:
        tree = ast.parse(fn)
    except SyntaxError as error:
        raise ValueError(f"not Python: {error}") from None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        raise ValueError("the text must begin with a function")
    node = tree.body[0]
    if not node.body or not isinstance(node.body[-1], ast.Return) or node.body[-1].value is None:
        raise ValueError(f"{node.name}() must end with a return of its result")
    filename = f"<{node.name} given as text>"
    linecache.cache[filename] = (len(fn), None, fn.splitlines(True), filename)
    scope: dict[str, Any] = {"np": np, "numpy": np, "__name__": "given_as_text"}
    exec(compile(fn, filename, "exec"), scope)
    return scope[node.name], node


def _returned(tree: ast.FunctionDef) -> str | None:
    """The name of the variable that is returned at the end."""
    last = tree.body[-1]
    return last.value.id if isinstance(last, ast.Return) and isinstance(last.value, ast.Name) else None


def _parameter_names(function: Callable[..., Any]) -> list[str]:
    import inspect

    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds]


def _assignment(expr: str) -> tuple[str, list[str]]:
    """The target and the variables of ``"D = A @ B + C"``, in order."""
    try:
        tree = ast.parse(expr.strip())
    except SyntaxError as error:
        raise ValueError(f"{expr!r} is not Python: {error}") from None
    statement = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(statement, ast.Assign):
        raise ValueError(f"{expr!r} is not one assignment")
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        raise ValueError(f"{expr!r} does not assign to one name")
    loaded = [n for n in ast.walk(statement.value) if isinstance(n, ast.Name)]
    loaded.sort(key=lambda n: (n.lineno, n.col_offset))
    names = list(dict.fromkeys(n.id for n in loaded if n.id not in ("np", "numpy")))
    if not names:
        raise ValueError(f"{expr!r} has no variables")
    return statement.targets[0].id, names


def _vjp(function: Callable[..., Any], count: int, args: Sequence[Any] | None) -> Specialisation:
    """The traced adjoint at example arguments, which are guessed if there are none."""
    places = [(0, k) for k in range(count)]
    if args is not None:
        examples = [np.asarray(x, float) if np.ndim(x) else float(x) for x in args]
        return Specialisation(function, VjpMode(), places, tuple(examples), {})
    failure: Exception | None = None
    for shapes in itertools.islice(itertools.product(_GUESSES, repeat=count), 100):
        rng = np.random.default_rng(0)
        examples = [rng.uniform(0.5, 1.5, s) + 2 * np.eye(3) if len(s) == 2 else rng.uniform(0.5, 1.5, s) for s in shapes]
        try:
            with np.errstate(all="ignore"):
                function(*examples)
            return Specialisation(function, VjpMode(), places, tuple(examples), {})
        except (BcadError, ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError) as error:
            failure = failure or error
    raise failure or ValueError("no arguments fit the function; give args=")


def _identity(name: str, x: str) -> str:
    code = _function(f"{name}_ad", f"{x}, {x}_a", "", [f"return ({x}, {x}_a)"])
    return f'"""{name} and its adjoint."""\n\nimport numpy as np\n\n\n{code}\n'
