"""Recapitulations of a whole election, with breaks planted at random levels.

One organisation's results (the copies of 2019) and the documents of every kecamatan,
kabupaten, province and of the nation, added up by plain Python. Stations that nobody
has a result of got votes, too, as they had: their sums are in the documents. Then, by a
seed, figures are changed at random levels and carried up rightly, and
`federation recap` is asked where something begins.

A change is one that can be seen: at a kecamatan with missing stations it takes away
more than these had. What must come out is exactly what was planted: each at its region
and for its candidate, and nothing else.
"""

import csv
import gzip
import io
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.node import Node
from tests.bench.report import Figure, shown

ELECTION: Final = "pilpres-2019"
CANDIDATES: Final = ("01", "02")
LEVELS: Final = {0: "nation", 2: "province", 4: "kabupaten", 6: "kecamatan"}
FILES: Final = ("register", "b-salinan")
_MOST_CHANGED: Final = 2_000
Sums = dict[str, Counter[str]]


class PlantedBreak(NamedTuple):
    """A figure that was changed where it was added up; `region` "" is the nation."""

    region: str
    candidate: str
    change: int


class Documents(NamedTuple):
    """What the documents say, and what no station's result says of it."""

    sums: Sums
    unseen: Sums


class RecapBench:
    """One run over the files of `data`."""

    def __init__(
        self,
        folder: Path,
        data: Path,
        stem: str,
        say: Callable[[str], None],
        breaks: int = 200,
        seed: int = 20_190_417,
    ) -> None:
        """`stem`: `nation` or `sample`; `say` is told what is being done."""
        self._folder, self._say = folder, say
        self._register = find_file(data, stem, "register")
        self._results = find_file(data, stem, "b-salinan")
        self._breaks, self._random = breaks, random.Random(seed)
        self.planted: list[PlantedBreak] = []
        self.found: list[PlantedBreak] = []

    @staticmethod
    def is_complete(data: Path, stem: str) -> bool:
        """Whether the files of this stem are there."""
        return all(find_file(data, stem, name).is_file() for name in FILES)

    def run(self) -> list[Figure]:
        """All figures; `planted` and `found` say what was and what was named."""
        node = Node("jagasuara.example", self._folder / "home", ELECTION)
        self._say("the list of stations")
        node.command("tps-list", "import", str(self._register))
        self._say("the results")
        said = node.command("import", str(self._results), "--form", "salinan")
        self._say("adding up")
        documents = self._add_up()
        self._plant(documents)
        table = self._folder / "d-hasil.csv"
        table.write_text(format_table(documents.sums))
        self._say(f"{len(documents.sums):,} documents")
        began = time.monotonic()
        taken = node.command("import", str(table))["rows"]["logged"]
        imported = time.monotonic() - began
        assert taken == len(documents.sums), "every document is taken"
        began = time.monotonic()
        words = ("recap", "nation", "--first", "--limit", "1000000")
        answer = node.command(*words)
        compared = time.monotonic() - began
        self.found = list(read_breaks(answer))
        return self._figures(said, taken, imported, compared, answer)

    def _add_up(self) -> Documents:
        seen: dict[str, tuple[int, ...]] = dict(read_results(self._results))
        sums = defaultdict[str, Counter[str]](Counter)
        unseen = defaultdict[str, Counter[str]](Counter)
        for tps, voters in read_register(self._register):
            votes = seen.get(tps)
            is_unseen = votes is None
            if votes is None:
                came = round(voters * 0.8)
                first = self._random.randint(0, came)
                votes = first, came - first
            for code in (tps[:2], tps[:4], tps[:6], ""):
                for who, count in zip(CANDIDATES, votes, strict=True):
                    sums[code][who] += count
                    if is_unseen:
                        unseen[code][who] += count
        return Documents(sums, unseen)

    def _plant(self, documents: Documents) -> None:
        by_level: dict[int, list[str]] = {length: [] for length in LEVELS}
        for code in sorted(documents.sums):
            by_level[len(code)].append(code)
        for codes in by_level.values():
            self._random.shuffle(codes)
        while len(self.planted) < self._breaks:
            codes = by_level[self._random.choice([n for n in LEVELS if by_level[n]])]
            planted = self._choose(codes.pop(), documents)
            if planted is None:
                continue
            self.planted.append(planted)
            region, who, change = planted
            while True:  # whoever adds up later does so rightly
                documents.sums[region][who] += change
                if not region:
                    break
                region = region[:-2]

    def _choose(self, region: str, documents: Documents) -> PlantedBreak | None:
        who = self._random.choice(CANDIDATES)
        change = self._random.choice((-1, 1)) * self._random.randint(1, _MOST_CHANGED)
        if len(region) == 6 and documents.unseen[region].total():
            change = -abs(change) - documents.unseen[region][who]
        if documents.sums[region][who] + change < 0:
            return None
        return PlantedBreak(region, who, change)

    def _figures(
        self,
        said: Any,
        taken: int,
        imported: float,
        compared: float,
        answer: Any,
    ) -> list[Figure]:
        planted, found = set(self.planted), {*self.found}
        at_level = Counter(LEVELS[len(one.region)] for one in self.planted)
        named = {(one.region, one.candidate) for one in found}
        hit = sum((one.region, one.candidate) in named for one in planted)
        others = len(named - {(one.region, one.candidate) for one in planted})
        counts = answer["counts"]
        verdicts = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        levels = ", ".join(f"{n} {name}" for name, n in at_level.items())
        return [
            shown("results of stations", said["rows"]["logged"], "records"),
            shown("documents", taken, "records", f"{taken / imported:,.0f} a second"),
            shown("breaks planted", len(planted), "", levels),
            shown("named at their region, for their candidate", hit, ""),
            shown("named besides", others, ""),
            shown("`federation recap nation --first`", compared, "s", verdicts),
        ]


def find_file(data: Path, stem: str, name: str) -> Path:
    """A file of the data, packed or not."""
    plain = data / f"{stem}-{name}.csv"
    return plain if plain.exists() else data / f"{stem}-{name}.csv.gz"


def _open(path: Path) -> io.TextIOBase:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")  # type: ignore[return-value]
    return path.open(encoding="utf-8")  # type: ignore[return-value]


def read_register(path: Path) -> Iterator[tuple[str, int]]:
    """Every station and how many may vote there; 0 where that is not said."""
    with _open(path) as lines:
        for row in csv.DictReader(lines):
            voters = sum(int(row[name] or 0) for name in ("dpt_l", "dpt_p"))
            yield row["kode_tps"], voters


def read_results(path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """The votes of each station of which both candidates' were read."""
    with _open(path) as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            votes = row["Pas 1"], row["Pas 2"]
            if all(votes):
                yield row["Kode TPS"], (int(votes[0]), int(votes[1]))


def format_table(sums: Sums) -> str:
    """The documents as an organisation's table of D.Hasil."""
    lines = ["wilayah;form;01;02"]
    for region, votes in sorted(sums.items()):
        cells = (str(votes[who]) for who in CANDIDATES)
        lines.append(";".join((region or "0", "D.Hasil", *cells)))
    return "\n".join(lines) + "\n"


def read_breaks(answer: Any) -> Iterator[PlantedBreak]:
    """What `federation recap --first --json` says is broken, by candidate."""
    for document in answer["documents"]:
        for row in document["sums"]:
            if row["verdict"] == "broken":
                region = document["region"]["code"]
                yield PlantedBreak(region, row["candidate"], row["difference"])
