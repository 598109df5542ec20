"""Tracers never get lost: refused with the user's line, or turned into something that stays right."""

from __future__ import annotations

import json
import logging
import math
import pickle
import time

import numpy as np
import pytest

from bcad import grad, options
from bcad.errors import TraceLimit
from interpreter import LocatedError, Unsupported
from tests.trace.helpers import Traced, agree, same

kept = []


def lost_in_json(x):
    return len(json.dumps({"x": x.sum()}))


def lost_in_pickle(x):
    return pickle.dumps(x)


def lost_in_hash(x):
    return {x.sum(): 1}


def lost_in_text(x):
    return {str(x.sum()): 1}


def lost_in_bytes(x):
    return x.tobytes()


def lost_in_float_of_text(x):
    return float(f"{x[0]}")


def test_flat_is_the_array_in_c_order():
    def f(x):
        a = x.reshape(1, -1) * 2
        a.flat[1] = 5.0
        return a.sum() + a.flat[-1] + sum(v * 2 for v in a.flat)

    agree(f, (np.arange(3.0),), (np.arange(4.0),))


def lost_in_c(x):
    return np.frompyfunc(math.gamma, 1, 1)(x)


def lost_in_set(x):
    return {x[0], x[1]}


def lost_in_objects(x):
    return np.array(x, dtype=object).sum()


def lost_in_list_of_objects(x):
    return np.asarray(list(x), dtype=object)[0] * x[1]


def lost_in_own_dict(x):
    found = {}
    found[x[0]] = 2.0
    return found


def lost_in_own_hash(x):
    return hash(x[0])


def lost_in_joined_text(x):
    return int(",".join([str(x[0]), "a"])[0])


@pytest.mark.parametrize("fn", [lost_in_json, lost_in_pickle, lost_in_hash, lost_in_text, lost_in_bytes,
                                lost_in_float_of_text, lost_in_set, lost_in_objects, lost_in_list_of_objects,
                                lost_in_own_dict, lost_in_own_hash, lost_in_joined_text], ids=lambda f: f.__name__)
def test_what_would_be_lost_is_refused_with_its_line(fn):
    with pytest.raises(LocatedError) as caught:
        Traced(fn)(np.arange(3.0))
    assert "test_leaks.py" in str(caught.value)


def test_a_refusal_that_the_code_swallows_comes_back():
    def f(x):
        try:
            return pickle.dumps(x)
        except Exception:
            return x

    with pytest.raises(LocatedError):
        Traced(f)(np.arange(3.0))


def test_a_tracer_kept_by_the_user_is_replaced_by_numbers():
    def f(x):
        kept.append(x * 2)
        return x

    Traced(f)(np.arange(2.0))
    assert same(kept, [np.arange(2.0) * 2])


def test_steering_by_a_number_is_held_to_it():
    def f(x):
        n = int(x[0])
        return np.ones(n) * x[1]

    traced = agree(f, (np.array([2.0, 3.0]),), (np.array([2.0, 5.0]),), (np.array([4.0, 5.0]),))
    assert traced.traces == 2


def test_host_functions_of_plain_data_run_at_each_call():
    labels = np.array([2, 0, 1, 2])

    def f(x):
        order = np.lexsort((labels,))
        return x[order] * 2

    agree(f, (np.arange(4.0),))


def test_the_clock_and_the_logger_are_asked_at_every_call(caplog):
    log = logging.getLogger("bcad.tests")

    def f(x):
        start = time.perf_counter()
        log.warning("value %s", x[0])
        return x * 2, time.perf_counter() - start

    traced = Traced(f)
    with caplog.at_level(logging.WARNING, "bcad.tests"):
        first = traced(np.arange(2.0))[1]
        second = traced(np.arange(2.0) + 1)[1]
    assert first != second
    assert [r.getMessage() for r in caplog.records] == ["value 0.0", "value 1.0"]


def test_a_file_is_written_at_every_call(tmp_path):
    with open(tmp_path / "log", "w") as file:

        def f(x):
            file.write(f"{x[0]:.1f}\n")
            print(x[1], file=file)
            return x

        traced = Traced(f)
        traced(np.arange(2.0))
        traced(np.arange(2.0) + 1)
    assert (tmp_path / "log").read_text() == "0.0\n1.0\n1.0\n2.0\n"


def test_endless_unrolling_is_an_error_that_names_the_loop():
    def f(x):
        for k in list(range(100_000)):
            x = np.sin(x) * k
        return x

    with options.set(trace_limit=2000), pytest.raises(TraceLimit, match="test_leaks.py"):
        Traced(f)(np.arange(3.0))


def test_tracing_restores_random_streams_and_output(capsys):
    from bcad.trace import trace

    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    trace(lambda x: (print("hello"), x * np.random.rand())[1], (np.ones(2),))
    assert np.random.rand() == expected
    assert capsys.readouterr().out == ""


def test_a_refusal_that_c_code_swallows_is_told_as_such():
    """C code may answer an error of its own where its callback had been refused."""
    from scipy.ndimage import generic_filter

    with pytest.raises(Unsupported, match="asked for a float"):
        grad(lambda a: generic_filter(np.ones(4), lambda window: window.sum() * a, 3).sum())(2.0)
