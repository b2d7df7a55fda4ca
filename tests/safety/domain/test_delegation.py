from datetime import UTC, datetime, timedelta

import pytest

from services.safety.domain.causality import Writer
from services.safety.domain.delegation import Delegation, Duties, ReportFlag, author_of, delegation_flag
from services.safety.domain.ids import PersonId

NOW = datetime(2026, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ME = PersonId("me")


def _delegation(
    site: str = "012",
    *,
    from_at: datetime = NOW - DAY,
    until: datetime | None = None,
    ended: datetime | None = None,
) -> Delegation:
    return Delegation(role="site_nurse", site_number=site, from_at=from_at, until_at=until, ended_at=ended)


@pytest.mark.parametrize(
    ("delegations", "flag"),
    [
        ([], ReportFlag.DELEGATION_MISSING),
        ([_delegation("099")], ReportFlag.DELEGATION_MISSING),
        ([_delegation()], None),
        ([_delegation("")], None),
        ([_delegation(until=NOW)], ReportFlag.DELEGATION_ENDED),
        ([_delegation(ended=NOW - DAY)], ReportFlag.DELEGATION_ENDED),
        ([_delegation(from_at=NOW + DAY)], ReportFlag.DELEGATION_ENDED),
        ([_delegation(ended=NOW - DAY), _delegation()], None),
    ],
)
def test_the_log_tells_whether_somebody_is_delegated_here(
    delegations: list[Delegation], flag: ReportFlag | None
) -> None:
    assert delegation_flag(delegations, "012", now=NOW) is flag


@pytest.mark.parametrize(
    ("duties", "flag", "stated_by", "writer"),
    [
        (Duties(investigator=True, safety_desk=False, sponsor=False), None, None, Writer.INVESTIGATOR),
        (
            Duties(investigator=True, safety_desk=False, sponsor=False),
            ReportFlag.DELEGATION_MISSING,
            None,
            Writer.INVESTIGATOR,
        ),
        (
            Duties(investigator=True, safety_desk=False, sponsor=False),
            ReportFlag.DELEGATION_ENDED,
            None,
            Writer.OTHER,
        ),
        (Duties(investigator=True, safety_desk=True, sponsor=False), None, "dr", Writer.SAFETY_DESK),
        (Duties(investigator=False, safety_desk=True, sponsor=False), None, None, Writer.SAFETY_DESK),
        (Duties(investigator=False, safety_desk=False, sponsor=True), None, "dr", Writer.SPONSOR),
        (Duties(investigator=False, safety_desk=False, sponsor=False), None, "dr", Writer.OTHER),
    ],
)
def test_in_which_duty_somebody_writes(
    duties: Duties, flag: ReportFlag | None, stated_by: str | None, writer: Writer
) -> None:
    author = author_of(ME, duties, flag, stated_by=PersonId(stated_by) if stated_by else None)

    assert author.writer is writer
    assert (author.stated_by is not None) == (writer is Writer.SAFETY_DESK and stated_by is not None)
