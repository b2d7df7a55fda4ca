"""One example of each event, as the contracts show them."""

from datetime import UTC, date, datetime, timedelta

from services.safety.events.published import (
    AdverseEventAmendedV1,
    AdverseEventReportedV1,
    AlertAcknowledgedV1,
    AlertRaisedV1,
    DltVerdictRecordedV1,
    DltWindowClosedV1,
    DltWindowReopenedV1,
    PublishedEvent,
)

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_REPORT = "01993f6e-0000-7000-8000-000000000002"
_PARTICIPANT = "01993f6e-0000-7000-8000-000000000003"
_WINDOW = "01993f6e-0000-7000-8000-000000000004"
_ALERT = "01993f6e-0000-7000-8000-000000000005"
_AWARE_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
_LATER = datetime(2026, 10, 24, 13, 20, tzinfo=UTC)

EXAMPLES: tuple[PublishedEvent, ...] = (
    AdverseEventReportedV1(
        trial_id=_TRIAL,
        report_id=_REPORT,
        version=1,
        matched="matched",
        holds_trial=False,
        participant_id=_PARTICIPANT,
        site_number="012",
        term="Alanine aminotransferase increased",
        dictionary="5.0+0",
        grade=3,
        serious=True,
        seriousness=["hospitalisation"],
        suspected=True,
        onset_on=date(2026, 10, 23),
        outcome=None,
        aware_at=_AWARE_AT,
        queries=["causality_missing"],
    ),
    AdverseEventAmendedV1(
        trial_id=_TRIAL,
        report_id=_REPORT,
        version=2,
        matched="matched",
        holds_trial=False,
        participant_id=_PARTICIPANT,
        site_number="012",
        term="Alanine aminotransferase increased",
        dictionary="5.0+0",
        grade=2,
        serious=True,
        seriousness=["hospitalisation"],
        suspected=False,
        onset_on=date(2026, 10, 23),
        outcome="recovering",
        aware_at=_AWARE_AT,
        queries=[],
        changed=["grades", "causality", "outcome"],
    ),
    DltVerdictRecordedV1(
        trial_id=_TRIAL,
        window_id=_WINDOW,
        participant_id=_PARTICIPANT,
        version=2,
        verdict="pending",
        provisional="dlt",
        part="escalation",
        level_allocated=2,
        level_received=2,
        criteria=[],
        reasons=["causality_missing", "window_open"],
        definition="ep01 3",
        dictionary="5.0+0",
        convention="day_difference",
        cause="report",
        report_id=_REPORT,
        recorded_at=_LATER,
    ),
    DltWindowClosedV1(trial_id=_TRIAL, window_id=_WINDOW, participant_id=_PARTICIPANT, closed_at=_LATER),
    DltWindowReopenedV1(
        trial_id=_TRIAL,
        window_id=_WINDOW,
        participant_id=_PARTICIPANT,
        closes_at=_AWARE_AT + timedelta(days=3),
        reopened_at=_LATER,
    ),
    AlertRaisedV1(
        trial_id=_TRIAL,
        alert_id=_ALERT,
        kind="dlt",
        priority="P1",
        cause_id=_REPORT,
        raised_at=_LATER,
        acknowledge_by=datetime(2026, 10, 24, 13, 50, tzinfo=UTC),
    ),
    AlertAcknowledgedV1(trial_id=_TRIAL, alert_id=_ALERT, by="officer-1", acknowledged_at=_LATER),
)
