"""Questions that read every row of a map, or a whole register: one at a time.

Rule: asking often cannot take every reader of the database; and an answer is made once
per change of the map, however many ask (`flows/query/mapcache.py`).
"""

from federation.flows.query import answers, published
from federation.flows.query.scope import QueryScope
from federation.records.publishedmap import PublishedMap
from federation.web.context import WebContext


async def publish_map(site: WebContext, election: str) -> PublishedMap:
    """The map of an election as it is now, by its digest.

    Raises:
        NotFoundError: nothing of this election was merged yet.
    """
    async with site.large_answers:
        return await site.db.read(site.maps.read_map, election)


async def summarise(site: WebContext, asked: QueryScope) -> answers.Summary:
    """The summary of the contest as the map is now."""
    async with site.large_answers:
        return await site.db.read(site.maps.summarise, asked, site.settings.org)


async def read_basis(site: WebContext, digest: str) -> bytes:
    """The profile or register with this digest; a register of a country is 11 MB.

    Raises:
        NotFoundError: neither has it.
    """
    profiles = list(site.profiles.values())
    async with site.large_answers:
        return await site.db.read(published.published_basis, digest, profiles)
