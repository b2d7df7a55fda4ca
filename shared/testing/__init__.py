"""Importable test support: stores, a simulated broker, clocks, and waiting for a condition."""
