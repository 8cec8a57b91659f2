"""The form that an editor fills in: its fields, and what was typed into them.

Rule: the fields are those of the paper, grouped as on it (C.Hasil), those who stand in
the order of the ballot; of a contest of parties each party's sum, and its own votes and
those of its candidates if somebody wants to type them. Empty is not read, 0 is zero.
What is no number is told of its field; sums that do not hold are no mistake of a field
(`records/result.py`).

    c.01          votes of a candidate      p.1.jumlah, p.1.partai     of a party
    f.suara_sah   a figure                  p.1.caleg.3                of its third
    form          which form it is
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from federation.records.profile import PARTY_CONTESTS, Profile
from federation.records.result import FIGURES
from federation.records.tps import TpsId

TypedNumbers: TypeAlias = dict[str, int]

MAX_VOTES: Final = 999_999
FORMS: Final = ("plano", "salinan", "unknown")
# Where nobody is listed, so many rows of ballot numbers are offered.
_UNLISTED: Final[Mapping[str, int]] = {"pdpd": 60, "pkwkp": 12, "pkwkk": 12, "ppwp": 6}
_UNLISTED_PARTIES: Final = 24
# A party has as many candidates as a district has seats: at most 10 for the DPR, 12 for
# a DPRD (UU 7/2017, articles 187, 189, 192, 244); those of Aceh a fifth more.
_CALEG: Final[Mapping[str, int]] = {"pdpr": 10}
_CALEG_ELSE: Final = 15
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_SEXES: Final = ("l", "p", "j")

#: Figures by the part of the paper they stand in: one row each, one or three cells.
PARTS: Final[tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]] = (
    ("total", (("suara_sah",), ("suara_tidak_sah",), ("suara_total",))),
    ("voters", (tuple(f"pemilih_dpt_{sex}" for sex in _SEXES),)),
    (
        "users",
        tuple(
            tuple(f"pengguna_{group}_{sex}" for sex in _SEXES)
            for group in ("dpt", "dptb", "dpk", "total")
        ),
    ),
    (
        "ballots",
        tuple(
            (f"surat_suara_{what}",)
            for what in ("diterima", "digunakan", "dikembalikan", "sisa")
        ),
    ),
    ("disabled", (tuple(f"disabilitas_{sex}" for sex in _SEXES),)),
)


class VoteRow(NamedTuple):
    """Who stands there: number, name ("" where nobody is listed), names of fields.

    `own`: the field of a party's own votes, "" of a candidate; `caleg`: those of its
    candidates', by their number in the party.
    """

    number: str
    name: str
    field: str
    own: str = ""
    caleg: Mapping[str, str] = {}


class PaperForm(NamedTuple):
    """What there is to be filled in, for one contest at one station."""

    votes: tuple[VoteRow, ...]
    is_of_parties: bool

    @property
    def fields(self) -> list[str]:
        """The name of every field for a number."""
        votes = [
            name
            for row in self.votes
            for name in (row.field, row.own, *row.caleg.values())
            if name
        ]
        return [*votes, *(f"f.{figure}" for figure in FIGURES)]


class TypedForm(NamedTuple):
    """What was typed: members of a result, and the fields that hold no number."""

    members: dict[str, Any]
    bad: tuple[str, ...]


def paper_form(profile: Profile, contest: str, tps: TpsId) -> PaperForm:
    """The form of this contest at this station."""
    is_party = contest in PARTY_CONTESTS
    listed = profile.place(contest, tps).roster.listed
    names = {number: candidate.name for number, candidate in listed.items()}
    if not names:
        count = _UNLISTED_PARTIES if is_party else _UNLISTED.get(contest, 12)
        width = 1 if is_party else 2
        names = {f"{number:0{width}}": "" for number in range(1, count + 1)}
    most = _CALEG.get(contest, _CALEG_ELSE)
    rows = [
        _party_row(number, name, most)
        if is_party
        else VoteRow(number, name, f"c.{number}")
        for number, name in sorted(names.items(), key=lambda one: _ballot_order(one[0]))
    ]
    return PaperForm(tuple(rows), is_party)


def _party_row(number: str, name: str, most: int) -> VoteRow:
    at = f"p.{number}"
    caleg = {str(n): f"{at}.caleg.{n}" for n in range(1, most + 1)}
    return VoteRow(number, name, f"{at}.jumlah", f"{at}.partai", caleg)


def _ballot_order(number: str) -> tuple[int, str]:
    return len(number), number


def read_typed(form: PaperForm, given: Mapping[str, str]) -> TypedForm:
    """What was typed into the fields of this form; what is no field of it is nothing.

    `members` has `candidates`, `parties` and `figures` where there is any number of
    them, and `form` where it is one of FORMS.
    """
    typed: TypedNumbers = {}
    bad = []
    for name in form.fields:
        text = "".join(given.get(name, "").split())
        if not text:
            continue
        if _NUMBER.fullmatch(text):
            typed[name] = int(text)
        else:
            bad.append(name)
    blocks = {
        "candidates": {n[2:]: v for n, v in typed.items() if n.startswith("c.")},
        "figures": {n[2:]: v for n, v in typed.items() if n.startswith("f.")},
        "parties": dict(_parties(form, typed)),
    }
    members: dict[str, Any] = {name: found for name, found in blocks.items() if found}
    if given.get("form") in FORMS:
        members["form"] = given["form"]
    return TypedForm(members, tuple(bad))


def _parties(
    form: PaperForm, typed: TypedNumbers
) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in form.votes if form.is_of_parties else ():
        fields = (("jumlah", row.field), ("partai", row.own))
        party: dict[str, Any] = {
            member: typed[name] for member, name in fields if name in typed
        }
        caleg = {n: typed[name] for n, name in row.caleg.items() if name in typed}
        if caleg:
            party["caleg"] = caleg
        if party:
            yield row.number, party


def fill_in(members: Mapping[str, Any]) -> dict[str, str]:
    """The fields as they are typed for these members of a result."""
    typed = {f"c.{n}": v for n, v in members.get("candidates", {}).items()}
    typed |= {f"f.{n}": v for n, v in members.get("figures", {}).items()}
    for number, party in members.get("parties", {}).items():
        for member in ("jumlah", "partai"):
            if member in party:
                typed[f"p.{number}.{member}"] = party[member]
        for caleg, votes in party.get("caleg", {}).items():
            typed[f"p.{number}.caleg.{caleg}"] = votes
    return {name: str(value) for name, value in typed.items()}
