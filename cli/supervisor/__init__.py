"""Keeps the programs of one installation running, on one machine, until a signal."""
