"""What a companion key costs: bytes of a checkpoint, time to sign and to open one."""

import statistics
import time
from collections.abc import Callable

from federation.tlog.checkpoint import (
    Checkpoint,
    CompanionKey,
    open_checkpoint,
    sign_checkpoint,
)
from federation.tlog.keys import ALG_ML_DSA_44, Signer
from tests.bench.report import Figure, shown

ORIGIN = "jagasuara.example/pemilu-2024"
TIMES = 200


def measure() -> list[Figure]:
    """A checkpoint by the one kind of key, and by both."""
    companion = Signer.from_seed(ORIGIN, bytes(32), ALG_ML_DSA_44)
    return [*_measure("Ed25519", None), *_measure("and ML-DSA-44", companion)]


def _measure(name: str, companion: Signer | None) -> list[Figure]:
    log = Signer.from_seed(ORIGIN, bytes(32))
    checkpoint = Checkpoint(ORIGIN, 820_161, bytes(range(32)))
    asked = None if companion is None else CompanionKey(companion.key, 0)
    note = sign_checkpoint(checkpoint, log, companion)
    sign = _median_us(lambda: sign_checkpoint(checkpoint, log, companion))
    opened = _median_us(lambda: open_checkpoint(note, log.key, asked))
    of = f"median of {TIMES}"
    return [
        shown(f"{name}: a checkpoint", len(note), "bytes"),
        shown(f"{name}: to sign it", sign, "µs", of),
        shown(f"{name}: to open it", opened, "µs", of),
    ]


def _median_us(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6
