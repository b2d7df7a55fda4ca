"""The site's clock for a serious event: elapsed hours from awareness, on the line of instants."""

from datetime import datetime, timedelta

SITE_LIMIT = timedelta(hours=24)


def site_due_at(aware_at: datetime, limit: timedelta = SITE_LIMIT) -> datetime:
    """Until when the site must have told the sponsor; weekends and clock changes alter nothing.

    Args:
        aware_at: when the site became aware, aware UTC.
        limit: elapsed time allowed, 24 hours unless the protocol says otherwise.
    Source: Regulation (EU) 536/2014 Article 41(2): at most 24 hours after obtaining knowledge.
    """
    return aware_at + limit
