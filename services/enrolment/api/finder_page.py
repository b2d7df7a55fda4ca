"""The finder as a plain page: headings, lists and links; no script, no picture, nothing loaded from elsewhere."""

from collections.abc import Iterable, Iterator
from html import escape

from services.enrolment.domain.finder import Contact, PartOffer, RecruitmentStatus, SiteOffer, TrialOffer
from services.enrolment.queries.trial_finder import FinderPage

IN_WORDS = {
    RecruitmentStatus.IN_SET_UP: "Not open yet",
    RecruitmentStatus.OPEN: "Open",
    RecruitmentStatus.OPEN_NO_PLACE_FREE: "Open, no place free at the moment",
    RecruitmentStatus.PAUSED: "Paused: nobody new may join at the moment",
    RecruitmentStatus.CLOSED_RESULTS_AWAITED: "Closed, results awaited",
    RecruitmentStatus.CLOSED_WITH_RESULTS: "Closed, results are out",
}

_STYLE = """
body { font: 1.05rem/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
article { border-top: 2px solid #1f4e5f; padding: .5rem 0 1.5rem }
h1, h2, h3 { line-height: 1.2 } h2 { margin-bottom: .2rem }
.status { font-weight: 600; margin: 0 0 .8rem } dt { font-weight: 600 } dd { margin: 0 0 .6rem }
a { color: #0b5394 } .small { color: #4a4a4a; font-size: .9rem }
@media print { body { margin: 0; max-width: none } article { break-inside: avoid } }
"""


def as_page(page: FinderPage) -> str:
    """A complete HTML document; every text of others is escaped."""
    known = f"Everything known up to {page.as_of:%d %B %Y, %H:%M} UTC." if page.as_of else ""
    number = len(page.items)
    found = f"{number} trial{'' if number == 1 else 's'} found." if number else "No trial fits."
    articles = "\n".join(_trial(trial) for trial in page.items)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trials for children and young people with cancer</title><style>{_STYLE}</style></head>
<body>
<header><h1>Trials for children and young people with cancer</h1>
<p>{found} Ask your hospital team before you decide anything: only they can say whether a trial could be right
for one child. Dates on which a place may open are expectations, not promises.</p>
<p class="small">{known}</p></header>
<main>
{articles}
</main>
</body>
</html>
"""


def _trial(trial: TrialOffer) -> str:
    entry = trial.entry
    paused = [
        f"{what} paused since {since:%d %B %Y}"
        for what, since in (
            ("Joining", trial.recruitment_paused_since),
            ("Treatment", trial.dosing_paused_since),
        )
        if since
    ]
    status = ". ".join([IN_WORDS[trial.status], *paused])
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{text}</dd>" for name, text in _facts(trial) if text)
    return f"""<article id="{escape(trial.code)}">
<h2>{escape(entry.plain_title)}</h2>
<p class="status">{escape(status)}.</p>
{_passages(entry.plain_summary, entry.plain_what_happens, entry.plain_possible_risks)}
<dl>{facts}</dl>
<h3>Where</h3>
<ul>{"".join(f"<li>{_site(site)}</li>" for site in trial.sites)}</ul>
<p class="small">{escape(trial.code)}: {escape(entry.title)}</p>
</article>"""


def _passages(*texts: str) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts if text)


def _facts(trial: TrialOffer) -> Iterator[tuple[str, str]]:
    entry = trial.entry
    yield "For", escape(", ".join(entry.conditions))
    yield "Kind of treatment", escape(entry.treatment_type)
    yield "Phase", escape(entry.phase) if entry.phase != "not_applicable" else ""
    yield "Markers", escape(", ".join(entry.markers))
    yield "Who can join", "<br>".join(_part(part) for part in trial.parts)
    yield "Who to ask", escape(entry.who_to_ask)
    yield "May open", f"{entry.expected_opening:%B %Y}" if entry.expected_opening else ""
    yield "Registered as", escape(", ".join(entry.registry_ids))
    yield "Registry", _link(entry.registry_link)
    yield "Results", _link(entry.results)


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>' if address else ""


def _part(part: PartOffer) -> str:
    words = [f"{part.part}: from {part.age_from_years} to under {part.age_below_years} years"]
    words += [
        f"{marker.gene} {marker.detail} {marker.alteration.replace('_', ' ')} {marker.must_be}"
        for marker in part.markers
    ]
    if part.slots_open is not None:
        words.append(f"{part.slots_open} places free, {part.waiting or 0} waiting")
    if part.expected_openings and not part.slots_open:
        words.append(f"next place not before {part.expected_openings[0]:%d %B %Y} (expected)")
    return escape(", ".join(" ".join(word.split()) for word in words))


def _site(site: SiteOffer) -> str:
    texts = [f"<strong>{escape(site.organisation)}</strong> ({escape(IN_WORDS[site.status])})"]
    if site.conditions:
        texts.append(f"for {escape(', '.join(site.conditions))}")
    if site.principal_investigator:
        texts.append(f"led by {_contact(site.principal_investigator)}")
    texts += [_contact(contact) for contact in site.contacts]
    if site.note:
        texts.append(escape(site.note))
    return "<br>".join(texts)


def _contact(contact: Contact) -> str:
    email = f'<a href="mailto:{escape(contact.email)}">{escape(contact.email)}</a>' if contact.email else ""
    words: Iterable[str] = (escape(contact.role), escape(contact.name), email, escape(contact.telephone))
    return ", ".join(word for word in words if word)
