"""What is asked of the arithmetic, each with what is assumed where nobody said."""

from typing import NamedTuple

#: Regions of the list of stations of 2024 at home, as `general.read_stations` counts.
PROVINCES, KABUPATEN, KECAMATAN, KELURAHAN = 38, 514, 7_277, 83_731
STATIONS = 820_161


class Tree(NamedTuple):
    """How many regions there are at each level, the nation being one."""

    provinces: int = PROVINCES
    kabupaten: int = KABUPATEN
    kecamatan: int = KECAMATAN
    kelurahan: int = KELURAHAN

    @classmethod
    def of(cls, stations: int) -> "Tree":
        """Those of so many stations that lie side by side; of more, all there are."""
        part = min(1.0, stations / STATIONS)
        return cls(*(max(1, round(number * part)) for number in cls()))


class Asked(NamedTuple):
    """The country and its night.

    Attributes:
        organisations: Each with a node; all of them partners of each other.
        stations: Polling stations.
        contests: Of each station.
        share: Of all forms, how many each organisation reads; 1: all, the most.
        hours: In which all of it comes, evenly.
        together: Stations of a kelurahan that are handed in at once; 1: from anywhere.
        photo_bytes: Of all organisations together, as the copies that are shared.
        photo_megapixels: Of one, as it was taken.
        readers: New ones a second; each opens one page of the map.
        stay_s: How long a page stays open.
        crowd_hours: So long so many come.
        edges: Caches that do not know of each other, among which readers are spread.
        put_ms: How long the store takes for one PUT.
        get_ms: How long a cache waits for the store.
        processors: Of each node.
        uplink_mbit: Of each node, each way.
        disk_gb: Of each node, for its database.
        cache_rate: Requests a second that one cache of one's own answers.
        tree: Regions.
    """

    organisations: int = 10
    stations: int = 824_000
    contests: int = 5
    share: float = 1.0
    hours: float = 12.0
    together: float = 1.0
    photo_bytes: float = 25e12
    photo_megapixels: float = 12.0
    readers: float = 100_000.0
    stay_s: float = 60.0
    crowd_hours: float = 4.0
    edges: int = 300
    put_ms: float = 30.0
    get_ms: float = 50.0
    processors: int = 8
    uplink_mbit: float = 1_000.0
    disk_gb: float = 500.0
    cache_rate: float = 20_000.0
    tree: Tree = Tree()

    @property
    def seconds(self) -> float:
        """Of the night."""
        return self.hours * 3600

    @property
    def own_records(self) -> float:
        """That one organisation signs."""
        return self.stations * self.contests * self.share

    @property
    def records(self) -> float:
        """That each node holds at last."""
        return self.own_records * self.organisations

    @property
    def visits_s(self) -> float:
        """Kelurahan a second of which an organisation hands in all it has together."""
        stations = self.stations * self.share * self.organisations
        return stations / self.together / self.seconds

    @property
    def photos(self) -> float:
        """One for each record, if there are any."""
        return self.records if self.photo_bytes else 0.0

    def check(self) -> None:
        """Refuse what has no meaning.

        Raises:
            ValueError: which of them.
        """
        for name, value in self._asdict().items():
            if name != "tree" and not (value > 0 or (value == 0 and name in _MAY_BE_0)):
                raise ValueError(f"{name} is {value}: above 0")
        if self.share > 1:
            raise ValueError(f"share is {self.share}: at most 1")


_MAY_BE_0 = {"photo_bytes", "readers", "stay_s", "crowd_hours"}
