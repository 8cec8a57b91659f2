"""The merged map follows the logs: claims -> rows and roll-ups, in batches.

Rule: each batch is one transaction that moves the cursor, so the map is always exactly
what the leaves below the vector say, whatever the order in which anything came, was
interrupted or was made again. A batch takes claims of every log that is ahead of the
map, sorted by station: one look-up and one write per station, one addition per region.

    once      one batch of each election: the transaction that moves the cursor
    plan      what is ahead of the map, and whether the map must be made again
    follow    the next claims of one log
    batch     those claims applied: slots -> rows -> differences of the counters
    parts     the batch's parts, done here or in the processes that verify
    files     one file at two stations: the only thing that ties stations together
    places    where the records of those claims stand, by their ids
    changed   a figure that changed after others held it: told to the operator
    official  what changed in KPU's figures, behind the rows of the map
    regions   differences of the counters, added up for all regions

Source: docs/explanation/merging.md
"""

from federation.flows.merge.official import follow_official, make_official
from federation.flows.merge.once import BATCH, BATCH_BESIDE, merge_once
from federation.flows.merge.parts import PartMerger

__all__ = [
    "BATCH",
    "BATCH_BESIDE",
    "PartMerger",
    "follow_official",
    "make_official",
    "merge_once",
]
