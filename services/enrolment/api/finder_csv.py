"""The finder as CSV: one line per trial and site, columns in the order of the referrers' template.

Source of the order: fields of the ECMC Experimental Cancer Trial Finder; live columns of our own come after them.
"""

import csv
import io
from collections.abc import Iterator

from services.enrolment.domain.finder import Contact, SiteOffer, TrialOffer
from services.enrolment.queries.trial_finder import FinderPage
from shared.clock import format_instant

COLUMNS = (
    "location",
    "location_status",
    "registry_numbers",
    "full_title",
    "treatment_type",
    "ages",
    "registry_link",
    "trial_status",
    "expected_opening",
    "conditions",
    "molecular_markers",
    "principal_investigator",
    "principal_investigator_contact",
    "primary_contact",
    "secondary_contact",
    "site_note",
    "trial_code",
    "phase",
    "slots_open",
    "waiting",
    "recruitment_paused_since",
    "dosing_paused_since",
    "expected_openings_no_promise",
    "results",
    "as_of",
)

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(page: FinderPage) -> str:
    """UTF-8 text with a header; lists within a cell are parted by semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    as_of = format_instant(page.as_of) if page.as_of else ""
    for trial in page.items:
        for site in trial.sites:
            cells = (*_of_site(trial, site), *_live(trial), as_of)
            writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell


def _of_site(trial: TrialOffer, site: SiteOffer) -> Iterator[str]:
    entry, investigator = trial.entry, site.principal_investigator
    first, second = [*map(_reached, site.contacts), "", ""][:2]
    yield site.organisation
    yield site.status.value
    yield "; ".join(entry.registry_ids)
    yield entry.title
    yield entry.treatment_type
    yield "; ".join(f"{part.age_from_years} to under {part.age_below_years}" for part in trial.parts)
    yield entry.registry_link
    yield trial.status.value
    yield entry.expected_opening.isoformat() if entry.expected_opening else ""
    yield "; ".join(site.conditions or entry.conditions)
    yield "; ".join((*entry.markers, *_genes(trial)))
    yield investigator.name if investigator else ""
    yield _reached(investigator) if investigator else ""
    yield first
    yield second
    yield site.note
    yield trial.code
    yield entry.phase


def _genes(trial: TrialOffer) -> Iterator[str]:
    for part in trial.parts:
        for marker in part.markers:
            yield " ".join(
                word for word in (marker.gene, marker.detail, marker.alteration, marker.must_be) if word
            )


def _reached(contact: Contact) -> str:
    return ", ".join(word for word in (contact.role, contact.name, contact.email, contact.telephone) if word)


def _live(trial: TrialOffer) -> Iterator[str]:
    dates = sorted({day for part in trial.parts for day in part.expected_openings})
    yield _total(part.slots_open for part in trial.parts)
    yield _total(part.waiting for part in trial.parts)
    for since in (trial.recruitment_paused_since, trial.dosing_paused_since):
        yield format_instant(since) if since else ""
    yield "; ".join(day.isoformat() for day in dates)
    yield trial.entry.results


def _total(counts: Iterator[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return str(sum(known)) if known else ""
