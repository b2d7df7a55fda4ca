import re
from pathlib import Path

import prometheus_client
from prometheus_client import generate_latest

from shared.metrics import Metrics, create_metrics
from shared.telemetry import LOSSES

ROOT = Path(__file__).parents[2]
OPERATORS_RELY_ON = {
    "outbox_unsent",
    "outbox_oldest_unsent_seconds",
    "unblinded_unsent",
    "unblinded_oldest_unsent_seconds",
    "relay_epoch",
    "relay_publish_seconds",
    "watermark_age_seconds",
    "producer_state",
    "digest_mismatch_total",
    "clock_skew_seconds",
    "parked_events",
    "parked_oldest_seconds",
    "inbox_repeats_total",
    "inbox_gap_total",
    "inbox_bisect_total",
    "consumer_progress_age_seconds",
    "refused_unknown_state_total",
}


def test_every_metric_that_alarms_are_built_on_exists_under_its_name() -> None:
    text = generate_latest(create_metrics().registry).decode()

    exposed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert exposed >= OPERATORS_RELY_ON
    assert set(Metrics.__slots__) >= OPERATORS_RELY_ON


def test_every_metric_is_set_by_somebody() -> None:
    """An alarm on a number that nothing sets stays silent for ever."""
    sources = "".join(
        path.read_text() for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py")
    )

    unset = {name for name in Metrics.__slots__ if not re.search(rf"metrics\.{name}\b", sources)}

    assert unset - {"registry"} == set()


def test_two_services_in_one_process_count_apart() -> None:
    one, other = create_metrics(), create_metrics()

    one.inbox_repeats_total.labels("orders").inc(3)

    assert one.registry.get_sample_value("inbox_repeats_total", {"consumer": "orders"}) == 3
    assert other.registry.get_sample_value("inbox_repeats_total", {"consumer": "orders"}) is None
    assert "inbox_repeats" not in generate_latest(prometheus_client.REGISTRY).decode()


def test_what_the_log_left_out_is_a_metric() -> None:
    registry = create_metrics().registry

    LOSSES.dropped_keys += 1

    assert registry.get_sample_value("log_dropped_keys") == LOSSES.dropped_keys
