"""Results of guards: what was checked, on which inputs, and which refusal follows.

Results are stored on success too: they are the answer to "why was this participant given this level?".
Inputs hold ids of decisions and halts, versions, counts and states; never anything about a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.enrolment.domain.refusals import REFUSALS, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """Outcome of one guard; `code` is empty exactly when it passed. `name` is unique among the results."""

    number: int
    name: str
    passed: bool
    code: str
    detail: str
    inputs: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.passed != (self.code == "") or (self.code and self.code not in REFUSALS):
            raise ValueError(f"guard {self.name} has outcome {self.passed} and code {self.code!r}")


def guard(number: int, name: str, code: str, detail: str, **inputs: object) -> GuardResult:
    """A result that passes when `code` is empty."""
    return GuardResult(
        number=number, name=name, passed=not code, code=code, detail=detail if code else "", inputs=inputs
    )


def check(holds: bool, number: int, name: str, code: str, detail: str, **inputs: object) -> GuardResult:
    """A result with one possible code; `detail` says what is wrong and is kept only when it is."""
    return guard(number, name, "" if holds else code, detail, **inputs)


def duty_guard(*, duty: str, delegated: bool, visible: bool) -> GuardResult:
    """Guard 1, evaluated at the edge: the caller holds the duty for this trial and site.

    Args:
        duty: name of the duty, as the delegation log has it.
        delegated: the delegation is in force.
        visible: the object belongs to a site the caller acts for; if not, it is as if absent.
    """
    code = "" if visible and delegated else "forbidden" if visible else "not_found"
    detail = "The caller does not hold the duty here." if visible else "There is no such object."
    return guard(1, "duty", code, detail, duty=duty)


def freshness_guard(stale: Sequence[str], checked: Sequence[str] = ("sponsor", "safety")) -> GuardResult:
    """Guard 2, evaluated by the store: what sponsor and safety have published is known up to now.

    Args:
        stale: producers whose state is too old, ahead of us, unequal or parked; empty when all are fresh.
        checked: every producer looked at.
    """
    named = sorted(stale)
    detail = f"The state published by {' and '.join(named)} is not known well enough."
    return check(
        not named, 2, "freshness", "trial_state_unknown", detail, checked=sorted(checked), stale=named
    )


def refusal_from(results: Sequence[GuardResult]) -> Refused | None:
    """The refusal of results in order, None when all passed: the first code, every failing guard named."""
    failing = [result for result in results if not result.passed]
    if not failing:
        return None
    listed = [{"number": it.number, "guard": it.name, "code": it.code, "detail": it.detail} for it in failing]
    return Refused(failing[0].code, failing[0].detail, guards=listed)
