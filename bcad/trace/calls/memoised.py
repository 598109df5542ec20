"""Functions under ``functools.lru_cache`` or ``cache`` that are given traced values: each call of one region is traced once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..tracers import ArrayTracer, Tracer

if TYPE_CHECKING:
    from ..session import Session


def call(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the function under the cache gives; the cache itself is left alone, for no number is known yet.

    Raises
    ------
    Unsupported
        If the function does more than to compute: whether it would be run is for the cache to know.
    """
    named = tuple(sorted(kwargs.items()))
    key = (fn, *(_key(session, x) for x in (*args, *(x for _, x in named))), *(name for name, _ in named))
    builder: Any = session.builder
    while builder is not None:
        if key in builder.memo:
            return builder.memo[key]
        builder = builder.parent
    shown, written = len(session.tape.sites), session.captures.count_written()
    result = evaluate(fn.__wrapped__, args, kwargs, session.domain)
    if len(session.tape.sites) > shown or session.captures.count_written() > written:
        raise session.error(f"{fn.__name__}(), whose results are kept, has effects", why="a call whose result is kept would not have them",
                            hint="take the cache off, or the effects out of it")
    innermost: Any = session.builder
    innermost.memo[key] = result
    return result


def _key(session: Session, x: Any) -> Any:
    if isinstance(x, ArrayTracer):
        raise TypeError("unhashable type: 'numpy.ndarray'")
    if isinstance(x, Tracer):
        return session.value(x)  # equal ones are one Value
    return type(x), hash(x), x
