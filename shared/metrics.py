"""The numbers by which a service is watched: one set per service, so that several may live in one process.

Alarms look at ages, not at depths: a queue can be empty because nothing has reached it for days. A metric
with labels appears once somebody has set it.
"""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from shared.telemetry import LOSSES

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Every metric of one service, on a registry of its own."""

    registry: CollectorRegistry
    outbox_unsent: Gauge
    outbox_oldest_unsent_seconds: Gauge
    unblinded_unsent: Gauge
    unblinded_oldest_unsent_seconds: Gauge
    relay_epoch: Gauge
    relay_publish_seconds: Histogram
    watermark_age_seconds: Gauge
    producer_state: Gauge
    digest_mismatch_total: Counter
    clock_skew_seconds: Gauge
    parked_events: Gauge
    parked_oldest_seconds: Gauge
    inbox_repeats_total: Counter
    inbox_gap_total: Counter
    inbox_bisect_total: Counter
    consumer_progress_age_seconds: Gauge
    refused_unknown_state_total: Counter
    http_responses_total: Counter
    http_request_seconds: Histogram


def create_metrics() -> Metrics:
    """A new, empty set on a new registry."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    _log_losses(registry)
    return Metrics(
        registry=registry,
        outbox_unsent=Gauge("outbox_unsent", "Outbox rows not yet published", registry=registry),
        outbox_oldest_unsent_seconds=Gauge(
            "outbox_oldest_unsent_seconds", "Age of the oldest unpublished outbox row", registry=registry
        ),
        unblinded_unsent=Gauge(
            "unblinded_unsent", "Outbox rows of the unblinded topic not yet published", registry=registry
        ),
        unblinded_oldest_unsent_seconds=Gauge(
            "unblinded_oldest_unsent_seconds",
            "Age of the oldest unpublished row of the unblinded topic",
            registry=registry,
        ),
        relay_epoch=Gauge("relay_epoch", "Fencing epoch of the relay leader", ["topic"], registry=registry),
        relay_publish_seconds=Histogram(
            "relay_publish_seconds", "Publishing one batch", registry=registry, buckets=_FAST
        ),
        watermark_age_seconds=Gauge(
            "watermark_age_seconds",
            "Age of the closed time that was applied last",
            ["consumer", "topic", "partition"],
            registry=registry,
        ),
        producer_state=Gauge(
            "producer_state",
            "1 for the state in which a consumer holds a producer, 0 for the others",
            ["consumer", "producer", "state"],
            registry=registry,
        ),
        digest_mismatch_total=Counter(
            "digest_mismatch_total",
            "Watermarks of unequal digest",
            ["consumer", "producer"],
            registry=registry,
        ),
        clock_skew_seconds=Gauge(
            "clock_skew_seconds", "How far a producer's clock is ahead", ["producer"], registry=registry
        ),
        parked_events=Gauge("parked_events", "Parked events", ["consumer", "reason"], registry=registry),
        parked_oldest_seconds=Gauge(
            "parked_oldest_seconds", "Age of the oldest parked event", ["consumer"], registry=registry
        ),
        inbox_repeats_total=Counter(
            "inbox_repeats_total", "Events received again", ["consumer"], registry=registry
        ),
        inbox_gap_total=Counter("inbox_gap_total", "Gaps found", ["consumer"], registry=registry),
        inbox_bisect_total=Counter("inbox_bisect_total", "Batches bisected", ["consumer"], registry=registry),
        consumer_progress_age_seconds=Gauge(
            "consumer_progress_age_seconds",
            "Time since a consumer last moved",
            ["consumer"],
            registry=registry,
        ),
        refused_unknown_state_total=Counter(
            "refused_unknown_state_total",
            "Acts refused for lack of fresh news",
            ["producer"],
            registry=registry,
        ),
        http_responses_total=Counter(
            "http_responses_total", "Responses", ["endpoint", "method", "status"], registry=registry
        ),
        http_request_seconds=Histogram(
            "http_request_seconds", "One request", ["endpoint"], registry=registry, buckets=_FAST
        ),
    )


def _log_losses(registry: CollectorRegistry) -> None:
    """What the process's log left out; the same numbers in every registry of the process."""
    dropped = Gauge("log_dropped_keys", "Log keys outside the schema", registry=registry)
    dropped.set_function(lambda: LOSSES.dropped_keys)
    withheld = Gauge("log_withheld_values", "Log values that looked like text", registry=registry)
    withheld.set_function(lambda: LOSSES.withheld_values)
    lost = Gauge("log_lost_lines", "Log lines that could not be written", registry=registry)
    lost.set_function(lambda: LOSSES.lost_lines)
