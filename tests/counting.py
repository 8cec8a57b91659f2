"""Which tests count what they cover: of one with many cases, the first ones.

Counting makes a test take up to twice as long, and what its third case runs its first
two have run, but for a branch here and there. So as much as `make check` says is
covered, and perhaps more; each case is run, counted or not.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.waiting import COUNTED

_CASES: Final = 2


class Counting:
    """Hooks of pytest; where nothing is counted they do nothing."""

    def __init__(self) -> None:
        """Of this process, and of those it starts."""
        counter = sys.modules.get("coverage")
        self._counted = counter.Coverage.current() if counter else None
        self._rest: frozenset[str] = frozenset()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The same ones in each process: every one collects all, in one order."""
        cases: Counter[str] = Counter()
        rest = set()
        for item in items:
            name = item.nodeid.partition("[")[0]
            cases[name] += 1
            if cases[name] > _CASES:
                rest.add(item.nodeid)
        self._rest = frozenset(rest)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One test, with what is made for it and taken away behind it."""
        if self._counted is None or item.nodeid not in self._rest:
            return (yield)
        told = os.environ.pop(COUNTED, None)
        self._counted.stop()
        try:
            return (yield)
        finally:
            self._counted.start()
            if told is not None:
                os.environ[COUNTED] = told
