"""Right requests to the finder and the provenance page, for the access matrix."""

from shared.testing.access import Access

BASE = "/enrolment/api/v1"
_HERE = "site_nurse:EP01:012"
_FORMS = ("", ".csv", ".html")


def finder_accesses(participant_id: str) -> list[Access]:
    """Anybody who is logged in looks; a site speaks for itself; a participant is shown to the own site."""
    looking = [
        Access(
            method="GET",
            path=f"{BASE}/trial-finder{form}",
            call=lambda form=form: f"/trial-finder{form}",  # type: ignore[misc]
            anyone=True,
        )
        for form in _FORMS
    ]
    entry = Access(
        method="POST",
        path=f"{BASE}/finder-entries",
        call=lambda: "/finder-entries",
        body=lambda: {"trial": "EP01", "site_number": "012"},
        right=_HERE,
        other_scope="site_nurse:EP99:012",
        other_unit="site_nurse:EP01:034",
    )
    why = [
        Access(
            method="GET",
            path=f"{BASE}/participants/{{participant_id}}/provenance{form}",
            call=lambda form=form: f"/participants/{participant_id}/provenance{form}",  # type: ignore[misc]
            right=_HERE,
            other_scope="site_nurse:EP99:012",
            other_unit="site_nurse:EP01:034",
        )
        for form in ("", ".html")
    ]
    return [*looking, entry, *why]
