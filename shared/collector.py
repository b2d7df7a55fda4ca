"""The cyclic garbage collector, set for a process that has been built and now works in batches."""

import gc

_YOUNG = 20_000
"""A batch of records makes some ten thousand objects that all die with it, without a cycle among them."""


def settle_collector() -> None:
    """Leave the program itself, which is no garbage, out of every search, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
