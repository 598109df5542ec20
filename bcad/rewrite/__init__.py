"""Rewriting: named laws, the driver that applies them, dead code, the pipeline."""

from .dce import dce, select
from .driver import RewritingBuilder, rewrite
from .names import name_values
from .pipeline import DERIVED, EXACT, OWN, gentle, prepare, readable, simplify
from .rule import Rule, RuleSet, fired, node_rule, rule
from .sizes import rename_sizes

__all__ = [
    "DERIVED", "EXACT", "OWN", "RewritingBuilder", "Rule", "RuleSet", "dce", "fired", "gentle", "node_rule",
    "name_values", "prepare", "readable", "rename_sizes", "rewrite", "rule", "select", "simplify",
]
