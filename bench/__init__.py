"""Benchmarks: each shows a ratio against a peer or a limit of the same run, and prints JSON."""
