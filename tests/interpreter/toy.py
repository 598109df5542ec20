"""A toy domain: numbers that compute, whose comparisons are run both ways."""
import operator

from interpreter import Domain, Journal, Outcome

SYMBOLS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
           "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
           "==": operator.eq, "!=": operator.ne}


class Number:
    """A traced number; `value` is what it is in this run."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Number({self.value})"


class Condition(Number):
    """A traced truth."""


def plain(value):
    return value.value if isinstance(value, Number) else value


class Both(Domain):
    """Runs both arms of an undecided branch up to the join and records what each wrote."""

    types = frozenset((Number, Condition))
    observes = True

    def __init__(self, take_loops=False):
        self.branches = []
        self.loops = []
        self.loads = []
        self.stores = []
        self.calls = []
        self.binaries = []
        self.take_loops = take_loops

    def binary(self, frame, symbol, left, right):
        self.binaries.append((symbol, frame.location().source_line()))
        return Number(SYMBOLS[symbol.rstrip("=")](plain(left), plain(right)))

    def unary(self, frame, symbol, value):
        return Condition(not value.value) if symbol == "not" else Number(-value.value)

    def compare(self, frame, symbol, left, right):
        return Condition(SYMBOLS[symbol](plain(left), plain(right)))

    def undecided(self, value):
        return True

    def branch(self, frame, condition, instruction):
        join = frame.code.cfg.join_of(instruction.index)
        ways = [instruction.target, frame.pc] if instruction.jumps_if else \
            [frame.pc, instruction.target]
        arms = [self.arm(frame, target, join) for target in ways]       # true, false
        self.branches.append([(end.kind, plain(end.value), changed) for end, changed, _ in arms])
        end, _, arm = arms[not condition.value]
        if end.kind == "raised":
            raise end.exception
        if end.kind == "returned":
            frame.push(end.value)
            frame.jump(frame.code.cfg.exit)
        else:
            frame.slots[:], frame.stack[:] = arm.slots, arm.stack
            frame.jump(join)

    def arm(self, frame, target, join):
        arm = frame.fork()
        arm.jump(target)
        with Journal() as journal:
            end = Outcome("reached", pc=join) if target == join else arm.run_until({join})
            changed = {name: plain(after) for name, after in arm.live_values().items()
                       if frame.live_values().get(name) is not after}
            changed.update((type(obj).__name__, list(obj)) for obj, _ in journal.written()
                           if isinstance(obj, list))
        return end, changed, arm

    def loop(self, frame, header):
        self.loops.append((header, len(frame.stack)))
        return False

    def call(self, frame, fn, args, kwargs):
        self.calls.append(getattr(fn, "__name__", repr(fn)))
        return NotImplemented

    def loaded(self, frame, kind, owner, key, value):
        self.loads.append((kind, key))
        return value

    def stored(self, frame, kind, owner, key, value):
        self.stores.append((kind, key))
