"""``python -m bcad``: the two ways to name a function, the options, and what goes wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from bcad.__main__ import main

ROOT = Path(__file__).resolve().parent.parent.parent
PARABOLA = "lambda x: ((x + 1)**2).sum()"
PRINTED = "f(x) = sum((x + 1)**2)\ndf/dx = 2*(x + 1)\n"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model_of_test.py"
    path.write_text("import numpy as np\n\ndef loss(w, scale):\n    return scale * np.sum(w ** 2)\n")
    return path


def test_a_lambda_and_its_argument_in_a_process_of_its_own():
    command = [sys.executable, "-m", "bcad", PARABOLA, "np.zeros(3)"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == PRINTED + "\nat np.zeros(3):\narray([2., 2., 2.])\n"
    assert ran.stderr == ""


def test_a_function_of_a_file(model, capsys):
    assert main([f"{model}:loss", "np.ones(2)", "3.0", "--wrt", "w"]) == 0
    printed = capsys.readouterr().out
    assert "dloss/dw = " in printed
    assert printed.endswith("\nat np.ones(2), 3.0:\narray([6., 6.])\n")


def test_help_shows_both_forms(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "python -m bcad 'lambda x: ((x + 1)**2).sum()' 'np.zeros(3)'" in text
    assert "file.py:function" in text


@pytest.mark.parametrize("option, shown", [("--source", "def "), ("--graph", "float64[n]"), ("--report", "backend: numpy")])
def test_options_print_more(option, shown, capsys):
    assert main([PARABOLA, "np.zeros(3)", "--no-value", option]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(PRINTED + "\n")
    assert shown in printed


@pytest.mark.parametrize("option, shown", [
    (["--latex"], r"\frac{\partial f}{\partial x}"), (["--sympy"], "2*x_0 + 2"), (["--export", "numpy"], "def f_and_gradient(x):"),
    (["--export", "numba"], "@njit"), (["--adjoint"], "def f_ad(x, x_a, out_a):"), (["--svg"], "<svg "),
], ids=str)  # fmt: skip
def test_options_print_other_forms(option, shown, capsys):
    assert main([PARABOLA, "np.zeros(3)", "--no-value", *option]) == 0
    assert shown in capsys.readouterr().out


def test_an_assignment_has_adjoint_code_and_a_file_gets_all_of_it(tmp_path, capsys):
    assert main(["D = A @ B", "--adjoint"]) == 0
    text = capsys.readouterr().out
    assert text.endswith("A_a += D_a @ B.T\nB_a += A.T @ D_a\n")
    assert main(["D = A @ B", "--adjoint", "--out", str(tmp_path / "adjoint.py")]) == 0
    assert (tmp_path / "adjoint.py").read_text() + "\n" == text
    assert main([PARABOLA, "np.zeros(3)", "--export", "numpy", "--out", str(tmp_path / "no" / "f.py")]) == 1
    assert "no/" in capsys.readouterr().err and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("arguments, message", [
    (["D = A @ foo(B)", "--adjoint"], "ValueError: 'D = A @ foo(B)' calls foo(), which is not known"),
    (["missing.py:f", "1.0"], "UsageError: there is no file missing.py"),
    (["3", "1.0"], "UsageError: '3' is a int, not a function"),
    (["lambda x: x", "1/0"], "UsageError: cannot evaluate '1/0': ZeroDivisionError: division by zero"),
    (["lambda x: x", "np.zeros(3)"], "NotScalar"),
])  # fmt: skip
def test_mistakes_end_with_a_sentence_and_status_1(arguments, message, capsys):
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(message)
