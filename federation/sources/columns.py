"""Which column of a table is what: named by the operator, else known by its header.

Rule: one column has one meaning, and one meaning one column. Two headers that could
both be it (`sah` and `suara_sah`), or two columns of one name, are an error that names
both: choosing would publish figures from the wrong one.

A header is compared in lower case, its punctuation as `_`: `Suara Sah` = `suara_sah`.
"""

import re
from collections.abc import Mapping, Sequence

from federation.errors import FormatError
from federation.records.result import FIGURES
from federation.sources.mapping import TEXTS
from federation.sources.row import clip

_KNOWN: dict[str, str] = {
    name: target
    for target, names in {
        "tps": "tps kode kode_tps kodetps id_tps tps_id tps_code kode_lengkap",
        "kelurahan": "kelurahan_id kode_kelurahan kode_kel kode_desa kel_id desa_id"
        " kode_wilayah kelurahan_code kode_kelurahan_desa",
        "number": "no_tps nomor_tps tps_no tps_number no nomor number",
        "figures.suara_sah": "sah valid valid_votes jumlah_suara_sah",
        "figures.suara_tidak_sah": "tidak_sah rusak invalid invalid_votes tak_sah"
        " jumlah_suara_tidak_sah",
        "figures.suara_total": "total total_suara total_votes jumlah_suara",
        "figures.pemilih_dpt_j": "dpt jumlah_dpt pemilih_dpt",
        "figures.pengguna_total_j": "pengguna pengguna_hak_pilih pengguna_total",
        "observed_at": "waktu diunggah ts time timestamp uploaded_at waktu_unggah",
        "contest": "pemilihan jenis_pemilihan",
        "round": "putaran psu",
        "form": "formulir",
        "source": "sumber",
        "revision": "revisi versi version",
        "note": "catatan keterangan",
        "evidence.sha256": "sha256",
        "evidence.media_type": "media_type",
        "evidence.size": "size",
        "evidence.page": "page",
    }.items()
    for name in names.split()
}
_KNOWN.update({f"figures_{name}": f"figures.{name}" for name in FIGURES})
_KNOWN.update({name: f"figures.{name}" for name in FIGURES})
_KNOWN.update({name: name for name in TEXTS})

_CANDIDATE = re.compile(
    r"(?:suara_|votes_)?(?:pasangan_calon|paslon|pas|calon|kandidat|candidates?|cand)"
    r"_?([0-9]{1,9})|(0[1-9])"
)
_PARTY = re.compile(
    r"(?:suara_)?part(?:ai|ies|y)_([0-9]{1,2})(?:_(partai|jumlah|caleg_([0-9]{1,9})))?"
)


def read_header(
    cells: Sequence[str], named: Mapping[str, str], aliases: Mapping[str, str]
) -> dict[str, int]:
    """Our member → the number of its column, from 0.

    Args:
        cells: The first row of the table.
        named: Our member → its header there, or `#n` (from 1), as the operator says.
        aliases: Headers that are candidates' ids in the profile (`100025` → `01`).

    Raises:
        FormatError: A named column is missing, or a meaning is there twice.
    """
    headers = [cell.strip() for cell in cells]
    found: dict[str, int] = {
        target: _find(target, name, headers) for target, name in named.items()
    }
    taken = set(found.values())
    guessed: dict[str, int] = {}
    for at, header in enumerate(headers):
        target = guess(header, aliases)
        if at in taken or target is None or target in found:
            continue
        if target in guessed:
            other = headers[guessed[target]]
            raise FormatError(
                f"columns {guessed[target] + 1} {clip(other)} and {at + 1}"
                f" {clip(header)} could both be {target}: say --map {target}=…",
                "row 1",
            )
        guessed[target] = at
    found.update(guessed)
    return _settle_place(found, named, headers)


def _find(target: str, name: str, headers: Sequence[str]) -> int:
    if re.fullmatch(r"#[1-9][0-9]{0,3}", name) and name not in headers:
        if int(name[1:]) > len(headers):
            raise FormatError(f"{target}: there is no column {name}", "row 1")
        return int(name[1:]) - 1
    at = [n for n, header in enumerate(headers) if header == name.strip()]
    if len(at) == 1:
        return at[0]
    if at:
        raise FormatError(
            f"{target}: columns {at[0] + 1} and {at[1] + 1} are both {clip(name)};"
            f" say #{at[0] + 1} or #{at[1] + 1}",
            "row 1",
        )
    raise FormatError(
        f"{target}: there is no column {clip(name)}; there are "
        + ", ".join(clip(h) for h in headers[:20]),
        "row 1",
    )


def guess(header: str, aliases: Mapping[str, str]) -> str | None:
    """What a header means to us, if it is one that is known."""
    name = re.sub(r"[^0-9a-z]+", "_", header.lower()).strip("_")
    if name in _KNOWN:
        return _KNOWN[name]
    if name in aliases:
        return f"candidates.{aliases[name]}"
    match = _CANDIDATE.fullmatch(name)
    if match:
        number = match[1] or match[2]
        return f"candidates.{aliases.get(number) or number.zfill(2)}"
    match = _PARTY.fullmatch(name)
    if match:
        part = f"caleg.{match[3]}" if match[3] else match[2] or "jumlah"
        return f"parties.{int(match[1])}.{part}"
    return None


def _settle_place(
    found: dict[str, int], named: Mapping[str, str], headers: Sequence[str]
) -> dict[str, int]:
    # A column called just `tps` beside a kelurahan's code is the station's number.
    number = found.get("tps") if "tps" not in named else None
    if number is not None and "kelurahan" in found and headers[number].lower() == "tps":
        found.setdefault("number", found.pop("tps"))
    if "tps" in found:
        found.pop("kelurahan", None)
        found.pop("number", None)
    elif not {"kelurahan", "number"} <= found.keys():
        raise FormatError(
            "no column with TPS codes is known by its header: say --map tps=… or"
            " --map kelurahan=… and --map number=…",
            "row 1",
        )
    return found
