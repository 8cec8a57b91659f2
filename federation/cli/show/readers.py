"""What `federation status --reader URL` says of readers: how far each is behind.

Rule: each is asked as a proxy asks it (`/readyz`); who does not answer is told, too.
"""

from collections.abc import Sequence
from http import HTTPStatus

from msgspec import Struct

from federation.cli.context import Run

_DEADLINE_S = 10.0


class ReaderSeen(Struct, frozen=True, kw_only=True):
    """A reader (`serve --read-only`) at an address.

    `lag_s`: None: nobody answers there, or no reader. `is_ready`: not too far behind.
    """

    url: str
    lag_s: float | None
    is_ready: bool


def see_readers(urls: Sequence[str]) -> list[ReaderSeen]:
    """How it stands with the readers at these addresses."""
    if not urls:
        return []
    # Imported here: who asks of none need not pay for a client.
    import asyncio  # noqa: PLC0415  # start-up time

    return asyncio.run(_see_all(urls))


async def _see_all(urls: Sequence[str]) -> list[ReaderSeen]:
    import asyncio  # noqa: PLC0415  # start-up time

    import aiohttp  # noqa: PLC0415  # start-up time

    from federation.web.readonly import LAG  # noqa: PLC0415  # start-up time

    async def see(session: aiohttp.ClientSession, url: str) -> ReaderSeen:
        try:
            async with session.get(f"{url.rstrip('/')}/readyz") as answer:
                lag_s = float(answer.headers[LAG])
                is_ready = answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
            return ReaderSeen(url=url, lag_s=None, is_ready=False)
        return ReaderSeen(url=url, lag_s=lag_s, is_ready=is_ready)

    timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        return await asyncio.gather(*(see(session, url) for url in urls))


def print_readers(run: Run, seen: Sequence[ReaderSeen]) -> None:
    """A line for each."""
    for one in seen:
        if one.lag_s is None:
            run.out.line(run.t("views.reader-silent", url=one.url))
            continue
        name = "reader" if one.is_ready else "reader-late"
        run.out.line(run.t(f"views.{name}", url=one.url, lag=f"{one.lag_s:.1f}"))
