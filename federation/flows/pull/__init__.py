"""Pull: take in what one peer has, in one turn.

Rule: whatever the feed hands over is verified here before it is stored; a mismatch
blames the feed, an origin is frozen on proof alone, and one bad log, leaf or bundle
stops nothing else. The whole turn, and where its parts stand:

    turn       the status vector, each log in it compared, the report
    chain      the keys of a log, opened with the pinned identity, only ever longer
    rejudge    what is held, by a newer key statement or a newer program
    setapart   what its owner has set apart, by revoking the key that signed it
    onelog     one log in one turn: its keys, its checkpoint, its leaves
    shown      what a peer showed, beside what came from others
    times      how many logs of one organisation may wait for a time
    extend     a larger tree: prefix proved, then bundles, committed in steps
    announced  what a larger tree says of companion keys, before it is stored
    forks      what a peer has proved of a log
    context    what a turn is given, and what it reports
    basis      what a partner says of its maps
    alarms     what an operator is told of a turn
    room       what a turn may bring, and a partner may take of us

Source: docs/reference/protocol.md, "Pulling"
"""

from federation.flows.pull.context import (
    HandedSource,
    OwnCopy,
    PullContext,
    PulledLog,
    PullReport,
    Taking,
)
from federation.flows.pull.forks import import_forks
from federation.flows.pull.room import Budget
from federation.flows.pull.turn import pull, pull_files

__all__ = [
    "Budget",
    "HandedSource",
    "OwnCopy",
    "PullContext",
    "PullReport",
    "PulledLog",
    "Taking",
    "import_forks",
    "pull",
    "pull_files",
]
