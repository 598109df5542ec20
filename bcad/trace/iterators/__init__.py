"""Iterators and generators over what is traced: items that can be asked for by number."""
