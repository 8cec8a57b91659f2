"""Whose votes stand below a header: a candidate's or a party's, by number or by name.

Rule: every word of the header is accounted for. Behind a number may stand the name of
who has it and words that say nothing (`suara`, `jumlah`); any other word may turn the
votes into something else (`Paslon 1 peringkat`, `01 saksi`, `01/02/2024`), and there is
no list of all such words. Where nobody is listed a name cannot be checked: then
`columns.py` sees that it differs from candidate to candidate, as a property does not.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PREFIX: Final = (
    r"(?:(?:total|jumlah|jml|perolehan|raihan)_)*(?:suara_|votes?_)?(?:sah_)?"
    r"(?:untuk_)?"
)
_WORD: Final = (
    r"pasangan_calon|pasangan|paslon|pas|calon_presiden|calon_gubernur|calon_bupati"
    r"|calon_wali_?kota|calon|capres|cagub|cabup|cawali|cawalkot|kandidat|candidates?"
    r"|cand"
)
_NUMBER: Final = r"(?:_?(?:nomor|nomer|no|urut))*_?([0-9]{1,9})"
_CANDIDATE: Final = re.compile(
    rf"{_PREFIX}(?:(?:{_WORD}){_NUMBER}|(?:suara|votes?){_NUMBER}|(0[1-9]))(?:_(.+))?"
)
# KPU's ids have six digits (2024: 100025) or seven (a Pilkada: 1000561). A shorter
# number is a year or a postcode, as well.
_KPU_ID: Final = re.compile(r"1[0-9]{5,6}")
_PARTY: Final = re.compile(
    r"(?:suara_)?part(?:ai|ies|y)_([0-9]{1,2})(?:_(partai|jumlah|caleg_([0-9]{1,9})))?"
)
# Which contest an office is the office of; in another one the header is not ours.
_OFFICES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("presiden", "capres", "cawapres", "pilpres"), "ppwp"),
    **dict.fromkeys(("gubernur", "cagub", "cawagub", "pilgub"), "pkwkp"),
    **dict.fromkeys(("bupati", "cabup", "cawabup", "pilbup"), "pkwkk"),
    **dict.fromkeys(("walikota", "cawali", "cawalkot", "pilwalkot"), "pkwkk"),
}
# What no candidate is called, for a contest of which nobody is listed.
_NO_NAME: Final = _words(
    "foto photo gambar image catatan keterangan ket link url file c1 persen persentase"
    " prosentase percent selisih status nama partai tidak tdk tak rusak saksi hadir ttd"
    " sirekap kpu beda qc koreksi sebelum sesudah peringkat rank dpt tahun jam tanggal"
    " januari februari maret april mei juni juli agustus september oktober november"
    " desember laki perempuan pria wanita"
)
_VAIN: Final = _words(
    "suara votes vote jumlah jml sah total perolehan calon paslon pasangan dan untuk"
    " no nomor urut wakil wali kota"
) | frozenset(_OFFICES)
_TITLES: Final = _words(
    "h hj k kh dr drs dra ir prof hc s e se sh mh m si sos ip mm msi ph d phd tgb jend"
    " jenderal letjen tni purn"
)


class Guess(NamedTuple):
    """What a header means: our `target`; or "" and why it is left out.

    `behind`: words behind a candidate's number that nobody could compare.
    """

    target: str
    why: str = ""
    behind: frozenset[str] = frozenset()


class HeaderNames(NamedTuple):
    """What the profile calls the candidates and parties of one contest.

    `ids`: other sources' ids → ours. `words`: our id → the words of the name, in
    lower case. `whole`: a whole name as a header would say it → our id. `is_open`:
    nobody is listed for the whole contest, so that a long number may be KPU's id.
    `contests`: those that a row may be of.
    """

    ids: Mapping[str, str]
    words: Mapping[str, frozenset[str]]
    whole: Mapping[str, str]
    is_open: bool = False
    contests: frozenset[str] = frozenset(_OFFICES.values())


class OtherCandidateError(Exception):
    """A header has one candidate's number and another one's name."""


NOTHING: Final = Guess("", "unknown")


def normalise(header: str) -> str:
    """The header as it is compared."""
    return re.sub(r"[^0-9a-z]+", "_", header.lower()).strip("_")


def find_party(name: str, names: HeaderNames) -> Guess:
    """The party's part that this normalised header is about, if it is."""
    if name in names.whole:
        return Guess(f"parties.{names.whole[name]}.jumlah")
    match = _PARTY.fullmatch(name)
    if match is None:
        return NOTHING
    part = f"caleg.{match[3]}" if match[3] else match[2] or "jumlah"
    return Guess(f"parties.{int(match[1])}.{part}")


def find_candidate(name: str, names: HeaderNames) -> Guess:
    """The candidate that this normalised header is about, if it is.

    Raises:
        OtherCandidateError: Its number and its name are not one candidate's.
    """
    if known := names.ids.get(name) or names.whole.get(name):
        return Guess(f"candidates.{known}")
    if names.is_open and _KPU_ID.fullmatch(name):
        return Guess(f"candidates.{name}")
    match = _CANDIDATE.fullmatch(name)
    if match is None:
        # Also a party's column, where the contest itself is still to be said.
        known = _named(name, names)
        return Guess(f"candidates.{known}") if known else find_party(name, names)
    contests = {_OFFICES[word] for word in _OFFICES.keys() & _split(name)}
    if contests and contests.isdisjoint(names.contests):
        return Guess("", "other-office")
    number = match[1] or match[2] or match[3]
    known = names.ids.get(number) or number.lstrip("0").zfill(2)
    # A year is no candidate, and who has such an id in a list is known by it.
    if len(known) > 2 and (names.words or not _KPU_ID.fullmatch(known)):
        return NOTHING
    behind = [word for word in _split(match[4] or "") if word not in _VAIN]
    return _see_behind(known, behind, names)


def _see_behind(known: str, behind: Sequence[str], names: HeaderNames) -> Guess:
    target = f"candidates.{known}"
    if not behind:
        return Guess(target)
    if not names.words:
        is_text = all(map(str.isalpha, behind)) and max(map(len, behind)) > 2
        is_name = is_text and _NO_NAME.isdisjoint(behind)
        return Guess(target, "", frozenset(behind)) if is_name else Guess("", "behind")
    held = names.words.get(known, frozenset())
    own = [at for at, word in enumerate(behind) if _is_of(word, held)]
    if own:
        # What stands between two words of a name is one of it, too.
        around = (*behind[: own[0]], *behind[own[-1] + 1 :])
        is_name = _TITLES.issuperset(around) and all(map(str.isalpha, behind))
        return Guess(target) if is_name else Guess("", "behind")
    others = (words for who, words in names.words.items() if who != known)
    if any(word in words for words in others for word in behind if len(word) > 2):
        raise OtherCandidateError
    return Guess("", "behind")


def _is_of(word: str, held: Collection[str]) -> bool:
    """Whether a word is one of a name, or a longer or shorter form (`Jokowi`)."""
    return word in held or any(
        min(len(name), len(word)) > 3
        and (word.startswith(name) or name.startswith(word))
        for name in held
    )


def _split(name: str) -> list[str]:
    return [word for word in name.replace("wali_kota", "walikota").split("_") if word]


def _named(name: str, names: HeaderNames) -> str:
    """The one candidate whose name has all these words."""
    words = frozenset(_split(name)) - _VAIN
    if not words or max(map(len, words)) < 4:
        return ""
    candidates = [who for who, held in names.words.items() if words <= held]
    return candidates[0] if len(candidates) == 1 else ""


def name_candidate(text: str, names: HeaderNames) -> str:
    """The one candidate that a cell can only mean by these words of a name; or ""."""
    name = normalise(text)
    return names.whole.get(name) or _named(name, names)
