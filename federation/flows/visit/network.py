"""The way to a partner's node: address, name, connections, TLS.

Rule: done here by hand, a step at a time, over the same kind of sockets as all requests
(`feeds/address.py`); what fails is told in the words of `feeds/connection.py`.
"""

import asyncio
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from yarl import URL

from federation.feeds.address import AddrInfo, is_public, socket_maker
from federation.feeds.answer import show
from federation.feeds.connection import judge_certificate, judge_name, judge_socket
from federation.feeds.tls import TlsSeen, connect, look_at_tls
from federation.flows.steps import CheckStep, failed, join, problem_of, warned, well
from federation.flows.visit.caller import PeerVisit
from federation.records.timezones import tell_here
from federation.text import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

CONNECT_S: Final = 10.0
MOST_ADDRESSES: Final = 8
#: A certificate that ends sooner is warned of: renewals are tried a month before.
WARN_DAYS: Final = 14
_DAY_S: Final = 86_400


async def read_address(visit: PeerVisit) -> CheckStep:
    """Whether there is an address, and what stands in it."""
    peer = visit.peer
    mend = Sentence("steps.mend-address", org=peer.org)
    if peer.url is None:
        return failed("address", Sentence("network.no-own-address"), mend)
    try:
        url = URL(peer.url, encoded=True)
        visit.scheme, visit.host = url.scheme, url.raw_host or ""
        visit.port = url.port or 0
    except ValueError:
        url = URL()
    if not visit.host or not visit.port:
        return failed("address", Sentence("network.no-address"), mend)
    facts = {
        "url": peer.url,
        "scheme": visit.scheme,
        "host": visit.host,
        "port": visit.port,
        "path": url.raw_path.rstrip("/"),
    }
    shown = {"url": peer.url, "host": show(visit.host), "port": visit.port}
    if visit.scheme == "http" and not peer.allow_private:
        plain = Sentence("steps.plain", **shown)
        mend = Sentence("steps.mend-plain", org=peer.org)
        return warned("address", plain, mend, **facts)
    return well("address", Sentence("steps.address", **shown), **facts)


async def look_up(visit: PeerVisit) -> CheckStep:
    """Which addresses the name has."""
    mend = Sentence("steps.mend-dns", host=show(visit.host), org=visit.peer.org)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            found: Iterable[AddrInfo] = await loop.getaddrinfo(
                visit.host, visit.port, type=socket.SOCK_STREAM
            )
    except TimeoutError:
        host = show(visit.host)
        return failed("dns", Sentence("network.no-name-server", host=host), mend)
    except (OSError, UnicodeError) as error:
        cause = error if isinstance(error, OSError) else socket.gaierror()
        reason = judge_name(cause, show(visit.host)).reason
        return failed("dns", reason, mend)
    visit.infos = list(dict.fromkeys(found))[:MOST_ADDRESSES]
    addresses = [str(info[4][0]) for info in visit.infos]
    shown = ", ".join(addresses)
    return well("dns", Sentence("steps.dns", addresses=shown), addresses=addresses)


async def connect_all(visit: PeerVisit) -> CheckStep:
    """Whether each address takes a connection."""
    tried = await asyncio.gather(*(_try(visit, info) for info in visit.infos))
    results = dict(zip([str(i[4][0]) for i in visit.infos], tried, strict=True))
    facts: dict[str, object] = {
        "addresses": [
            {"address": address, "connect_s": round(result, 3)}
            if isinstance(result, float)
            else {"address": address, "problem": result.key.partition(".")[2]}
            for address, result in results.items()
        ]
    }
    reached = [info for info in visit.infos if _is_reached(results, info)]
    words = join(
        [
            _tell_connection(address, result, visit.port)
            for address, result in results.items()
        ]
    )
    causes = [result for result in tried if isinstance(result, Sentence)]
    told = {"org": visit.peer.org, "host": show(visit.host), "port": visit.port}
    mend = Sentence("steps.mend-tcp", **told)
    if any(cause.key == "network.private" for cause in causes):
        mend = Sentence("steps.mend-private", org=visit.peer.org)
    visit.infos = reached
    if not reached:
        # Of several that fail in one way it is told once.
        is_one = len({str(cause) for cause in causes}) == 1
        return failed("tcp", causes[0] if is_one else words, mend, **facts)
    if causes:
        return warned("tcp", Sentence("steps.tcp-some", which=words), mend, **facts)
    return well("tcp", words, **facts)


def _is_reached(results: dict[str, float | Sentence], info: AddrInfo) -> bool:
    return isinstance(results[str(info[4][0])], float)


async def _try(visit: PeerVisit, info: AddrInfo) -> float | Sentence:
    """Seconds until there was a connection, or why there was none."""
    make = socket_maker(allow_private=visit.peer.allow_private)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(CONNECT_S):
            (await connect(make, info)).close()
    except OSError as error:  # TimeoutError is one
        return judge_socket(error, show(visit.host), visit.port).reason
    return time.perf_counter() - began


def _tell_connection(address: str, result: float | Sentence, port: int) -> Sentence:
    if isinstance(result, Sentence):
        return Sentence("steps.tcp-not", address=address, port=port, reason=result)
    ms = f"{result * 1000:.0f}"
    return Sentence("steps.tcp", address=address, port=port, ms=ms)


async def secure(visit: PeerVisit) -> CheckStep:
    """Whether a secure connection is made, with whose certificate, until when."""
    if visit.scheme != "https":
        is_inner = not any(is_public(str(info[4][0])) for info in visit.infos)
        name = "tls-inner" if is_inner else "tls-unused"
        return CheckStep(code="tls", state="skipped", seen=Sentence(f"steps.{name}"))
    host = show(visit.host)
    try:
        seen = await _look(visit, is_believed=True)
    except ssl.SSLCertVerificationError as error:
        reason = judge_certificate(error, host, visit.wall()).reason
        return await _disbelieved(visit, reason)
    except OSError as error:  # ssl.SSLError is one, and TimeoutError
        reason = judge_socket(error, host, visit.port).reason
        return failed("tls", reason, _mend_tls(visit, reason))
    days = int((seen.ends - visit.wall()) // _DAY_S)
    told = {"version": seen.version, "issuer": show(seen.issuer), "days": days}
    names = show(", ".join(seen.names))
    if days < WARN_DAYS:
        words = Sentence("steps.tls-ending", names=names, **told)
        mend = Sentence("steps.mend-tls-ending", host=host, org=visit.peer.org)
        return warned("tls", words, mend, **_facts(seen, days))
    return well("tls", Sentence("steps.tls", names=names, **told), **_facts(seen, days))


def _mend_tls(visit: PeerVisit, reason: Sentence) -> Sentence:
    """What to do about it, by what is wrong."""
    given = {"host": show(visit.host), "port": visit.port, "org": visit.peer.org}
    name = {
        "tls-none": "mend-scheme-http",
        "tls-expired": "mend-tls-clock",
        "tls-host": "mend-tls-host",
        "tls-issuer": "mend-tls-issuer",
    }.get(problem_of(reason), "mend-tls")
    return Sentence(f"steps.{name}", **given)


async def speaks_tls(visit: PeerVisit) -> bool:
    """Whether a secure connection is spoken where the address says http://."""
    if visit.scheme != "http":
        return False
    try:
        await _look(visit, is_believed=False)
    except (OSError, ValueError):
        return False
    visit.is_plain_to_tls = True
    return True


async def _disbelieved(visit: PeerVisit, reason: Sentence) -> CheckStep:
    """A certificate that is not believed, with what stands in it."""
    mend = _mend_tls(visit, reason)
    try:
        seen = await _look(visit, is_believed=False)
    except (OSError, ValueError):
        return failed("tls", reason, mend)
    begins, ends = tell_here(seen.begins), tell_here(seen.ends)
    if problem_of(reason) == "tls-not-yet":
        mend = Sentence("steps.mend-tls-early", org=visit.peer.org, begins=begins)
    days = int((seen.ends - visit.wall()) // _DAY_S)
    words = Sentence(
        "steps.tls-shown",
        reason=reason,
        names=show(", ".join(seen.names)) or "-",
        issuer=show(seen.issuer) or "-",
        begins=begins,
        ends=ends,
    )
    return failed("tls", words, mend, **_facts(seen, days))


async def _look(visit: PeerVisit, *, is_believed: bool) -> TlsSeen:
    return await look_at_tls(
        socket_maker(allow_private=visit.peer.allow_private),
        visit.infos[0],
        visit.host,
        deadline_s=CONNECT_S,
        is_believed=is_believed,
    )


def _facts(seen: TlsSeen, days: int) -> dict[str, object]:
    return {
        "version": seen.version,
        "names": list(seen.names),
        "issuer": seen.issuer,
        "not_after": seen.ends,
        "days_left": days,
    }
