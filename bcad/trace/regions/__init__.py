"""Branches and loops as regions of the graph: run once on forked frames, merged, carried."""
