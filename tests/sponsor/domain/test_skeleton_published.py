"""Skeletons by indifference interval against `getprior` of the R package dfcrm (printed to six digits).

Source: Lee SM, Cheung YK, Clin Trials 2009;6:227-238.
"""

import pytest

from services.sponsor.domain.escalation.skeleton import SkeletonImpossible, indifference_skeleton
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel


@pytest.mark.parametrize(
    ("target", "printed"),
    [
        (0.25, (0.083973, 0.156741, 0.25, 0.354500, 0.460343)),
        (0.30, (0.122529, 0.203956, 0.3, 0.401819, 0.501346)),
    ],
)
def test_skeletons_of_dfcrm(target: float, printed: tuple[float, ...]) -> None:
    found = indifference_skeleton(halfwidth=0.05, target=target, nu=3, levels=5)

    assert found == pytest.approx(printed, abs=5e-7)
    assert found[2] == target


@pytest.mark.parametrize("kind", list(ModelKind))
@pytest.mark.parametrize("nu", [1, 3, 6])
def test_the_skeleton_increases_and_its_boundaries_are_the_ends_of_the_interval(
    kind: ModelKind, nu: int
) -> None:
    found = indifference_skeleton(halfwidth=0.06, target=0.3, nu=nu, levels=6, kind=kind)

    curve = WorkingModel(kind=kind, skeleton=found)
    assert list(found) == sorted(set(found))
    for level in range(1, 6):
        boundary = curve.beta_where(level, 0.24)
        assert boundary is not None
        above = curve.beta_where(level + 1, 0.36)
        assert above is not None
        assert boundary[0] == pytest.approx(above[0], abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"halfwidth": 0.0}, "halfwidth"),
        ({"halfwidth": 0.25}, "halfwidth"),
        ({"target": 0.97}, "halfwidth"),
        ({"nu": 0}, "nu"),
        ({"nu": 6}, "nu"),
        ({"kind": ModelKind.LOGISTIC, "intercept": -1.0986122886681098}, "intercept"),
        ({"halfwidth": 0.2, "levels": 50, "nu": 50}, "levels"),
    ],
)
def test_values_without_an_increasing_skeleton_are_refused_by_name(
    changed: dict[str, object], field: str
) -> None:
    given = {"halfwidth": 0.05, "target": 0.25, "nu": 3, "levels": 5} | changed

    with pytest.raises(SkeletonImpossible) as refused:
        indifference_skeleton(**given)  # type: ignore[arg-type]

    assert refused.value.field == field
