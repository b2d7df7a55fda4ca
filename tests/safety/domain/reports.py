"""When the reports of the intake tests come in, and the questions that they raise."""

from collections.abc import Callable
from datetime import UTC, datetime

from services.safety.domain.intake import ReportDecision
from services.safety.domain.queries import QueryCode
from services.safety.domain.report import ReportContext

Context = Callable[..., ReportContext]
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def codes(decision: ReportDecision) -> list[QueryCode]:
    return [query.code for query in decision.queries]
