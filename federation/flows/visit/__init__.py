"""A visit to a partner's node, step by step: `federation peers test`.

Rule: nothing is stored and nobody is blamed; what is asked is what any turn asks. Each
step is as far as one can get without the next, so that the first that fails says who
has to mend what.

    caller     what a visit is given, and what its steps find
    visit      the steps in their order
    network    address, name, connections, TLS
    identity   who answers: the about note, the key behind it, versions
    clock      their clock and ours
    heads      the logs that it shows, verified, beside our copies
    back       the way back: whether it knows, reads and reaches us
    reach      what it says of its turns with us
"""

from federation.flows.visit.identity import introduce
from federation.flows.visit.visit import CLOCK, WHO, try_steps, visit, with_feed

__all__ = ("CLOCK", "WHO", "introduce", "try_steps", "visit", "with_feed")
