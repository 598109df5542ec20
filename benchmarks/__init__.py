"""Times bcad beside hand-derived, hand-written gradients and other systems, on the programs of tests/programs."""
