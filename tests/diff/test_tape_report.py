"""What loops keep: just what their reverse parts read, and so little that it can be written down here."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import bcad
from bcad.diff import kept_by_loops
from bcad.ir import product
from tests.programs import programs

PROGRAMS = {p.name: p for p in programs()}


def derived(name):
    program = PROGRAMS[name]
    core = bcad.value_and_grad(program.fn, argnums=program.argnums).core
    return core, core.specialise(program.args(), {}).graph


@pytest.mark.parametrize(
    "name, tapes",
    [
        ("taylor_sine", [8]),  # the term
        ("rk4_lotka_volterra", [16]),  # the state
        ("recurrence_in_place", [16]),  # the sine, and what it was taken of
        ("thomas", [16, 16]),
        ("rosenbrock_loop", []),  # all of it is read off the argument again
        ("bond_price", [8]),
    ],
)
def test_a_loop_keeps_few_numbers(name, tapes):
    _, graph = derived(name)
    assert [tape.bytes for tape in kept_by_loops(graph)] == tapes


def bytes_read(node, stacks):
    """The bytes of the elements that one iteration of a reversed loop reads off the stacks."""
    first = int(node.attrs.get("counted", True))
    (body,) = node.regions
    tapes = {inner for outer, inner in zip(node.inputs[first:], body.inputs[1:], strict=True) if outer in stacks}
    read = [n.output.type for n in body.nodes if n.op.name == "getitem" and n.inputs[0] in tapes]
    return sum((t.dtype.itemsize * product(t.shape) for t in read), 0)


@pytest.mark.parametrize("name", "taylor_sine rk4_lotka_volterra thomas recurrence_in_place hmm_forward kalman bond_price".split())
def test_the_reverse_part_reads_each_number_kept_once(name):
    _, graph = derived(name)
    stacks = {v for n in graph.nodes if n.op.name == "loop" for v in n.outputs[n.attrs["carries"] : -1]}
    read = sum((bytes_read(n, stacks) for n in graph.nodes if n.regions and n.regions[0].name.endswith("_reverse")), 0)
    assert read == sum((tape.bytes for tape in kept_by_loops(graph)), 0)


def test_the_report_names_the_line_and_the_bytes():
    core, _ = derived("taylor_sine")
    line = PROGRAMS["taylor_sine"].fn.__code__.co_firstlineno + 4
    assert f"tape of line {line}: 8 bytes an iteration" in core.report()


def peak(fn, *args):
    """The most memory that a run of the NumPy executor holds."""
    gradient = bcad.Gradient(fn, wrt="x", backend="numpy")
    gradient(*args)
    tracemalloc.start()
    try:
        gradient(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_checkpoint_keeps_the_square_root_of_what_the_loop_would():
    def decay(x, steps):
        for _ in range(steps):
            x = x - 0.1 * np.sin(x)
        return np.sum(x)

    def checkpointed(x, steps):
        return bcad.checkpoint(lambda x: decay(x, steps))(x)

    x = np.linspace(0.1, 0.9, 256)
    assert bcad.grad(checkpointed)(x, 100) == pytest.approx(bcad.grad(decay)(x, 100), rel=1e-14)
    assert peak(decay, x, 1600) > 0.8 * 1600 * x.nbytes
    assert peak(checkpointed, x, 1600) < 6 * 40 * x.nbytes


def test_a_million_iterations_are_traced_as_ten_are():
    def decay(x, steps):
        for _ in range(steps):
            x = x - 0.1 * np.sin(x)
        return x

    core = bcad.value_and_grad(decay).core
    few, many = (core.specialise((0.3, n), {}) for n in (10, 1_000_000))
    assert few is many
    assert core.traces == 1
