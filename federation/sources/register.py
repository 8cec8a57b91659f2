"""A register of polling stations, from a table or from ranges in JSON.

Rule: names and voters are shown to people, codes decide. A row whose code cannot be
read is refused by its number; a code that is there twice counts once, and is said. A
whole code decides alone; the kelurahan or the number beside it has to agree with it.

    kode_tps,provinsi,kabupaten,kecamatan,kelurahan,dpt_l,dpt_p
    1371011001001,SUMATERA BARAT,KOTA PADANG,PADANG SELATAN,BELAKANG PONDOK,102,105

    {"id2name": {"13": "SUMATERA BARAT", …}, "tps": {"1371011001": [4, 901, 902], …}}

In the second form `[3]` is 1 … 3, `[-26]` is number 26 alone, and `[4, 901, 905]` is
1 … 4 and 901 … 905: after the first number come pairs, first and last.

Overseas (`99`): lists in the second form number stations by city and kind (TPS, POS,
KSK) in ten characters that mean another city at KPU. They are left out, and this is
said, unless the operator says that the codes are KPU's; whole codes in a table are
taken as they are. Either way what KPU's numbering cannot have is refused. At home a
register knows better: codes that the known regions do not have are taken, and said.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from federation.errors import ConfigError, FormatError, RecordError
from federation.records.canonical import check_text
from federation.records.regions import Regions, why_impossible
from federation.records.register import Register
from federation.records.tps import OVERSEAS, TpsId, format_tps, is_overseas
from federation.sources.cell import is_blank, join_place, parse_count, parse_place
from federation.sources.csv import Cells, CsvTable
from federation.sources.json import decode_json
from federation.sources.numbered import normalise
from federation.sources.row import Bad, BadCell, Remark, clip
from federation.sources.stream import SourceFile
from federation.sources.workbook import Workbook
from federation.text import Sentence

MAX_NAME = 100
MAX_JSON_BYTES = 64 << 20  # the country's ranges are 3 MB

_COLUMNS: dict[str, str] = {
    name: ours
    for ours, names in {
        "tps": "tps kode_tps kode kodetps tps_id id_tps tps_code kode_lengkap",
        "kelurahan_code": "kode_kelurahan kelurahan_id kode_kel kel_id kode_desa"
        " desa_id kode_kelurahan_desa kode_desa_kelurahan kelurahan_code"
        " kode_wilayah",
        "number": "no_tps nomor_tps tps_no tps_number number",
        "2": "provinsi nama_provinsi province",
        "4": "kabupaten kabupaten_kota kabkota kab_kota kota nama_kabupaten regency",
        "6": "kecamatan nama_kecamatan district",
        "10": "kelurahan desa kelurahan_desa desa_kelurahan nama_kelurahan village",
        "dpt": "dpt dpt_j dpt_total total_dpt jumlah_dpt pemilih_dpt pemilih_dpt_j"
        " jumlah_pemilih voters",
        "dpt_l": "dpt_l dpt_laki_laki pemilih_dpt_l",
        "dpt_p": "dpt_p dpt_perempuan pemilih_dpt_p",
    }.items()
    for name in names.split()
}
_REGION = re.compile(r"[0-9A-Z]{2}([0-9A-Z]{2}([0-9]{2}([0-9]{4})?)?)?")
_NAMES = ("2", "4", "6", "10")


def read_register(
    source: SourceFile | Workbook,
    register: Register,
    columns: Mapping[str, str],
    *,
    regions: Regions | None = None,
    kpu_overseas: bool = False,
) -> Iterator[Bad | Remark]:
    """Fill `register` from `source`; what could not be taken comes back row by row.

    Args:
        source: A table, of a workbook, too, or ranges; which is recognised.
        register: Is added to.
        columns: Our column → its header there, over what is guessed; ours are
            tps, kelurahan_code, number, dpt, dpt_l, dpt_p, and 2, 4, 6, 10: the
            regions' names by the length of their code.
        regions: Of the election, if they are known.
        kpu_overseas: Codes of province 99 are KPU's own, in a list of ranges too.

    Raises:
        ConfigError: `columns` names a column that is not ours.
        FormatError: The file as a whole cannot be read.
    """

    def is_header(cells: Sequence[str]) -> bool:
        return _is_header(cells, columns)

    if isinstance(source, Workbook):
        source.find_header(is_header)
        known = _Known(regions, keeps_overseas=True)
        return _read_table(source, register, columns, known)
    head = source.peek().lstrip()
    if not head:
        raise FormatError(Sentence("file.empty"), source.label)
    if head.startswith(b"{"):
        known = _Known(regions, keeps_overseas=kpu_overseas)
        return _read_ranges(source, register, known)
    known = _Known(regions, keeps_overseas=True)
    table = CsvTable(source, is_header=is_header)
    return _read_table(table, register, columns, known)


def _read_table(
    table: CsvTable | Workbook,
    register: Register,
    columns: Mapping[str, str],
    known: "_Known",
) -> Iterator[Bad | Remark]:
    plan = _RegisterColumns(table.header, columns, table.header_row)
    for line in table.rows():
        if not isinstance(line, Cells):
            yield line
            continue
        try:
            tps = plan.read_place(line.cells)
            known.check(tps, plan.column)
            if not register.add(tps, plan.read_voters(line.cells)):
                yield Remark(line.row, "twice", Sentence("tps_list.twice", tps=tps))
            plan.read_names(register, tps, line.cells)
        except BadCell as bad:
            yield Bad(line.row, bad.code, bad.reason, bad.column)
    yield from known.remarks()


def _know(header: str) -> str:
    """Which of our columns a header is; "" if none."""
    return _COLUMNS.get(normalise(header), "")


def _is_header(cells: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether these are surely the headers of a register, and no title above them."""
    if columns and set(columns.values()) <= {cell.strip() for cell in cells}:
        return True
    known = {_know(cell) for cell in cells} - {""}
    return len(known) > 1 and bool(known & {"tps", "kelurahan_code"})


class _RegisterColumns:
    """Which column of the table is what."""

    def __init__(self, header: list[str], columns: Mapping[str, str], row: int) -> None:
        self._header = [name.strip() for name in header]
        self._at: dict[str, int] = {}
        where = Sentence("file.row", row=row)
        for ours, theirs in columns.items():
            if ours not in _COLUMNS.values():
                known = ", ".join(dict.fromkeys(_COLUMNS.values()))
                why = Sentence("tps_list.no-such", known=known)
                raise ConfigError("--map", ours, why)
            if self._header.count(theirs.strip()) != 1:
                name = clip(theirs)
                why = Sentence("tps_list.not-one", ours=ours, header=name)
                raise FormatError(why, where)
            self._at[ours] = self._header.index(theirs.strip())
        taken = set(self._at.values())
        for at, name in enumerate(self._header):
            ours = "" if at in taken else _know(name)
            if ours and ours not in columns and self._at.setdefault(ours, at) != at:
                names = {"first": clip(self._header[self._at[ours]]), "ours": ours}
                why = Sentence("tps_list.either", second=clip(name), **names)
                raise FormatError(why, where)
        if not ("tps" in self._at or {"kelurahan_code", "number"} <= self._at.keys()):
            raise FormatError(Sentence("tps_list.no-codes"), where)

    @property
    def column(self) -> str:
        """The header of the column with codes."""
        return self._header[self._at.get("kelurahan_code", self._at.get("tps", 0))]

    def read_place(self, cells: list[str]) -> TpsId:
        at, header = self._at, self._header
        if "kelurahan_code" not in at:
            tps = parse_place(cells[at["tps"]], header[at["tps"]])
        else:
            a, b = at["kelurahan_code"], at.get("tps", at.get("number", 0))
            tps = join_place(cells[a], cells[b], (header[a], header[b]))
        # The code decides; a number that contradicts it is a row gone wrong. Abroad it
        # is that of the TPS, POS or KSK, which the code does not hold.
        if "tps" in at and "number" in at and not is_overseas(tps):
            number = cells[at["number"]]
            if not is_blank(number):
                join_place(tps, number, (header[at["tps"]], header[at["number"]]))
        return tps

    def read_voters(self, cells: list[str]) -> int | None:
        """The voters: the total if it is said, else men and women together."""
        if "dpt" in self._at:
            return self._count(cells, "dpt")
        if "dpt_l" not in self._at or "dpt_p" not in self._at:
            return None
        men, women = self._count(cells, "dpt_l"), self._count(cells, "dpt_p")
        return None if men is None or women is None else men + women

    def _count(self, cells: list[str], ours: str) -> int | None:
        at = self._at[ours]
        return parse_count(cells[at], self._header[at])

    def read_names(self, register: Register, tps: TpsId, cells: list[str]) -> None:
        """Note the names of the station's regions, the first time each is met."""
        if tps[:10] in register.names:
            return
        for level in _NAMES:
            if level in self._at:
                at = self._at[level]
                _add_name(register, tps[: int(level)], cells[at], self._header[at])


def _add_name(register: Register, region: str, name: object, column: str) -> None:
    if region in register.names:
        return
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise BadCell("name", Sentence("tps_list.no-name", name=clip(name)), column)
    try:
        check_text(name, column)
    except RecordError as error:
        raise BadCell("name", error.rule, column) from error
    register.names[region] = name.strip()


def _read_ranges(
    source: SourceFile, register: Register, known: "_Known"
) -> Iterator[Bad | Remark]:
    villages, names = _open_ranges(source)
    for row, (village, ranges) in enumerate(villages.items(), start=1):
        try:
            pairs = _parse_ranges(ranges)
            if known.takes(village, pairs):
                _check_kelurahan(village)
                register.add_ranges(village, pairs)
        except BadCell as bad:
            reason = Sentence("row.of-document", code=clip(village), reason=bad.reason)
            yield Bad(row, bad.code, reason, bad.column)
    for region, name in names.items():
        if not known.keeps_overseas and region.startswith(OVERSEAS):
            continue
        if _REGION.fullmatch(region):
            try:
                _add_name(register, region, name, "id2name")
            except BadCell as bad:
                reason = Sentence(
                    "row.of-document", code=clip(region), reason=bad.reason
                )
                yield Bad(0, bad.code, reason, bad.column)
    yield from known.remarks()


def _open_ranges(source: SourceFile) -> tuple[dict[str, Any], dict[str, Any]]:
    """Villages with their ranges, and names by region."""
    why = Sentence("file.large", most=MAX_JSON_BYTES)
    document = decode_json(source.read_whole(MAX_JSON_BYTES, why))
    villages = document.get("tps") if isinstance(document, dict) else None
    names = document.get("id2name", {}) if isinstance(document, dict) else None
    if not isinstance(villages, dict) or not isinstance(names, dict):
        raise FormatError(Sentence("tps_list.no-ranges"), source.label)
    return villages, names


class _Known:
    """What the known regions say of a list's codes, and what was left out of it."""

    def __init__(self, regions: Regions | None, *, keeps_overseas: bool) -> None:
        self.keeps_overseas = keeps_overseas
        self._regions = regions
        self._left_out = Counter[str]()
        self._odd: dict[str, Sentence] = {}

    def takes(self, village: str, pairs: list[tuple[int, int]]) -> bool:
        """Whether a village's stations are taken.

        Raises:
            BadCell: it lies overseas, and cannot be KPU's.
        """
        if village.startswith(OVERSEAS) and not self.keeps_overseas:
            self._left_out["villages"] += 1
            self._left_out["stations"] += sum(b - a + 1 for a, b in pairs)
            return False
        self.check(village, "tps")
        return True

    def check(self, code: str, column: str) -> None:
        """Refuse an overseas code that cannot be KPU's; note an odd one at home.

        Raises:
            BadCell: the former.
        """
        if self._regions is None or self._regions.knows(code[:10]):
            return
        why = why_impossible(code, self._regions)
        if why is not None and code.startswith(OVERSEAS):
            raise BadCell("tps", why, column)
        if why is not None:
            self._odd.setdefault(code[:10], why)

    def remarks(self) -> Iterator[Remark]:
        """What a person should know."""
        if self._left_out:
            yield Remark(
                0, "overseas", Sentence("numbering.left-out", **self._left_out)
            )
        if self._odd:
            first = next(iter(self._odd.values()))
            why = Sentence("numbering.odd", count=len(self._odd), first=first)
            yield Remark(0, "regions", why)


def _check_kelurahan(village: str) -> None:
    try:
        format_tps(village, 1)
    except FormatError as error:
        raise BadCell("tps", error.what) from error


def _parse_ranges(ranges: object) -> list[tuple[int, int]]:
    if not isinstance(ranges, list) or not len(ranges) % 2 or len(ranges) > 199:
        raise BadCell("ranges", Sentence("tps_list.no-range", value=clip(ranges)))
    for number in ranges:
        if type(number) is not int or not 1 <= abs(number) <= 999:
            raise BadCell("ranges", Sentence("cell.number-not", value=clip(number)))
    start = ranges[0]
    pairs = [(1, start) if start > 0 else (-start, -start)]
    pairs += zip(ranges[1::2], ranges[2::2], strict=True)
    if any(not 0 < first <= last for first, last in pairs):
        raise BadCell("ranges", Sentence("tps_list.range-ends", value=clip(ranges)))
    return pairs
