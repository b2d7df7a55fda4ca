"""A case as a page for print, in the order of a CIOMS form: pure text from the snapshot, nothing runs in it."""

from collections.abc import Iterator
from html import escape

from services.safety.domain.icsr.case_snapshot import CaseSnapshot, Drug, Reaction

_CRITERIA = {
    "a": "results in death",
    "b": "life-threatening",
    "c": "hospitalisation",
    "d": "disability",
    "e": "congenital anomaly",
    "f": "other medically important",
    "h": "required intervention",
}
_OUTCOMES = {
    "0": "unknown",
    "1": "recovered",
    "2": "recovering",
    "3": "not recovered",
    "4": "recovered with sequelae",
    "5": "fatal",
}
_ROLES = {"1": "suspect", "2": "concomitant", "3": "interacting", "4": "not administered"}
_ACTIONS = {
    "0": "unknown",
    "1": "withdrawn",
    "2": "dose reduced",
    "3": "dose increased",
    "4": "dose not changed",
    "9": "not applicable",
}
_SEXES = {"1": "male", "2": "female"}
_CORRECTIONS = {"1": "Nullification", "2": "Amendment"}
_STYLE = (
    "body{font:11pt/1.4 serif;margin:2cm}h1{font-size:14pt}h2{font-size:12pt;border-bottom:1px solid}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid;padding:.2em .4em;text-align:left;"
    "vertical-align:top}th{width:28%;font-weight:normal}p{white-space:pre-wrap}bdi{unicode-bidi:isolate}"
)

Rows = list[tuple[str, str]]


def case_page(case: CaseSnapshot) -> str:
    """The page; every word of a person is escaped and kept apart from the direction of the text around it."""
    parts = [
        f"<h1>Suspected adverse reaction report {_safe(case.number)}</h1>",
        _table(_identification(case)),
        "<h2>Participant</h2>",
        _table(_patient(case)),
    ]
    for reaction in case.reactions:
        parts += [f"<h2>Event: {_safe(reaction.term)}</h2>", _table(_reaction(reaction))]
    for drug in case.drugs:
        parts += [f"<h2>Product: {_safe(drug.name)}</h2>", _table(list(_drug(case, drug)))]
    parts += ["<h2>Narrative</h2>", f"<p>{_safe(case.narrative)}</p>"]
    for heading, text in (
        ("Reporter's comments", case.reporter_comments),
        ("Sender's comments", case.sender_comments),
    ):
        parts += [f"<h2>{heading}</h2>", f"<p>{_safe(text)}</p>"] if text else []
    head = f'<meta charset="utf-8"><title>{_safe(case.number)}</title><style>{_STYLE}</style>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _safe(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _table(rows: Rows) -> str:
    cells = "\n".join(
        f"<tr><th>{escape(name)}</th><td>{_safe(said)}</td></tr>" for name, said in rows if said
    )
    return f"<table>\n{cells}\n</table>"


def _identification(case: CaseSnapshot) -> Rows:
    correction = case.correction
    return [
        ("Worldwide number", case.worldwide_number),
        ("Study", f"{case.study.name}, {case.study.sponsor_number}"),
        ("Sender", case.sender.organisation),
        ("First received", case.first_received_on.isoformat()),
        ("Newest information", case.latest_information_on.isoformat()),
        ("Expedited", "yes" if case.expedited else "no"),
        (
            "Correction",
            "" if correction is None else f"{_CORRECTIONS.get(correction.code, '')}: {correction.reason}",
        ),
        ("Reporters", "; ".join(f"{one.organisation} {one.country}".strip() for one in case.reporters)),
        ("Linked reports", ", ".join(case.linked_numbers)),
        ("Other numbers", ", ".join(f"{source}: {number}" for source, number in case.other_numbers)),
    ]


def _patient(case: CaseSnapshot) -> Rows:
    patient = case.patient
    death = patient.death
    return [
        ("Number in the trial", patient.trial_number),
        ("Age at onset", f"{patient.age.number} {patient.age.unit}" if patient.age else ""),
        ("Sex", _SEXES.get(patient.sex, "")),
        ("Weight", f"{patient.weight_kg} kg" if patient.weight_kg else ""),
        ("Height", f"{patient.height_cm} cm" if patient.height_cm else ""),
        ("History", patient.history),
        ("Died", "" if death is None else (death.on.isoformat() if death.on else "date not known")),
    ]


def _reaction(reaction: Reaction) -> Rows:
    criteria = [text for letter, text in _CRITERIA.items() if letter in reaction.criteria]
    return [
        ("MedDRA", f"{reaction.coded.code} (version {reaction.coded.version})"),
        ("Seriousness", ", ".join(criteria) or "no criterion given"),
        ("Onset", reaction.onset),
        ("End", reaction.end),
        ("Outcome", _OUTCOMES.get(reaction.outcome, "")),
        ("Country", reaction.country),
    ]


def _drug(case: CaseSnapshot, drug: Drug) -> Iterator[tuple[str, str]]:
    yield "Role", _ROLES.get(drug.role, "")
    yield "Blinded", "yes" if drug.blinded else ""
    yield "Substances", ", ".join(drug.substances)
    for dosage in drug.dosages:
        dose = f"{dosage.dose.number} {dosage.dose.unit}" if dosage.dose else ""
        said = (dosage.text, dose, dosage.route, dosage.first, dosage.last, dosage.batch)
        yield "Dosage", "; ".join(part for part in said if part)
    yield "Indication", drug.indication
    yield "Action taken", _ACTIONS.get(drug.action, "")
    terms = {reaction.id: reaction.term for reaction in case.reactions}
    for one in case.relatedness:
        if one.drug_id == drug.id:
            yield f"Relatedness to {terms.get(one.reaction_id, '')}", f"{one.source}: {one.result}"
