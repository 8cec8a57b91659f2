"""A checkpoint that some log brings to us as its witness: of the web only."""

from federation.flows.witness import Witnessed
from federation.web.requests.request import Request


class WitnessCheckpoint(Request[Witnessed], frozen=True, kw_only=True):
    """What was sent, as it came; on no wire but that on which it came."""

    route = ""

    data: bytes
