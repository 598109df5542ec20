"""A CPython bytecode evaluator: ``call(fn, *args, **kwargs)`` computes what ``fn`` would."""
from . import callbacks, natives, protocols  # register what stands in for C functions
from .code import UNBOUND, Code, Instruction
from .decode import decode
from .domain import Domain, PlainDomain
from .errors import LocatedError, Location, Unsupported
from .evaluate import call, evaluate
from .frame import Frame, Outcome
from .journal import EMPTY, Journal, Snapshot

__all__ = ["EMPTY", "UNBOUND", "Code", "Domain", "Frame", "Instruction", "Journal", "LocatedError",
           "Location", "Outcome", "PlainDomain", "Snapshot", "Unsupported", "call", "decode",
           "callbacks", "evaluate", "natives", "protocols"]
