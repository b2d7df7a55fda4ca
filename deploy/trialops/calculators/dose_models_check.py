"""What the TITE-CRM and the BLRM need of a data file besides what every design needs."""

from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.blrm import is_fine_enough
from services.sponsor.domain.escalation.blrm_design import BlrmDesign, Selection
from services.sponsor.domain.escalation.crm_design import TiteCrmDesign
from services.sponsor.domain.escalation.design import DoseDesign
from services.sponsor.domain.escalation.observations import Observations, Participant
from services.sponsor.domain.escalation.tite_crm import WeightScheme


def require_follow_up(design: DoseDesign, data: Observations) -> None:
    """Every pending participant can be weighed, and nobody's follow-up contradicts the answer.

    Raises:
        InputInvalid: naming the participant's field, or what the design file lacks for a follow-up.
    """
    if not isinstance(design, TiteCrmDesign):
        return
    if data.participants is None:
        if sum(data.pending):
            message = "Counts do not say how long the pending participants were followed."
            raise InputInvalid("counts.pending", "follow_up_missing", message)
        return
    adaptive = design.weights is WeightScheme.ADAPTIVE
    weighed = any(one.dlt is None and one.follow_up is not None for one in data.participants)
    for place, one in enumerate(data.participants):
        path = f"participants.{place}"
        if one.dlt is None:
            _require_weighable(design, one, path)
        elif one.dlt is False:
            _require_completed(design, one, path)
        elif adaptive and weighed:
            _require_time(design, one, path)


def _require_weighable(design: TiteCrmDesign, one: Participant, path: str) -> None:
    if one.weight is not None:
        return
    if one.follow_up is None:
        message = "A pending participant needs a follow-up or a weight."
        raise InputInvalid(f"{path}.follow_up", "follow_up_missing", message)
    for field, stated in (("window", design.window), ("weights", design.weights)):
        if stated is None:
            raise InputInvalid(field, "missing", "A follow-up needs the design's window and weights.")


def _require_completed(design: TiteCrmDesign, one: Participant, path: str) -> None:
    """`dlt` false says that the window was completed; a pending participant's is null."""
    message = "Without a DLT and before the end of the window `dlt` is null."
    if one.weight is not None and one.weight < 1:
        raise InputInvalid(f"{path}.weight", "window_not_completed", message)
    if one.follow_up is not None and design.window is not None and one.follow_up < design.window:
        raise InputInvalid(f"{path}.follow_up", "window_not_completed", message)


def _require_time(design: TiteCrmDesign, one: Participant, path: str) -> None:
    """Adaptive weights rest on when each DLT came."""
    if one.follow_up is None:
        message = "Adaptive weights need the time to each DLT."
        raise InputInvalid(f"{path}.follow_up", "follow_up_missing", message)
    if design.window is not None and one.follow_up > design.window:
        raise InputInvalid(f"{path}.follow_up", "after_window", "This DLT lies after the window.")


def refuse_in_time(design: DoseDesign) -> None:
    """The TITE-CRM decides while people are followed up, so how a trial goes depends on its accrual.

    Raises:
        InputInvalid: always.
    """
    raise InputInvalid(
        "design", "needs_accrual", f"{design.name} depends on accrual in time; crm has whole windows."
    )


def require_prior(design: DoseDesign) -> None:
    """A BLRM whose trials can be played.

    Raises:
        InputInvalid: naming the field.
    """
    nobody = (0,) * design.terms.levels
    require_posterior(design, Observations(evaluated=nobody, dlts=nobody, pending=nobody))


def require_posterior(design: DoseDesign, data: Observations) -> None:
    """There is a prior or there are draws, and the selection can be made from them.

    Raises:
        InputInvalid: naming the field.
    """
    if not isinstance(design, BlrmDesign):
        return
    if data.samples is None:
        if design.prior is None:
            raise InputInvalid("prior", "missing", "Without draws from elsewhere a prior is needed.")
        if not is_fine_enough(design.prior, data.treated):
            message = "This prior is too wide for so many participants to be computed accurately."
            raise InputInvalid("prior", "prior_too_wide", message)
        if design.selection is Selection.MTD_QUANTILE:
            message = "A quantile of the MTD is taken from draws from elsewhere alone."
            raise InputInvalid("selection", "needs_posterior_samples", message)
        return
    for place, beta in enumerate(data.samples.beta):
        if beta <= 0:
            raise InputInvalid(
                f"posterior_samples.beta.{place}", "out_of_range", "A draw of beta is above 0."
            )
