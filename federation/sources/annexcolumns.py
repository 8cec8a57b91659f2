"""Who reported it, and where exactly: columns of a table that are for the annex alone.

Rule: nothing of these goes into a report. A column is one of them where its header is
one that people give it, or where the operator says so; a column of the report itself is
none. What cannot be read as a position is told as it stands, in the notes.

    reporter.name   reporter.address   reporter.contact      pelapor, alamat_pelapor, …
    accused.name    accused.address    accused.about         terlapor, …
    witness.name    witness.contact                          nama_saksi, …
    position.lat    position.lon       notes                 Ushahidi's `Lokasi.lat`,
                                                             KoboToolbox's `_x_latitude`

Source: docs/reference/annex.md
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from federation.errors import ConfigError
from federation.sources.row import clip
from federation.text import Sentence

_NAMES: Final[Mapping[str, str]] = {
    word: member
    for member, words in {
        "reporter.name": "pelapor nama_pelapor pelapor/nama reporter reporter_name",
        "reporter.address": "alamat_pelapor pelapor/alamat reporter_address",
        "reporter.contact": "kontak_pelapor pelapor/kontak telepon_pelapor"
        " pelapor/telepon hp_pelapor pelapor/hp surel_pelapor email_pelapor"
        " reporter_contact contact",
        "accused.name": "terlapor nama_terlapor accused accused_name",
        "accused.address": "alamat_terlapor accused_address",
        "accused.about": "jabatan_terlapor accused_about",
        "witness.name": "nama_saksi witness witness_name",
        "witness.contact": "kontak_saksi telepon_saksi hp_saksi witness_contact",
        "position.lat": "lat latitude lintang",
        "position.lon": "lon lng long longitude bujur",
        "notes": "catatan_rahasia",
    }.items()
    for word in words.split()
}
MEMBERS: Final = frozenset(_NAMES.values())
_KOBO: Final = re.compile(r"_.{1,200}_(latitude|longitude)$")
_USHAHIDI: Final = re.compile(r".{1,200}\.(lat|lon)$")


class AnnexColumns:
    """What columns of one file say that is for the annex."""

    def __init__(
        self, headers: Iterable[str], named: Mapping[str, str], read: Iterable[str]
    ) -> None:
        """Say what each of these headers means.

        Args:
            headers: As they stand in the file.
            named: What the operator says: our member → their header.
            read: The headers that the report itself is read from.

        Raises:
            ConfigError: it names a member or a header that there is not.
        """
        given = list(dict.fromkeys(headers))
        for member, header in named.items():
            if member not in MEMBERS:
                known = ", ".join(sorted(MEMBERS))
                why = Sentence("annex.column-member", name=clip(member), names=known)
                raise ConfigError("--annex", member, why)
            if header not in given:
                why = Sentence("incidents.map-header", name=clip(header))
                raise ConfigError("--annex", member, why)
        taken = {*read, *named.values()}
        #: Their headers, each with what it means; several may mean one thing.
        self.member_of: dict[str, str] = {
            header: member
            for header in given
            if header not in taken and (member := _guess(header)) not in {"", *named}
        }
        self.member_of |= {header: member for member, header in named.items()}

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The annex that a row gives, as JSON has it; {}: it gives none."""
        said: dict[str, str] = {}
        for header, member in self.member_of.items():
            value = row.get(header)
            text = "" if value is None else str(value).strip()
            if text:
                said[member] = f"{said[member]}, {text}" if member in said else text
        accused, witness = _person(said, "accused"), _person(said, "witness")
        position = _position(said)
        is_read = isinstance(position, dict)
        notes = [said.get("notes", ""), "" if is_read else position]
        annex = {
            "reporter": _person(said, "reporter"),
            "accused": [accused] if accused else [],
            "witnesses": [witness] if witness else [],
            "position": position if is_read else None,
            "notes": "\n".join(str(note) for note in notes if note),
        }
        return {name: value for name, value in annex.items() if value}


def _guess(header: str) -> str:
    if found := _KOBO.match(header) or _USHAHIDI.match(header):
        return f"position.{found[1][:3]}"
    parts = header.strip().lower().replace(" ", "_").split("/")
    # A question of KoboToolbox says with its group what it asks.
    return _NAMES.get("/".join(parts[-2:])) or _NAMES.get(parts[-1], "")


def _person(said: Mapping[str, str], who: str) -> dict[str, str]:
    person = {
        member.rpartition(".")[2]: text
        for member, text in said.items()
        if member.startswith(f"{who}.")
    }
    # Who gave a number only is somebody without a name.
    return {"name": "-", **person} if person else {}


def _position(said: Mapping[str, str]) -> dict[str, float] | str:
    """Two numbers of the earth; else what was written; "": nothing was."""
    written = {name: said.get(f"position.{name}", "") for name in ("lat", "lon")}
    if not any(written.values()):
        return ""
    try:
        lat, lon = (float(text.replace(",", ".")) for text in written.values())
    except ValueError:
        lat = lon = float("nan")
    if -90 <= lat <= 90 and -180 <= lon <= 180:
        return {"lat": lat, "lon": lon}
    return f"position: {written['lat']} {written['lon']}".strip()
