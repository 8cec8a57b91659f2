"""Who answers: the about note, the key behind it, the versions that it speaks.

Rule: what comes back is proved to be signed by the identity it names; whether that is
the organisation one means, only people can compare (`fingerprint`), or the pinned key.

    about note  ── names ──▶ identity ── signs ──▶ key chain ── names ──▶ node key
         ▲                                                                  │
         └───────────────────────────── signs ──────────────────────────────┘
"""

import sys
import time
from importlib import metadata
from typing import Final

from federation.config.fingerprint import fingerprint
from federation.errors import FederationError, SignatureError
from federation.feeds.answer import show
from federation.feeds.feed import Feed
from federation.feeds.resource import ABOUT, keys_of
from federation.flows.steps import CheckStep, failed, problem_of, warned, well
from federation.flows.visit.caller import PeerVisit, cause_of
from federation.flows.visit.network import speaks_tls
from federation.records.about import About, open_about, open_about_unpinned
from federation.records.keychain import decode_keys, open_chain
from federation.records.readers import NOBODY, may_know
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey

#: The version of the protocol that this program speaks.
SPOKEN: Final = 1


#: What to do, by the first word of what is wrong; of all others the address is looked
#: at.
_MENDS: Final = {
    "failing": "mend-about-later",
    "busy": "mend-about-later",
    "pause": "mend-about-later",
    "page": "mend-about-page",
    "moved": "mend-about-moved",
    "login": "mend-about-closed",
    "refused": "mend-about-closed",
    "challenge": "mend-about-closed",
    "needs": "mend-scheme-https",
}


async def introduce(feed: Feed) -> tuple[About, VerifierKey]:
    """What a node says of its organisation, and the identity key that vouches for it.

    Raises:
        PeerError: it does not answer.
        FormatError: it answers with something else.
        RecordError: what it says breaks a rule.
        SignatureError: it is not signed by a key of the identity it names.
    """
    note = await feed.fetch(ABOUT)
    claimed = open_about_unpinned(note)
    identity = parse_vkey(claimed.identity)
    # Whoever introduces itself to nobody yet is a stranger there.
    public = [log.origin for log in claimed.logs if may_know(NOBODY, log)]
    if not public:
        raise SignatureError(Sentence("steps.no-log", org=claimed.org))
    origin = public[0]
    chain = open_chain(decode_keys(await feed.fetch(keys_of(origin))), identity)
    if chain.origin != origin or chain.identity != identity:
        raise SignatureError(
            Sentence("steps.other-chain", shown=chain.origin, asked=origin)
        )
    return open_about(note, chain.node_keys()), identity


async def read_about(visit: PeerVisit) -> CheckStep:
    """Whether the note comes, is signed, and is of the organisation expected."""
    org, url = visit.peer.org, visit.peer.url or ""
    began = time.perf_counter()
    try:
        about, identity = await introduce(visit.feed)
    except SignatureError as error:
        reason = Sentence("steps.about-unsigned")
        mend = Sentence("steps.mend-about-unsigned", org=org)
        return failed("about", reason, mend, detail=error.told)
    except FederationError as error:
        reason = cause_of(error)
        if await speaks_tls(visit):
            plain = Sentence("network.needs-tls")
            reason = Sentence("steps.silent", url=url, reason=plain)
        name = _MENDS.get(problem_of(reason).partition("-")[0], "mend-about")
        told = {"org": org, "url": url, "host": visit.host, "port": visit.port}
        mend = Sentence(f"steps.{name}", **told)
        return failed("about", reason, mend, detail=error.told)
    latency_s = round(time.perf_counter() - began, 3)
    told = {"name": show(about.name), "org": about.org}
    facts = {"org": about.org, "name": about.name, "latency_s": latency_s}
    if about.org != org:
        theirs = fingerprint(identity)
        seen = Sentence("steps.other-org", **told, expected=org, fingerprint=theirs)
        mend = Sentence("steps.mend-other-org", org=org, found=about.org)
        if about.org == visit.ours:
            mend = Sentence("steps.mend-other-org-ours", org=org)
        return failed("about", seen, mend, **facts)
    visit.about, visit.identity = about, identity
    return well("about", Sentence("steps.about", **told, seconds=latency_s), **facts)


async def compare_key(visit: PeerVisit) -> CheckStep:
    """Whether the identity that answers is the pinned one."""
    assert visit.identity is not None
    pinned, theirs = fingerprint(visit.peer.identity), fingerprint(visit.identity)
    facts = {"pinned": pinned, "found": theirs}
    if visit.identity == visit.peer.identity:
        return well("key", Sentence("steps.key", fingerprint=theirs), **facts)
    seen = Sentence("steps.other-key", pinned=pinned, found=theirs)
    mend = Sentence("steps.mend-key", org=visit.peer.org, url=visit.peer.url)
    return failed("key", seen, mend, **facts)


async def compare_versions(visit: PeerVisit) -> CheckStep:
    """Whether it speaks our version of the protocol; which program, if it says so."""
    assert visit.about is not None
    versions = ", ".join(map(str, visit.about.versions))
    program = visit.program
    facts = {"versions": list(visit.about.versions), "program": program}
    if SPOKEN not in visit.about.versions:
        is_newer = min(visit.about.versions) > SPOKEN
        ours = metadata.version("tps-federation")
        name = f"steps.older-{'ours' if is_newer else 'theirs'}"
        told = {"versions": versions, "whose": Sentence(name, version=ours)}
        seen = Sentence("steps.other-version", org=visit.peer.org, ours=SPOKEN, **told)
        mend = Sentence("steps.mend-version-theirs", org=visit.peer.org, version=ours)
        if is_newer:
            python = sys.executable
            mend = Sentence(
                "steps.mend-version-ours", org=visit.peer.org, python=python
            )
        return failed("versions", seen, mend, **facts)
    seen = Sentence("steps.versions", versions=versions)
    if program:
        seen = Sentence("steps.versions-program", versions=versions, program=program)
    if min(visit.about.versions) > SPOKEN or max(visit.about.versions) > SPOKEN:
        newer = Sentence("steps.newer-version", versions=versions, ours=SPOKEN)
        return warned("versions", newer, Sentence("steps.mend-newer-version"), **facts)
    return well("versions", seen, **facts)
