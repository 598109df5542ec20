"""A CPython bytecode evaluator: ``call(fn, *args, **kwargs)`` computes what ``fn`` would."""
import builtins as _builtins
import sys as _sys

from . import callbacks, hot, natives, protocols  # register what stands in for C functions
from .audit import Audit
from .code import UNBOUND, Code, Instruction
from .decode import decode
from .domain import Domain, PlainDomain
from .errors import GeneratorLost, LocatedError, Location, Passing, Unsupported
from .evaluate import call, evaluate
from .frame import Elsewhere, Frame, Outcome, unmoved
from .handlers import may_catch
from .iterators import TableIterator
from .journal import EMPTY, Journal, Snapshot

__all__ = ["Audit", "EMPTY", "UNBOUND", "Code", "Domain", "Elsewhere", "Frame", "GeneratorLost", "Instruction", "Journal", "Passing",
           "LocatedError", "Location", "Outcome", "PlainDomain", "Snapshot", "TableIterator", "Unsupported", "call", "decode",
           "callbacks", "evaluate", "hot", "may_catch", "natives", "protocols", "unmoved"]


def _bind_builtins() -> None:
    """Bind the builtins in our own modules, for interpreted programs may replace them."""
    ours = [vars(module) for name, module in _sys.modules.items() if name.startswith(f"{__name__}.")]
    for name, value in vars(_builtins).items():
        if not name.startswith("_"):
            for namespace in ours:
                namespace.setdefault(name, value)


_bind_builtins()
