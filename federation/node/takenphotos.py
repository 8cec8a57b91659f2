"""Photographs that are handed to a node: taken in, and put beside its results."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from federation.flows.ownlog.attach import NewEvidence, attach_evidence
from federation.flows.photos import take
from federation.node.gate import GATE_S
from federation.node.node import Node
from federation.records.result import Evidence
from federation.web.requests.photos import AddEvidence, TakePhoto
from federation.web.requests.records import Verdicts
from federation.web.requests.request import Request


async def take_photo(node: Node, given: TakePhoto) -> Evidence:
    """Take a photograph in; see `flows/photos/take.py`."""
    node.disk.check()
    held = node.resources
    room = node.photographs.own_room
    shelves = take.PhotoShelves(held.db, held.blobs, held.home.originals, room)
    now = int(node.clocks.wall())
    taken = await take.take_photo(
        node.photographs.redrawer, shelves, given.original, now
    )
    return taken.entry()


async def add_evidence(node: Node, given: AddEvidence) -> Verdicts:
    """Put photographs beside our results; see `flows/ownlog/attach.py`."""
    log = node.own_log(given.election)
    await node.gate.passed(log.origin, GATE_S)
    verdicts = await node.disk.write(
        attach_evidence,
        log,
        [NewEvidence(s.tps, s.contest, s.round, s.evidence) for s in given.slots],
        node.clocks.wall(),
        form=given.form,
        source=given.source,
        unlisted=given.unlisted,
    )
    if any(verdict.outcome == "logged" for verdict in verdicts):
        node.news()
    return Verdicts(verdicts=verdicts)


#: By the kind of request, as `commands.py` has them.
WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    TakePhoto: take_photo,
    AddEvidence: add_evidence,
}
