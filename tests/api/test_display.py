"""What graphs and derivatives show of themselves: texts, LaTeX, pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from bcad import Gradient, Unsupported, graph_svg, to_dot
from bcad.ir import Builder, array_type
from bcad.ops import BY_NAME
from tests.programs.textbook import TEXTBOOK


@pytest.fixture(autouse=True)
def without_graphviz(monkeypatch):
    """The layout of our own, also where Graphviz is installed."""
    monkeypatch.setattr("bcad.display.rendered", lambda text: None)


def loop(x):
    y = 1.0
    for i in range(len(x)):
        y = y * x[i]
    return y


def test_repr_says_what_was_traced():
    assert repr(Gradient(loop)) == "<Gradient of loop: not traced yet>"
    assert repr(Gradient(loop, [np.ones(3)])) == "<Gradient of loop(x: float64[n])>"


def test_latex_of_a_formula():
    g = Gradient(lambda x, s: np.sum(np.exp(-(x**2) / s)), [np.ones(3), 2.0])
    text = g._repr_latex_()
    assert r"f(x, s) &= \textstyle\sum e^{-\frac{x^{2}}{s}}" in text
    assert r"\frac{\partial f}{\partial x} &=" in text


def test_a_loop_has_no_latex_but_html():
    g = Gradient(loop, [np.ones(3)])
    assert g._repr_latex_() is None
    assert "for i in range(x.size):" in g._repr_html_()


@pytest.mark.parametrize("case", [c for c in TEXTBOOK if "[1] +=" not in c.text], ids=str)
def test_latex_braces_match(case):
    text = Gradient(case.fn, list(case.args))._repr_latex_()
    assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")


@pytest.mark.parametrize("case", TEXTBOOK[::4], ids=str)
def test_picture_is_well_formed_and_names_inputs_and_results(case):
    g = Gradient(case.fn, list(case.args))
    root = ElementTree.fromstring(g._repr_svg_())
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    names = case.fn.__code__.co_varnames[: case.fn.__code__.co_argcount]
    own = case.fn.__name__.replace("<lambda>", "f")
    assert all(f"d{own}/d{name}" in texts for name in names)
    assert any("float" in t for t in texts)
    assert any("textbook" in t and ".py:" in t for t in texts)


def test_picture_of_a_loop_has_a_frame_inside():
    svg = graph_svg(Gradient(loop, [np.ones(3)]).graph)
    assert ">for i in range(" in svg and "each time" in svg and ">next y<" in svg
    ElementTree.fromstring(svg)


def test_boxes_do_not_overlap():
    from bcad.picture import Picture

    picture = Picture(Gradient(TEXTBOOK[10].fn, list(TEXTBOOK[10].args)).graph)
    for a in picture.boxes:
        for b in picture.boxes:
            apart = a is b or a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            assert apart, f"{a.title} on {b.title}"


def test_a_long_text_is_folded():
    def many(x):
        total = 0.0
        for k in range(90):
            u = np.sin(x + k)
            total = total + u * np.exp(u)
        return total

    g = Gradient(many, [1.0])
    assert "more lines" in g._repr_html_() or len(str(g).splitlines()) <= 60


def softmax(x, w):
    e = np.exp(x @ w)
    return np.sum((e / np.sum(e)) ** 2)


def texts_of(traced):
    root = ElementTree.fromstring(traced._repr_svg_())
    return [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]


def test_boxes_say_what_they_define_and_refer_to_each_other_by_name():
    texts = texts_of(Gradient(softmax, [np.ones((3, 2)), np.ones(2)]))
    assert {"e = exp(z)", "s = sum(e)", "z = x @ w"} <= {t for t in texts if " = " in t}
    assert not any("·" in t for t in texts)


def test_regions_call_their_inputs_and_results_as_outside():
    def walk(x, n):
        state = x
        for i in range(n):
            state = np.sin(state) if state > 0 else state * x
        return state

    texts = texts_of(Gradient(walk, [1.0, 5], wrt=0))
    assert "next state" in texts and "state" in texts and any(t.startswith("if ") for t in texts)


def test_lines_lead_past_boxes():
    from bcad.picture import Picture

    picture = Picture(Gradient(softmax, [np.ones((3, 2)), np.ones(2)]).graph)
    for box in picture.boxes:
        assert all(source.layer == box.layer - 1 for source in box.sources)


def test_a_large_graph_is_cut_with_a_word():
    with Builder() as b:
        x = b.input(array_type(float, (2, 2)), "x")
        for _ in range(400):
            x = b.emit(BY_NAME["inv"], x)
        picture = graph_svg(b.build([x]))
    assert "and 240 more" in picture


def test_boxes_of_one_kernel_say_so():
    texts = texts_of(Gradient(softmax, [np.ones((3, 2)), np.ones(2)]))
    assert sum("kernel 1" in t for t in texts) > 1


# -- Graphviz ------------------------------------------------------------------------------------------
def test_the_text_for_graphviz_has_kernels_and_loops_as_clusters():
    def walk(x, w, n):
        h = np.exp(x @ w)
        p = h / np.sum(h)
        for i in range(n):
            p = np.sin(p) if p[0] > 0 else p * i
        return np.sum(p**2)

    text = to_dot(Gradient(walk, [np.ones((3, 2)), np.ones(2), 4], wrt=0))
    assert text.startswith('digraph "walk" {') and text.count("{") == text.count("}")
    assert 'label="kernel 1"' in text and "<for i in range(n)<br/>" in text and 'label="then"' in text and 'label="each time"' in text
    assert "float64[" in text and "test_display.py:" in text and "<walk(x, w, n)<br/>" in text
    declared = set(re.findall(r"\b([nm]\d+) \[", text))
    used = {end for pair in re.findall(r"\b([nm]\d+) -> ([nm]\d+)", text) for end in pair}
    assert used <= declared
    frames = set(re.findall(r"subgraph (cluster_\d+)", text))
    assert set(re.findall(r"l(?:tail|head)=(cluster_\d+)", text)) <= frames


@pytest.mark.parametrize("case", TEXTBOOK[::7], ids=str)
def test_labels_for_graphviz_are_well_formed(case):
    text = to_dot(Gradient(case.fn, list(case.args)))
    for label in re.findall(r"label=<(.*?)>[,;]", text):
        ElementTree.fromstring(f"<label>{label}</label>")


def test_graphviz_lays_pictures_out_where_it_is_installed(monkeypatch):
    given = []

    def rendered(text):
        given.append(text)
        return "<svg/>"

    monkeypatch.setattr("bcad.display.rendered", rendered)
    g = Gradient(loop, [np.ones(3)])
    assert g._repr_svg_() == "<svg/>" and given == [to_dot(g)]
    assert "kernel" in graph_svg(g.graph, engine="plain") or "<rect" in graph_svg(g.graph, engine="plain")


def test_an_engine_that_is_not_there_is_refused():
    graph = Gradient(loop, [np.ones(3)]).graph
    with pytest.raises(Unsupported, match="pip install graphviz"):
        graph_svg(graph, engine="graphviz")
    with pytest.raises(ValueError, match="engine"):
        graph_svg(graph, engine="neato")
    with pytest.raises(ValueError, match="not traced"):
        to_dot(Gradient(loop))
