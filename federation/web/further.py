"""The same question put otherwise: its address, as seen from where it was asked.

Rule: no answer names this node's addresses from the root on. A proxy may answer for it
below a path that the node never hears of (`https://example.org/federation/`); a
relative address is right there, too.

Source: RFC 3986 section 5.2.2 (a reference of a query only keeps the path)
"""

from aiohttp import web


def further(request: web.Request, **more: str) -> str:
    """The address of the request with this in its query, beside what it has."""
    return f"?{request.rel_url.update_query(more).raw_query_string}"
