"""How much two reports look as if they were of one thing: why, and how sure.

Rule: it proposes and joins nothing. That two reports are of one thing is said by people
and signed (`incidentmerge`). Every point of the sure has a name, so that whoever is
asked sees what speaks for it and what against.

    place      the same station; the region of one has the other in it; or next door
    time       how far apart it happened
    category   the same, or another
    words      how much of the shorter text stands in the other, too
    numbers    each says some that the other does not: another sum, another candidate
    photos     the same file, or one that looks alike

Two that happened in two kecamatan, or further than a week apart, are not compared.

Who wrote both reports is no argument: an organisation has duplicates of its own. What
the points are was measured (docs/reference/duplicates.md).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec import UNSET, Struct

from federation.records.incident import Incident

#: From so many points of 100 on two reports are proposed.
PROPOSED: Final = 60
#: Happened further apart, two reports are not compared.
MAX_DAYS: Final = 7

SAME_TPS: Final = 30
#: One is a region, and has the other in it; it is of so many digits.
IN_REGION: Final = (
    (10, "in_village", 24),
    (6, "in_kecamatan", 16),
    (4, "in_kabupaten", 4),
)
OTHER_TPS: Final = 5
OTHER_VILLAGE: Final = -15
TIME_POINTS: Final = (  # up to so many hours
    (3, "within_hours", 20),
    (14, "within_half_a_day", 12),
    (36, "within_a_day", 6),
    (24 * MAX_DAYS, "within_days", -20),
)
SAME_CATEGORY: Final = 12
OTHER_CATEGORY: Final = -4
#: As many as all words are worth, if the shorter text stands in the other.
WORD_POINTS: Final = 50
#: So many words at least make a text: two short ones are soon alike.
FEWEST_WORDS: Final = 6
OTHER_NUMBER: Final = -18
MOST_NUMBERS: Final = 3
SAME_FILE: Final = 60
ALIKE_PHOTO: Final = 45

_WORD: Final = re.compile(r"[0-9][0-9.]*|[^\W\d_]{2,}")
# Words that every report has; those of places are counted as the place.
_COMMON: Final = frozenset(
    _WORD.findall(
        "ada adalah agar akan antara atas atau bagi bahwa banyak baru beberapa"
        " belum berada bisa dalam dan dapat dari dengan di dia hal hanya hari"
        " ini itu jadi jam juga karena ke kepada ketika kita kami lain lagi lalu"
        " lebih masih mereka oleh orang pada para per pukul saat saja sampai"
        " sangat satu sebagai sebelum secara sedang sejak semua seorang sekitar"
        " seperti serta setelah sudah suatu tadi tanpa telah tentang terhadap"
        " terjadi terlihat tersebut tetapi tidak tps untuk wib wit wita yaitu"
        " yang desa kelurahan kecamatan laporan melaporkan"
    )
)
_BEFORE: Final = re.compile(r"^(?:meng|meny|mem|men|peng|pem|pen|ber|ter|di|me|pe|se)")
_BEHIND: Final = re.compile(r"(?:nya|kan|lah|an|i)$")
_SHORTEST: Final = 4


class LikenessReason(Struct, frozen=True):
    """Something that speaks for it, or with points below 0 against it."""

    reason: str
    points: int


class ReportLikeness(Struct, frozen=True, kw_only=True):
    """How sure, 0 to 100, and why: the weightiest first."""

    score: int
    reasons: tuple[LikenessReason, ...]


@dataclass(frozen=True, slots=True)
class ReportTraits:
    """What of a report is compared.

    Attributes:
        place: The code of its station or region.
        happened: Unix seconds.
        category: Of the record.
        words: The stems of what it says, without those that all reports have.
        files: SHA-256 of its files, in hex.
        likenesses: What its photos look like, as its organisation says.
    """

    place: str
    happened: float
    category: str
    words: frozenset[str]
    files: frozenset[str]
    likenesses: tuple[str, ...]


def traits_of(incident: Incident) -> ReportTraits:
    """What of this report is compared: once for each, however often it is."""
    said = incident.summary
    if incident.description is not UNSET:
        said += " " + incident.description
    evidence = () if incident.evidence is UNSET else incident.evidence
    return ReportTraits(
        place=incident.place,
        happened=datetime.fromisoformat(incident.happened_at).timestamp(),
        category=incident.category,
        words=words_of(said),
        files=frozenset(file.sha256 for file in evidence),
        likenesses=tuple(
            file.likeness for file in evidence if file.likeness is not UNSET
        ),
    )


def words_of(text: str) -> frozenset[str]:
    """The stems of the words that tell one thing from another; numbers without dots."""
    words = (word.replace(".", "") for word in _WORD.findall(text.lower()))
    return frozenset(_stem(word) for word in words if word not in _COMMON)


@lru_cache(maxsize=1 << 14)
def _stem(word: str) -> str:
    """Without what stands before and behind it, while enough of it is left."""
    for affix in (_BEHIND, _BEFORE):
        left = affix.sub("", word)
        if len(left) >= _SHORTEST:
            word = left
    return word


def compare_reports(
    one: ReportTraits,
    other: ReportTraits,
    is_alike: Callable[[str, str], bool],
) -> ReportLikeness:
    """How sure it is that both are of one thing; the order makes no difference.

    Args:
        one: A report.
        other: Another one.
        is_alike: Whether two photos look alike, by their likenesses.
    """
    place = _of_place(one.place, other.place)
    time = place and _of_time(abs(one.happened - other.happened) / 3600)
    if place is None or time is None:
        return ReportLikeness(score=0, reasons=())
    found = (
        place,
        time,
        _of_category(one.category, other.category),
        _of_words(one.words, other.words),
        _of_numbers(one.words, other.words),
        _of_photos(one, other, is_alike),
    )
    reasons = [reason for reason in found if reason is not None]
    score = sum(reason.points for reason in reasons)
    reasons.sort(key=lambda reason: (-abs(reason.points), reason.reason))
    return ReportLikeness(score=max(0, min(100, score)), reasons=tuple(reasons))


def _of_place(one: str, other: str) -> LikenessReason | None:
    """None where the two are further apart than a kecamatan, or nobody knows."""
    small, large = sorted((one, other), key=len)
    if large.startswith(small):
        if len(small) == 13:
            return LikenessReason("same_tps", SAME_TPS)
        for length, reason, points in IN_REGION:
            if len(small) == length:
                return LikenessReason(reason, points)
    elif len(small) >= 10:
        if small[:10] == large[:10]:
            return LikenessReason("other_tps", OTHER_TPS)
        if small[:6] == large[:6]:
            return LikenessReason("other_village", OTHER_VILLAGE)
    return None


def _of_time(hours: float) -> LikenessReason | None:
    for most, reason, points in TIME_POINTS:
        if hours <= most:
            return LikenessReason(reason, points)
    return None


def _of_category(one: str, other: str) -> LikenessReason:
    if one == other:
        return LikenessReason("same_category", SAME_CATEGORY)
    return LikenessReason("other_category", OTHER_CATEGORY)


def _of_words(one: frozenset[str], other: frozenset[str]) -> LikenessReason | None:
    shorter = max(FEWEST_WORDS, min(len(one), len(other)))
    points = round(WORD_POINTS * len(one & other) / shorter)
    return LikenessReason("words", points) if points else None


def _of_numbers(one: frozenset[str], other: frozenset[str]) -> LikenessReason | None:
    """Each says numbers that the other does not: another sum, another candidate."""
    alone = [
        sum(word[0].isdigit() for word in words) for words in (one - other, other - one)
    ]
    points = OTHER_NUMBER * min(*alone, MOST_NUMBERS)
    return LikenessReason("other_numbers", points) if points else None


def _of_photos(
    one: ReportTraits, other: ReportTraits, is_alike: Callable[[str, str], bool]
) -> LikenessReason | None:
    if not one.files.isdisjoint(other.files):
        return LikenessReason("same_file", SAME_FILE)
    if any(is_alike(a, b) for a in one.likenesses for b in other.likenesses):
        return LikenessReason("alike_photo", ALIKE_PHOTO)
    return None
