"""Is this the photo? Files that somebody has, and the records that name them.

Rule: a file is a photo by its first bytes. It is hashed here, and opened in the child
that draws (`photos/redraw.py`) only, whose limits hold for it as for any other. Nothing
of it is sent anywhere. What the records of this node say was verified when they were
taken in; of anything else the audit says what holds (`flows/audit/mentions.py`).
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from federation.cli.context import Run
from federation.cli.output import Output, clean_line
from federation.errors import ConfigError, PhotoError
from federation.flows.audit import (
    PhotoMention,
    PhotoSearch,
    PhotoVerdict,
    SoughtPhoto,
)
from federation.flows.photos.alike import find_like
from federation.photos.kind import kind_of
from federation.photos.redraw import MOST_ORIGINAL_BYTES, Redrawer
from federation.records.readers import THIS_MACHINE
from federation.store.evidence import NamedEvidence, find_evidence
from federation.store.originals import find_copy
from federation.store.view import View

_HEAD: Final = 1024
_MAX_SHOWN: Final = 20


class GivenPhoto(NamedTuple):
    """A file that was asked about; `why`: what it looks like is not known, because."""

    name: str
    sha256: str
    sought: SoughtPhoto
    why: str


def split_photos(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Which of these are photos, and the others, in their order."""
    photos: list[str] = []
    others: list[str] = []
    for name in dict.fromkeys(names):
        (photos if _is_photo(name) else others).append(name)
    return photos, others


def _is_photo(name: str) -> bool:
    path = Path(name)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            kind_of(file.read(_HEAD))
    except (OSError, PhotoError):
        return False  # told by whoever opens it
    return True


async def read_photos(run: Run, names: Sequence[str]) -> list[GivenPhoto]:
    """What these files are, by their bytes and as far as known by their looks.

    Raises:
        OSError: one of them cannot be read.
    """
    async with Redrawer() as redrawer:
        return [await _read_photo(run, redrawer, name) for name in names]


async def _read_photo(run: Run, redrawer: Redrawer, name: str) -> GivenPhoto:
    sha256, data = await asyncio.to_thread(_read, Path(name))
    digests, likeness, why = {sha256}, "", ""
    try:
        drawn = await redrawer.redraw(data)
    except (PhotoError, ConfigError) as error:
        why = run.t.say(error.told)
    else:
        likeness = drawn.likeness
        # Who has the original has what the shared copy is drawn from.
        digests.add(hashlib.sha256(drawn.data).hexdigest())
    sought = SoughtPhoto(frozenset(digests), likeness)
    return GivenPhoto(name, sha256, sought, why)


def _read(path: Path) -> tuple[str, bytes]:
    """Its SHA-256, and its bytes as far as anybody would open them."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        return sha256, file.read(MOST_ORIGINAL_BYTES + 1)


def judge_photos(
    photos: Sequence[GivenPhoto], search: PhotoSearch
) -> tuple[PhotoVerdict, ...]:
    """What was found of each, those who name exactly it apart."""
    return tuple(
        _verdict(photo, found)
        for photo, found in zip(photos, search.found, strict=True)
    )


def look_up_photos(
    run: Run, view: View, photos: Iterable[GivenPhoto]
) -> tuple[PhotoVerdict, ...]:
    """The same of the records that this node holds."""
    home = str(run.home.folder)
    return tuple(_verdict(photo, _of_node(view, home, photo)) for photo in photos)


def _of_node(view: View, home: str, photo: GivenPhoto) -> list[PhotoMention]:
    copy = find_copy(view, photo.sha256)
    digests = photo.sought.digests | ({copy.digest} if copy is not None else set())
    found = [
        _mention(home, named, None)
        for digest in sorted(digests)
        for named in find_evidence(view, digest)
    ]
    if photo.sought.likeness:
        found += [
            _mention(home, like.named, like.bits)
            for like in find_like(view, photo.sought.likeness, THIS_MACHINE)
            if like.named.entry.digest not in digests
        ]
    return found


def _mention(source: str, named: NamedEvidence, bits: int | None) -> PhotoMention:
    log, entry = named
    return PhotoMention(
        source=source,
        origin="",
        org=log.org,
        index=entry.leaf,
        record=entry.record,
        election=log.election,
        contest=entry.contest,
        tps=entry.tps,
        round=entry.round,
        sha256=entry.digest,
        bits=bits,
    )


def _verdict(photo: GivenPhoto, found: Iterable[PhotoMention]) -> PhotoVerdict:
    every = sorted(found, key=lambda one: (one.bits or 0, one.tps, one.org, one.record))
    return PhotoVerdict(
        name=photo.name,
        sha256=photo.sha256,
        likeness=photo.sought.likeness,
        named=tuple(one for one in every if one.bits is None),
        like=tuple(one for one in every if one.bits is not None),
        why=photo.why,
    )


def print_photos(out: Output, verdicts: Iterable[PhotoVerdict]) -> None:
    """What people are told: what is proved, and what is not."""
    t = out.t
    for one in verdicts:
        out.line(clean_line(t("verify.photo-file", name=one.name, digest=one.sha256)))
        for line in _lines(out, one):
            out.line(f"  - {clean_line(line)}")
        if one.why:
            out.line(f"  - {clean_line(t('verify.photo-unseen', why=one.why))}")
        out.line()
    out.line(t("verify.photo-proves"))
    out.line(t("verify.photo-like-proves"))


def _lines(out: Output, one: PhotoVerdict) -> list[str]:
    t = out.t
    told = [_named(out, one, mention) for mention in one.named]
    if not one.named:
        key = "verify.photo-unnamed" if one.like else "verify.photo-unknown"
        told.append(t(key))
    told += [
        t("verify.photo-like", bits=mention.bits or 0, **_facts(out, mention))
        for mention in one.like
    ]
    if (left := len(told) - _MAX_SHOWN) > 0:
        told[_MAX_SHOWN:] = [t("verify.photo-more", count=left)]
    return told


def _named(out: Output, one: PhotoVerdict, mention: PhotoMention) -> str:
    facts = _facts(out, mention)
    if not mention.contest:
        return out.t("verify.photo-reported", **facts)
    if mention.sha256 == one.sha256:
        return out.t("verify.photo-named", **facts)
    return out.t("verify.photo-drawn", digest=mention.sha256, **facts)


def _facts(out: Output, mention: PhotoMention) -> dict[str, str]:
    contest = out.t.word(f"page.contest_{mention.contest}", mention.contest)
    return {
        "org": mention.org,
        "tps": mention.tps,
        "contest": contest,
        "record": mention.record,
    }
