"""One-parameter curves of the continual reassessment method: the chance of a DLT at each level, given beta."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from services.sponsor.domain.escalation.quadrature import Floats


class ModelKind(StrEnum):
    """Form of the curve: p = s^exp(beta), or logit p = intercept + exp(beta) x."""

    EMPIRIC = "empiric"
    LOGISTIC = "logistic"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingModel:
    """A skeleton and the curve through it; beta = 0 gives the skeleton back.

    Attributes:
        skeleton: prior guesses of the chance of a DLT by level, strictly increasing, each in (0, 1).
        intercept: of the logistic curve alone.

    Source: O'Quigley, Pepe, Fisher, Biometrics 1990;46:33-48; Cheung, Dose Finding by the CRM (2011), ch. 3.
    """

    kind: ModelKind
    skeleton: tuple[float, ...]
    intercept: float = 3.0

    @property
    def levels(self) -> int:
        return len(self.skeleton)

    @property
    def scaled_doses(self) -> Floats:
        """Shape (J,): the x of the curve; for the empiric curve ln s."""
        guesses = np.array(self.skeleton)
        if self.kind is ModelKind.EMPIRIC:
            return np.asarray(np.log(guesses))
        return np.asarray(np.log(guesses) - np.log1p(-guesses) - self.intercept)

    @property
    def is_ordered(self) -> bool:
        """Whether one more DLT raises every level's chance.

        On a logistic curve with levels on both sides of its intercept the chances of some would fall.
        """
        x = self.scaled_doses
        return bool((x < 0).all() or (x > 0).all())

    def log_chances(self, beta: Floats) -> tuple[Floats, Floats]:
        """The logarithms of p and of 1 - p, each of shape (J, G), for beta of shape (G,)."""
        scaled = np.exp(beta)[np.newaxis, :] * self.scaled_doses[:, np.newaxis]
        if self.kind is ModelKind.EMPIRIC:
            return scaled, np.log(-np.expm1(scaled))
        logits = self.intercept + scaled
        return -np.logaddexp(0.0, -logits), -np.logaddexp(0.0, logits)

    def chances(self, beta: Floats) -> Floats:
        """The chance of a DLT by level, shape (J, G)."""
        return np.asarray(np.exp(self.log_chances(beta)[0]))

    def beta_where(self, level: int, chance: float) -> tuple[float, bool] | None:
        """The beta at which a level (1-based) has a given chance of a DLT.

        Returns:
            The beta, and whether chances above lie below it; None when no beta gives that chance.
        """
        x = float(self.scaled_doses[level - 1])
        if self.kind is ModelKind.EMPIRIC:
            wanted = float(np.log(chance))
        else:
            wanted = float(np.log(chance) - np.log1p(-chance)) - self.intercept
        if x == 0 or wanted / x <= 0:
            return None
        return float(np.log(wanted / x)), x < 0
