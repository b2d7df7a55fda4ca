"""How much one run of a benchmark does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How much one run does; `quick` is for trying out, its figures are nothing to quote."""

    runs: int = 5
    events: int = 20_000
    naive_events: int = 500
    requests: int = 1_000
    latency_events: int = 1_000
    restrictions: int = 40
    alerts: int = 100
    listed: int = 50_000

    @classmethod
    def quick(cls, runs: int | None) -> "Size":
        return cls(runs or 1, 5_000, 200, 300, 400, 8, 20, 4_000)
