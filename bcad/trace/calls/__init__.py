"""Calls in traced code: what has a meaning, what is stepped into, what CPython runs at each call."""
