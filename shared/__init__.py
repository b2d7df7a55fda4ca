"""Plumbing that every service stands on; it knows no word of their subject."""

__version__ = "0.1.0"
"""Version of the software; an image has no package metadata to ask."""
