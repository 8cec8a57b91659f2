"""How busy the machine is with what is not ours, while something is measured."""

import os
import time
from pathlib import Path

from tests.bench.node import cpu_seconds, family


class Busy:
    """From when it is made: the load before, and what others use meanwhile."""

    def __init__(self) -> None:
        self.load = os.getloadavg()[0]
        self._began = time.monotonic(), _not_idle_s(), ours_s()

    def others(self) -> float:
        """How many processors others kept busy since, on average."""
        began, busy, ours = self._began
        others = _not_idle_s() - busy - (ours_s() - ours)
        return max(0.0, others / (time.monotonic() - began))


def ours_s() -> float:
    """Processor seconds of this process, and of all that it started."""
    return sum(map(cpu_seconds, family(os.getpid())))


def _not_idle_s() -> float:
    """Processor seconds of the machine that were not idle, since it started."""
    told = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, soft, steal = map(int, told)
    ticks = user + nice + system + irq + soft + steal
    return ticks / os.sysconf("SC_CLK_TCK")
