"""Recompute everything from the leaves and compare: `federation doctor`.

Rule: read-only but for `mend`, offline, and nothing is trusted but the pinned identity
keys. Any difference is a finding, and any finding of level `error` makes the verdict
negative: a checker that ends well on damage is worse than none. Memory stays flat.

    examine     the examination: log by log, then map by map
    report      findings, and how much was looked at
    tree        bundles, tiles, roots, checkpoints, cosignatures, the guard
    judgement   every leaf admitted again: claims, quarantine, what our logs said
    merged_map  the merged map and its roll-ups made again beside, and compared
    official    what changed in KPU's figures: made again, and compared
    rows        what belongs to no log alone: written twice, signed by others
    photos      photographs: bytes where they are held, and what names them
    annexes     what is personal of reports, sealed: looked at, never opened
    incidents   reports of violations: which record speaks of which
    recaps      recapitulations: which record says which sums
    mend        what can be made whole from what was signed, made whole
"""

from federation.flows.doctor.examine import ExaminationInput, examine
from federation.flows.doctor.mend import mend
from federation.flows.doctor.report import DoctorFinding, DoctorReport

__all__ = ("DoctorFinding", "DoctorReport", "ExaminationInput", "examine", "mend")
