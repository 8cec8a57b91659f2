"""Being a witness: the key and the memory of it, and what logs bring.

Rule: a log that we mirror is confirmed by our mirror key and by no other of ours: two
histories of one log, one for each key, would both have our name under them.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from federation.errors import NotFoundError
from federation.flows.witness import Witnessed
from federation.node.events import say
from federation.node.node import Node
from federation.node.resources import Resources
from federation.store import logs
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified
from federation.tlog.witness import parse_offer
from federation.web.requests.request import Request
from federation.web.requests.witness import WitnessCheckpoint

_LOUD: Final = frozenset({"other-root", "unproved"})


async def take_checkpoint(node: Node, given: WitnessCheckpoint) -> Witnessed:
    """Judge what a log brings, after all that was brought before it.

    Raises:
        FormatError: no such request.
        VerificationError: our memory of the log is damaged, or a copy.
        OSError: a disk is full or failed.
    """
    resources = node.resources
    answer = await resources.db.run(
        _judge, resources, given.data, int(node.clocks.wall())
    )
    if answer.verdict in _LOUD:
        say(
            "witness-refused",
            answer.origin,
            level=logging.WARNING,
            origin=answer.origin,
            records=answer.size,
            reason=Sentence(f"witness.{answer.verdict}", origin=answer.origin),
        )
    return answer


def _judge(resources: Resources, data: bytes, now: int) -> Witnessed:
    origin = read_unverified(parse_offer(data).checkpoint).origin
    witness = resources.witness
    with resources.db.view() as view:
        is_mirrored = _is_mirrored(view, origin)
    if witness is None or is_mirrored:
        return Witnessed(origin, "unknown")
    return witness.judge(data, now)


def _is_mirrored(view: View, origin: str) -> bool:
    try:
        return logs.get_log(view, origin).checkpoint is not None
    except NotFoundError:
        return False


WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    WitnessCheckpoint: take_checkpoint
}
