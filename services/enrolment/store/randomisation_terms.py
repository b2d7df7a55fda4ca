"""The randomisations of each approved protocol version, from the copies of the protocol files."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from services.enrolment.domain.minimisation import Factor, Imbalance, MinimisationDesign
from services.enrolment.domain.minimisation_schemes import BestPRestEqual, GBased, Probability, RankLinear
from services.enrolment.domain.permuted_blocks import PermutedBlocks
from services.enrolment.domain.randomisation_terms import FactorTerms, Moment, RandomisationTerms
from services.enrolment.store.person_terms import read_criterion
from shared.database import Sql, Tx
from shared.joint_reads import nested

Block = Mapping[str, Any]


async def randomisations_of(tx: Tx, trial_id: str) -> dict[str, tuple[RandomisationTerms, ...]]:
    """By protocol version, the version that takes effect first coming first."""
    return {version: _read(terms) for version, terms in await tx.fetch(_VERSIONS, trial_id)}


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[RandomisationTerms, ...]:
    return read_randomisations(nested(text))


def read_randomisations(document: Block) -> tuple[RandomisationTerms, ...]:
    """Every randomisation of a protocol file; a file of an earlier form has none.

    Raises:
        ValueError: a design that means nothing.
    """
    listed = document.get("randomisations", ())
    blinded = {one["randomisation"] for one in listed if one["blinded"]}
    return tuple(_randomisation(one, blinded) for one in listed)


def _randomisation(one: Block, blinded: set[str]) -> RandomisationTerms:
    method = one["method"]
    listed = method["strata"] if method["kind"] == "permuted_blocks" else method["factors"]
    return RandomisationTerms(
        code=one["randomisation"],
        label=one["label"],
        part=one["part"],
        at=Moment(one["at"]),
        blinded=one["blinded"],
        method=design_from(design_document(one)),
        factors=tuple(FactorTerms(name=it["factor"], levels=tuple(it["levels"])) for it in listed),
        version=one["version"],
        after=one["after"] or "",
        for_arms=frozenset(one["for_arms"]),
        earlier_blinded=one["after"] in blinded,
        groups=frozenset(one["groups"]),
        criteria={it["id"]: read_criterion(it) for it in one["criteria"]},
        counts_follow_corrections=method.get("counts_follow_corrections", True),
    )


def design_document(one: Block) -> dict[str, Any]:
    """What a list is prepared for: arms, ratio and method of a randomisation, as plain values."""
    method = one["method"]
    document: dict[str, Any] = {
        "kind": method["kind"],
        "arms": [arm["arm"] for arm in one["arms"]],
        "ratio": [arm["ratio"] for arm in one["arms"]],
    }
    if method["kind"] == "permuted_blocks":
        return document | {
            "block_sizes": sorted(set(method["block_sizes"])),
            "factors": [[it["factor"], ""] for it in method["strata"]],
        }
    scheme = method["probability"]["scheme"]
    parameter = {"best_p_rest_equal": "p", "rank_linear": "q", "g_based": "t"}[scheme]
    return document | {
        "imbalance": method["imbalance"],
        "scheme": scheme,
        "parameter": method["probability"][parameter],
        "factors": [[it["factor"], it["weight"]] for it in method["factors"]],
    }


def document_of(terms: RandomisationTerms) -> dict[str, Any]:
    """The design of a randomisation as `design_document` writes it."""
    method = terms.method
    document: dict[str, Any] = {"arms": list(method.arms), "ratio": list(method.ratio)}
    if isinstance(method, PermutedBlocks):
        return document | {
            "kind": "permuted_blocks",
            "block_sizes": list(method.block_sizes),
            "factors": [[factor.name, ""] for factor in terms.factors],
        }
    scheme, parameter = scheme_of(method.probability)
    return document | {
        "kind": "minimisation",
        "imbalance": method.imbalance.value,
        "scheme": scheme,
        "parameter": parameter,
        "factors": [[factor.name, str(factor.weight)] for factor in method.factors],
    }


def scheme_of(probability: Probability) -> tuple[str, str]:
    """Name and parameter of a scheme, as the protocol file spells them."""
    match probability:
        case BestPRestEqual(p=p):
            return "best_p_rest_equal", str(p)
        case RankLinear(q=q):
            return "rank_linear", str(q)
        case GBased(t=t):
            return "g_based", str(t)


def design_from(document: Block) -> PermutedBlocks | MinimisationDesign:
    """A design from its plain values.

    Raises:
        InvalidDesign: it means nothing.
    """
    arms, ratio = tuple(document["arms"]), tuple(document["ratio"])
    if document["kind"] == "permuted_blocks":
        return PermutedBlocks(arms=arms, ratio=ratio, block_sizes=tuple(document["block_sizes"]))
    parameter = document["parameter"]
    schemes: dict[str, Probability] = {
        "best_p_rest_equal": BestPRestEqual(p=parameter),
        "rank_linear": RankLinear(q=parameter),
        "g_based": GBased(t=parameter),
    }
    return MinimisationDesign(
        arms=arms,
        ratio=ratio,
        imbalance=Imbalance(document["imbalance"]),
        probability=schemes[document["scheme"]],
        factors=tuple(Factor(name=name, weight=weight) for name, weight in document["factors"]),
    )


_VERSIONS = Sql(
    "SELECT protocol_version, terms FROM protocol_copy WHERE trial_id = $1 ORDER BY effective_at, protocol_version"
)
