"""pandas tables from outside: read anew at each call, never changed, never given traced values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad
from tests.programs.reference import jacobian

pd = pytest.importorskip("pandas")


@pytest.fixture
def table() -> Any:
    x = np.linspace(0.0, 1.0, 12)
    return pd.DataFrame({"x": x, "y": np.sin(3 * x), "g": list("abcd") * 3, "n": np.arange(12)})


def columns(df: Any, p: Any) -> Any:
    return ((p[0] * df["x"].values + p[1] - df.y.to_numpy()) ** 2).mean() * df["n"].sum()


def groups(df: Any, p: Any) -> Any:
    total = 0.0
    for name, part in df.groupby("g"):
        weight = 2.0 if name == "a" else 1.0
        total = total + weight * np.exp(-p[0] * part["x"].values).sum() * part.y.mean() + p[1] * len(part)
    return total


def rows(df: Any, p: Any) -> Any:
    return sum(np.sin(p[0] * row["x"]) + p[1] * row["y"] for _, row in df[["x", "y"]].iterrows())


def chosen(df: Any, p: Any) -> Any:
    late = df.loc[df.y > 0.5, "x"].values
    return (p[0] * late).sum() + p[1] * df["x"].rolling(3).mean().dropna().to_numpy().sum() + p @ df[["x", "y"]].iloc[2]. values


def python_loops(df: Any, p: Any) -> Any:
    total = sum(a * b * p[0] for a, b in zip(df.x, df["y"])) + max(df.x) * p[1] + p[0] * list(df.x)[1]
    for v in df["n"]:
        total = total + np.cos(v * p[1])
    return total + np.dot(df.x, np.full(len(df), p[0])) + np.interp(p[1], df.x, df.y) + dict(zip(df.g, df.x))["b"] * p[1]


def described(df: Any, p: Any) -> Any:
    scale = df.describe().loc["std", "x"] if "x" in df.columns else 1.0
    return p[0] * scale + p[1] * df.shape[0] + p[0] * p[1] * df["x"].max()


PROGRAMS = [columns, groups, rows, chosen, python_loops, described]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_what_changes_between_calls_is_seen(program: Any, table: Any) -> None:
    f = bcad.Function(lambda p: program(table, p))
    g = bcad.grad(lambda p: program(table, p))

    def holds(p: Any) -> None:
        plain = lambda p: program(table, p)
        np.testing.assert_allclose(f(p), plain(p), rtol=1e-12)
        np.testing.assert_allclose(g(p), jacobian(plain, (p,)).value, rtol=1e-6, atol=1e-8)

    holds(np.array([0.7, 0.2]))
    holds(np.array([-1.0, 3.0]))
    table.loc[3, "x"] = 5.0
    holds(np.array([0.7, 0.2]))
    table["y"] = table["y"][::-1].to_numpy()
    holds(np.array([0.7, 0.2]))
    table.loc[0, "g"] = "c"
    holds(np.array([0.7, 0.2]))
    table.__init__(table.drop(index=[2, 5, 7]).reset_index(drop=True))  # the same object, three rows shorter
    holds(np.array([0.7, 0.2]))


def test_an_argument_may_be_a_table(table: Any) -> None:
    g = bcad.grad(columns, argnum=1)
    for df in (table, table.head(5), table.assign(x=2.0)):
        p = np.array([0.3, 0.4])
        np.testing.assert_allclose(g(df, p), jacobian(lambda p: columns(df, p), (p,)).value, rtol=1e-6, atol=1e-8)


def test_tables_are_traced_once_for_other_numbers(table: Any) -> None:
    f = bcad.Function(lambda p: columns(table, p))
    f(np.array([1.0, 2.0]))
    table["x"] = table["x"] * 3
    f(np.array([1.5, 2.0]))
    assert f.traces == 1


@pytest.mark.parametrize(("change", "words"), [
    (lambda df, p: df.insert(0, "z", 1.0), "changes a table"),
    (lambda df, p: df.sort_values("x", inplace=True), "changes a table"),
    (lambda df, p: df.__setitem__("z", 1.0), "changes a table"),
    (lambda df, p: setattr(df, "x", 1.0), "changes a table"),
    (lambda df, p: setattr(df.x, "name", "new"), "changes a table"),
    (lambda df, p: setattr(df.index, "name", "new"), "changes a table"),
    (lambda df, p: df.__setitem__("z", p[0]), "traced value would get into pandas"),
    (lambda df, p: p[0] * df["x"], "traced value would get into pandas"),
    (lambda df, p: pd.Series([p[0]]), "traced value would get into pandas"),
    (lambda df, p: df["x"].apply(lambda v: v * 2), "calls a function of yours"),
    (lambda df, p: [row.x for row in df.itertuples()], "one row at a time"),
])
def test_what_is_refused(change: Any, words: str, table: Any) -> None:
    before = table.copy()

    def f(p: Any) -> Any:
        change(table, p)
        return p[0] * table["x"].sum()

    with pytest.raises(bcad.Unsupported, match=words):
        bcad.grad(f)(np.array([1.0, 2.0]))
    pd.testing.assert_frame_equal(table, before)
