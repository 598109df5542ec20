"""Adjoint code in Numpy2AD's conventions: ``X_a`` is incremented in place, the seed belongs to what is returned."""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import math
import os
import symtable
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bcad.argument_text import RESERVED
from bcad.errors import BcadError, StructureError, Unsupported
from bcad.export import function_text, written
from bcad.modes import VjpMode
from bcad.specialise import Specialisation
from bcad.standalone import Module

_GUESSES = ((3, 3), (3,), ())  # shapes that are tried where no example arguments are given
_TRIALS = 100  # combinations of them
_SIMPLE = (np.transpose, np.matmul, np.dot, np.outer, np.trace, np.sum, np.linalg.inv, np.linalg.solve, np.linalg.det)
_KNOWN: dict[str, Any] = {"np": np, "numpy": np, "math": math}  # what a text may use


def transform(
    fn: Callable[..., Any] | str, out_file: str | os.PathLike[str] | None = None, *, args: Sequence[Any] | None = None,
    output_file: str | os.PathLike[str] | None = None,
) -> str:
    """Adjoint code: a module with ``f_ad(A, B, A_a, B_a, C_a)``, which increments the adjoints and returns them.

    Parameters
    ----------
    fn : callable or str
        The function, or the text of a module that begins with it.
    out_file, output_file : path, optional
        Where to write the text as well.
    args : sequence, optional
        Example arguments (their ranks and dtypes count, not their sizes); an int stays what it is, and has no adjoint.
        Without them square matrices are tried first, then vectors and numbers; the code refuses arguments of other
        ranks.

    Returns
    -------
    str
        ``f_ad(*args, *adjoints, seed)`` returns ``(result, *adjoints)``. The adjoints of arrays are incremented in
        place (pass zeros); the seed is called after the returned variable (``C_a``), else ``out_a``; several results
        have a seed each.

    Raises
    ------
    ValueError
        If a text does not begin with a function, or a function has no trailing return.
    Unsupported
        If the function has effects, or takes containers.

    Notes
    -----
    The convention is Numpy2AD's.

    Examples
    --------
    >>> print(transform("def mma(A, B, C):\\n    D = A @ B + C\\n    return D").splitlines()[5])
    def mma_ad(A, B, C, A_a, B_a, C_a, D_a):
    """
    out_file = output_file if out_file is None else out_file
    function, tree = _function_of(fn)
    special = _vjp(function, _parameters(function, args), args)
    names = [v.name or f"x{k}" for k, v in enumerate(special.program.graph.inputs)]
    active = [names[k] for k in special.wrt]
    containers = [tree for tree in special.program.tree.children[0].children if tree.cls is not None]
    if containers or not active:
        raise Unsupported("adjoint code is made for arguments that are arrays and numbers", hint="export_module() takes containers")
    returned = _returned(tree, special.results)
    if returned == active == names and isinstance(tree.body[0], ast.Return):  # ``return x``: its adjoint is the seed
        return written(_identity(function.__name__, active[0]), out_file)
    taken = {*names, *RESERVED}
    adjoints = [_unused(f"{name}_a", taken) for name in active]
    own = [name if name and name not in names else "out" for name in returned]
    seeds = [_unused(f"{name}_a", taken) for name in own]
    module = Module(special, function, taken=adjoints, seeds=seeds)
    lines = module.lines(own)
    for seed, value, text in zip(seeds, module.results, module.results_text, strict=True):
        if value.shape:
            lines += [f"if np.shape({seed}) != np.shape({text}):", f"    raise ValueError('{seed} must have the shape of the result')"]
    lines += [_increment(name, text) for name, text in zip(adjoints, module.derived_text, strict=True)]
    lines.append(f"return ({', '.join([module.result(), *adjoints])}{'' if adjoints else ','})")
    parameters = [*module.arguments.positional(), *adjoints, *seeds]
    name = function.__name__ if function.__name__.isidentifier() else "f"
    doc = f"{name} and its adjoint: the adjoints of the arguments are incremented and returned."
    code = function_text(f"{name}_ad", ", ".join(parameters), "", lines)
    return written(module.text(doc, [code]), out_file)


def transform_expr(expr: str, *, args: Mapping[str, Any] | None = None) -> str:
    """The statements of an assignment and of its adjoint: ``"D = A @ B + C"``.

    Parameters
    ----------
    expr : str
        One assignment of an expression to a name; ``np`` and ``math`` are known in it.
    args : dict, optional
        Example values for its variables by name. Without them square matrices are tried first, then vectors and
        numbers.

    Returns
    -------
    str
        The assignment, a check that variables have the ranks that it was made for, then the increments of ``A_a``,
        ``B_a``, ``C_a`` by ``D_a``, which must exist.

    Raises
    ------
    ValueError
        If the text is no such assignment, or names something unknown.

    Examples
    --------
    >>> print(transform_expr("D = A @ B + C"))
    D = A @ B + C
    assert np.ndim(A) == np.ndim(B) == np.ndim(C) == 2 and np.shape(D_a) == np.shape(D)
    A_a += D_a @ B.T
    B_a += A.T @ D_a
    C_a += D_a
    """
    target, value, names = _assignment(expr)
    given = None
    if args is not None:
        missing = [n for n in names if n not in args]
        if missing:
            raise ValueError(f"args has no example for {', '.join(missing)}")
        given = [args[n] for n in names]
    before = f"{target}_0" if target in names else target  # what the target held
    inputs = [before if n == target else n for n in names]
    body = _renamed(value, target, before) if target in names else value
    function, _ = _function_of(f"def f({', '.join(inputs)}):\n    {target} = {body}\n    return {target}\n")
    special = _vjp(function, len(names), given)
    active = [inputs[k] for k in special.wrt]
    seed = "out_a" if target in names else f"{target}_a"
    module = Module(special, function, taken=[f"{n}_a" for n in names], seeds=[seed], comments=False)
    lines = [f"{before}, out_a = {target}, {target}_a"] if target in names else []
    lines += module.body([target])
    if module.results_text[0] != target:
        lines.append(f"{target} = {module.results_text[0]}")
    lines.append(f"assert {_ranks(special, inputs)} and np.shape({seed}) == np.shape({target})")
    if _may_branch(value):
        lines.append(f"assert {' and '.join(_sizes(special, inputs, module))}")
    for name, text in zip(active, module.derived_text, strict=True):
        lines.append(f"{target}_a = {text}" if name == before and target in names else _increment(f"{name}_a", text))
    return "\n".join([*module.preamble(), *lines])


def _ranks(special: Specialisation, names: Sequence[str]) -> str:
    """``np.ndim(A) == np.ndim(B) == 2``, for each rank that there is."""
    found: dict[int, list[str]] = {}
    for name, value in zip(names, special.program.graph.inputs, strict=False):
        found.setdefault(value.ndim, []).append(f"np.ndim({name})")
    return " and ".join(f"{' == '.join(texts)} == {rank}" for rank, texts in found.items())


def _may_branch(value: str) -> bool:
    """Whether an expression may compute something else for other sizes: anything but operators and simple calls."""
    for node in ast.walk(ast.parse(value, mode="eval")):
        if isinstance(node, (ast.IfExp, ast.Compare, ast.BoolOp, ast.comprehension, ast.Lambda)):
            return True
        if isinstance(node, ast.Call):
            path = ast.unparse(node.func).split(".")
            found = _KNOWN.get(path[0])
            for name in path[1:]:
                found = getattr(found, name, None)
            if not isinstance(found, np.ufunc) and found not in _SIMPLE:
                return True
    return False


def _sizes(special: Specialisation, names: Sequence[str], module: Module) -> list[str]:
    """What the trace relied on: lengths that are 2 or more, and how they compare."""
    graph = special.program.graph
    long = [
        f"{name}.shape[{axis}] {'> 1' if not isinstance(size, int) else f'== {size}'}"
        for name, value in zip(names, graph.inputs, strict=False) for axis, size in enumerate(value.shape)
    ]
    return [*dict.fromkeys(long), *module.arguments.conditions()] or ["True"]


def _increment(name: str, text: str) -> str:
    """``A_a += x``, or ``A_a -= x`` for the negative of a product."""
    first = ast.parse(text, mode="eval").body
    while isinstance(first, ast.BinOp) and isinstance(first.op, (ast.Mult, ast.Div, ast.MatMult)):
        first = first.left
    if not (text.startswith("-") and isinstance(first, ast.UnaryOp)):
        return f"{name} += {text}"
    bare = f"{name} -= {text[2:-1]}"
    same = text[1] == "(" and text[-1] == ")" and text.count("(") == 1
    return bare if same else f"{name} -= {text[1:]}"


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _identity(name: str, x: str) -> str:
    code = function_text(f"{name}_ad", f"{x}, {x}_a", "", [f"return ({x}, {x}_a)"])
    return f'"""{name} and its adjoint."""\n\nimport numpy as np\n\n\n{code}\n'


# -- functions given as text -------------------------------------------------------------------------
def _function_of(fn: Callable[..., Any] | str) -> tuple[Any, ast.FunctionDef]:
    """A function and its syntax tree."""
    if callable(fn):
        return fn, _tree_of(fn)
    if not isinstance(fn, str):
        raise StructureError(f"a {type(fn).__name__} is neither a function nor the text of one")
    try:
        tree = ast.parse(textwrap.dedent(fn))
    except SyntaxError as error:
        raise ValueError(f"not Python: {error}") from None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        raise ValueError("the text must begin with a function")
    node = tree.body[0]
    if not node.body or not isinstance(node.body[-1], ast.Return) or node.body[-1].value is None:
        raise ValueError(f"{node.name}() must end with a return of its result")
    filename = f"<{node.name} given as text>"
    linecache.cache[filename] = (len(fn), None, fn.splitlines(True), filename)
    scope: dict[str, Any] = {**_KNOWN, "__name__": "given_as_text"}
    try:
        exec(compile(textwrap.dedent(fn), filename, "exec"), scope)
    except Exception as error:
        raise ValueError(f"the text cannot be run: {type(error).__name__}: {error}") from error
    return scope[node.name], node


def _tree_of(fn: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function; that of an empty one where there is no source."""
    unknown = ast.parse("def f(): pass").body[0]
    try:
        (node, *_) = ast.parse(textwrap.dedent(inspect.getsource(fn))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        node = unknown
    node = node if isinstance(node, ast.FunctionDef) else unknown
    assert isinstance(node, ast.FunctionDef)
    return node


def _returned(tree: ast.FunctionDef, count: int) -> list[str | None]:
    """The names of the variables that are returned at the end, as far as they are variables."""
    last = tree.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    names = [p.id if isinstance(p, ast.Name) else None for p in parts]
    return names if len(names) == count and len({*names}) == count else [None] * count


def _parameters(function: Callable[..., Any], args: Sequence[Any] | None) -> int:
    """How many arguments to pass: those without defaults."""
    if args is not None:
        return len(args)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise ValueError(f"{function.__name__}() needs keyword arguments; transform a lambda that passes them")
    return sum(p.kind in kinds and p.default is p.empty for p in parameters)


# -- expressions given as text -------------------------------------------------------------------------
def _assignment(expr: str) -> tuple[str, str, list[str]]:
    """The target, the text of the value and the variables of ``"D = A @ B + C"``, in order."""
    if not isinstance(expr, str):
        raise ValueError(f"a {type(expr).__name__} is not the text of an assignment")
    try:
        tree = ast.parse(expr.strip())
    except SyntaxError as error:
        raise ValueError(f"{expr!r} is not Python: {error}") from None
    statement = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(statement, ast.Assign):
        raise ValueError(f"{expr!r} is not one assignment")
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        raise ValueError(f"{expr!r} does not assign to one name")
    value = ast.unparse(statement.value)
    free = set(_free(symtable.symtable(value, "<expression>", "eval")))
    called = {n.func.id for n in ast.walk(statement.value) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    known = {*_KNOWN, *(called & set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__))}
    for name in sorted(called & free - known):
        raise ValueError(f"{expr!r} calls {name}(), which is not known")
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _KNOWN and (
            not hasattr(_KNOWN[node.value.id], node.attr)
        ):
            raise ValueError(f"{expr!r} names {ast.unparse(node)}, which does not exist")
    loaded = [n for n in ast.walk(statement.value) if isinstance(n, ast.Name) and n.id in free - known]
    loaded.sort(key=lambda n: (n.lineno, n.col_offset))
    names = list(dict.fromkeys(n.id for n in loaded))
    if not names:
        raise ValueError(f"{expr!r} has no variables")
    _refuse_names(expr, [statement.targets[0].id, *names])
    return statement.targets[0].id, value, names


def _refuse_names(expr: str, names: Sequence[str]) -> None:
    """Raise ValueError for names that the statements need for something else."""
    for name in names:
        if name in _KNOWN:
            raise ValueError(f"{expr!r} assigns to {name}, which is a module in it")
        if f"{name}_a" in names:
            raise ValueError(f"{expr!r} calls a variable {name}_a, which is to be the adjoint of {name}")


def _free(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that an expression reads from outside, those of comprehensions and lambdas in it included."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and not symbol.is_parameter() and (symbol.is_global() or table.get_type() == "module"):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _free(child)


def _renamed(value: str, old: str, new: str) -> str:
    tree = ast.parse(value, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new
    return ast.unparse(tree)


# -- tracing ---------------------------------------------------------------------------------------
def _vjp(function: Callable[..., Any], count: int, args: Sequence[Any] | None) -> Specialisation:
    """The traced adjoint at example arguments, which are guessed if there are none."""
    if args is not None:
        return _at(function, args)
    failure: Exception | None = None
    for shapes in itertools.islice(itertools.product(_GUESSES, repeat=count), _TRIALS):
        rng = np.random.default_rng(0)
        examples: list[Any] = [rng.uniform(0.5, 1.5, s) if s else float(rng.uniform(0.5, 1.5)) for s in shapes]
        examples = [x + 2 * np.eye(3) if np.ndim(x) == 2 else x for x in examples]
        try:
            with np.errstate(all="ignore"):
                function(*examples)
            return _at(function, examples)
        except (BcadError, ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError) as error:
            failure = failure or error
    raise ValueError(f"matrices, vectors and numbers do not fit {function.__name__}() ({failure}): give args=") from failure


def _at(function: Callable[..., Any], args: Sequence[Any]) -> Specialisation:
    """With respect to all arguments but ints, texts and the like."""
    places, examples = [], []
    for k, x in enumerate(args):
        number = isinstance(x, (float, complex, list, tuple, np.ndarray, np.inexact))
        array = np.asarray(x) if number else None
        if array is None or array.dtype.kind not in "iufc":
            examples.append(x)
            continue
        array = array if array.dtype.kind in "fc" else array.astype(float)
        places.append((0, k))
        examples.append(array if np.ndim(x) else array.item())
    return Specialisation(function, VjpMode(), places, tuple(examples), {})
