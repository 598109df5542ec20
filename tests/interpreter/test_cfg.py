"""Blocks, joins, loops and liveness on small functions."""
from interpreter import decode


def at(code, opcode, nth=0):
    return [i.index for i in code.instructions if i.opcode == opcode][nth]


def conditional(code, nth=0):
    return [i for i in code.instructions if i.jumps_if is not None][nth]


def live(code, pc):
    return {code.slot_names[slot] for slot in code.cfg.live_at(pc)}


def test_arms_of_an_if_meet_behind_it():
    def f(x):
        if x:
            y = 1
        else:
            y = 2
        z = y * y               # a short tail would be copied into both arms by the compiler
        return z + z - y * 2
    code = decode(f.__code__)
    join = code.cfg.join_of(conditional(code).index)
    assert code.instructions[join].opcode == "LOAD_FAST"
    assert code.instructions[join].symbol == "y"
    assert live(code, join) == {"y"}


def test_arms_that_return_meet_at_the_exit():
    def f(x):
        if x:
            return 1
        return 2
    code = decode(f.__code__)
    assert code.cfg.join_of(conditional(code).index) == code.cfg.exit == len(code.instructions)
    assert code.cfg.live_at(code.cfg.exit) == set()


def test_an_assertion_joins_behind_itself():
    def f(x):
        if not x:
            raise ValueError
        return x
    code = decode(f.__code__)
    join = code.cfg.join_of(conditional(code).index)
    assert [i.opcode for i in code.instructions[join:]][:2] == ["LOAD_FAST", "RETURN_VALUE"]


def test_loops_are_found_with_their_bodies_and_exits():
    def f(n):
        total = 0
        for i in range(n):
            while total < i:
                total += 1
                if total == 7:
                    break
        return total
    code = decode(f.__code__)
    outer, inner = sorted(code.cfg.loops.values(), key=lambda loop: -len(loop.body))
    assert inner.body < outer.body
    assert outer.header == at(code, "FOR_ITER")
    assert code.cfg.dominates(outer.header, inner.header)
    assert code.cfg.loop_of(inner.header) == inner
    (out,) = outer.exits
    assert "total" in [instruction.symbol for instruction in code.instructions[out:out + 2]]
    assert all(code.instructions[edge].target == outer.header or edge + 1 == outer.header
               for edge in outer.back_edges)


def test_a_branch_in_a_loop_joins_before_the_next_iteration():
    def f(xs):
        total = 0
        for x in xs:
            if x > 2:
                total += x
        return total
    code = decode(f.__code__)
    join = code.cfg.join_of(conditional(code).index)
    header = at(code, "FOR_ITER")
    assert join == header or code.instructions[join].target == header
    assert live(code, join) == {"total"}


def test_liveness_sees_handlers_and_cells():
    def f(a, b, c):
        try:
            a = str(b)
        except ValueError:
            return c
        return lambda: a
    code = decode(f.__code__)
    assert {"a", "b", "c"} <= live(code, at(code, "LOAD_GLOBAL_CALLABLE"))
    handler = code.exception_table[0].target
    assert live(code, handler) == {"c"}


def test_locals_keeps_everything_alive():
    def f(a, b):
        c = a
        return locals()
    code = decode(f.__code__)
    assert live(code, 0) == {"a", "b", "c"}


def test_functions_without_a_return_have_joins_too():
    def forever(x):
        while True:
            if x:
                x = 1
            else:
                x = 2

    def raises(x):
        if x:
            raise ValueError
        raise KeyError

    for function in (forever, raises):
        code = decode(function.__code__)
        assert code.cfg.join_of(conditional(code).index) <= code.cfg.exit
