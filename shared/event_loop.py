"""How every process of ours runs: on uvloop, and with a garbage collector set for a stream of short-lived values.

Python's defaults look through young objects after every 700 new ones and through all objects now and then.
A batch of 500 events allocates tens of thousands that die together without the collector, so it found nothing
and took a quarter to a third of the processor time of relay and inbox (`benchmarks/`, B1 and B4).
"""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")

GC_THRESHOLDS = (20_000, 50, 100)
"""Objects made before the youngest generation is looked through, and how often the older two are."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's coroutine to its end, as `asyncio.run` does."""
    gc.collect()
    gc.freeze()  # modules and classes stay: they need not be looked through again
    gc.set_threshold(*GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop's maker; None, which means Python's own, where there is no uvloop (Windows)."""
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    except ImportError:
        return None
    return factory
