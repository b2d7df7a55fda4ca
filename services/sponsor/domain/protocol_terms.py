"""What a protocol version says, as far as the sponsor's rules need it."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.sponsor.domain.boundary import Limits
from services.sponsor.domain.escalation.entry_table import entry_table
from services.sponsor.domain.escalation.part_design import TableDesign
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import DocumentVersion
from services.sponsor.domain.trial_kind import KindRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Stated monitoring boundary of an expansion part; `counted_with` are levels counted together with it."""

    text: str
    limits: Limits
    max_evaluable: int
    counted_with: tuple[PartLevel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTerms:
    """One part of the trial.

    Attributes:
        labels: what the protocol prints for level 1, 2, ...; a cohort has none.
        start_level: level of the first participant (1-based).
        target: registered participants wanted in the part; None when the protocol states none.
        rule: a design's table for an escalation, a boundary for an expansion, None for a cohort.
        design: of an escalation; None stands for the rolling six around the table.
    """

    part: str
    stratum: str
    labels: tuple[str, ...]
    start_level: int
    target: int | None
    rule: DecisionTable | Boundary | None
    design: TableDesign | None = None

    @property
    def levels(self) -> int:
        return len(self.labels)

    @property
    def kind(self) -> str:
        """`escalation`, `expansion` or `cohort`."""
        if self.rule is None:
            return "cohort"
        return "escalation" if isinstance(self.rule, DecisionTable) else "expansion"

    @property
    def level_rule(self) -> DecisionTable | Boundary:
        """The rule of a part with dose levels.

        Raises:
            Refused: `part_without_levels`.
        """
        if self.rule is None:
            raise Refused("part_without_levels", "Nothing is decided about dose levels of a cohort.")
        return self.rule

    def table_at(self, level: int) -> DecisionTable:
        """The cells that participants at a level of an escalation meet.

        Raises:
            ValueError: the part has no table.
        """
        own = self.level_rule
        if not isinstance(own, DecisionTable):
            raise ValueError("a part with a boundary has no table")
        return own if self.design is None else entry_table(self.design, own.version, level)

    def label(self, level: int) -> str:
        """What the protocol prints for a level.

        Raises:
            Refused: `level_unknown`.
        """
        self.require_level(level)
        return self.labels[level - 1]

    def require_level(self, level: int) -> None:
        """Refuse a level that the part does not have.

        Raises:
            Refused: `level_unknown`.
        """
        if not 1 <= level <= self.levels:
            raise Refused("level_unknown", f"The part has levels 1 to {self.levels}.", levels=self.levels)

    @property
    def places(self) -> frozenset[PartLevel]:
        """Levels whose participants the part's rule looks at: its own, and those counted with them."""
        own = {PartLevel(part=self.part, level=level) for level in range(1, self.levels + 1)}
        return frozenset(own | set(self.rule.counted_with if isinstance(self.rule, Boundary) else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTerms:
    """One protocol version.

    Attributes:
        ctimp: a trial of a medicine.
        hosted: another organisation decides, and its letters stand in place of our committee.
        zone: IANA zone in which the trial's local dates are counted.
        documents: documents and versions that sites use under it, the protocol itself included.
        regimes: reporting regimes chosen.
        signing: who signs its dose decisions; None where none is taken.
        blinded: some randomisation is blinded, so that emergency unblinding must have been tested.
        randomised: the file has a randomisation.
        follow_up_years: how long follow-up is planned; 0 when the file plans none.
        product: what is given; empty where the file names nothing.
        doses_planned: in the observation window; None where the file plans none.
        charter_required: the trial opens only with a committee charter in force.
        receipts_needed: a decision acts at a site from that site's receipt.
    """

    code: str
    kind: str
    ctimp: bool
    hosted: bool
    version: str
    title: str
    zone: str
    registry_ids: tuple[str, ...]
    regimes: tuple[str, ...]
    documents: frozenset[DocumentVersion]
    signing: SigningRules | None
    blinded: bool
    randomised: bool
    follow_up_years: int
    parts: Mapping[str, PartTerms]
    product: str = ""
    doses_planned: int | None = None
    charter_required: bool = False
    receipts_needed: bool = True

    @property
    def has_levels(self) -> bool:
        return any(part.levels for part in self.parts.values())

    def part(self, name: str) -> PartTerms:
        """The terms of a part.

        Raises:
            Refused: `part_unknown`.
        """
        if name not in self.parts:
            raise Refused("part_unknown", "The protocol has no such part.", parts=sorted(self.parts))
        return self.parts[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Something in the file that its kind of trial does not have, or lacks; `path` leads to it."""

    path: str
    rule: str
    message: str


def misfits(terms: ProtocolTerms, rules: KindRules) -> tuple[Misfit, ...]:
    """Everything in which a protocol file contradicts its own kind of trial.

    Args:
        terms: of the file, its parts in the file's order.
        rules: of its kind.
    """
    found = [
        Misfit(
            path=f"parts.{index}.levels",
            rule="kind_has_no_levels",
            message=f"A trial of kind {rules.kind} has no dose levels.",
        )
        for index, part in enumerate(terms.parts.values())
        if part.levels and not rules.levels
    ]
    if rules.randomisation_needed and not terms.randomised:
        message = f"A trial of kind {rules.kind} has a randomisation."
        found.append(Misfit(path="randomisations", rule="randomisation_needed", message=message))
    if terms.follow_up_years < rules.follow_up_years:
        message = f"A trial of kind {rules.kind} is followed up for at least {rules.follow_up_years} years."
        path = "follow_up.years" if terms.follow_up_years else "follow_up"
        found.append(Misfit(path=path, rule="follow_up_too_short", message=message))
    return tuple(found)
