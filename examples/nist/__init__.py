"""NIST's reference problems for nonlinear least squares: certified answers, data, and the models in plain NumPy."""

from .models import MODELS
from .strd import NAMES, Problem, load

__all__ = ["MODELS", "NAMES", "Problem", "load"]
