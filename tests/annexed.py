"""A key of annexes, made once, and annexes sealed for it."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from federation.config.annexkey import found_annex_key, load_annex_public
from federation.config.home import Home
from federation.config.sealingkey import key_id
from federation.flows.annex.contents import (
    AnnexPerson,
    ExactPosition,
    IncidentAnnex,
)
from federation.flows.annex.sealing import seal
from federation.store.annex import AnnexHead, SealedAnnex, format_annex

PASSPHRASE = "kuda laut pagi hari"
ELECTION, ORG = "pilpres-2019", "jagasuara.example"
ID = "00112233445566778899aabbccddeeff"
CONTENTS = IncidentAnnex(
    reporter=AnnexPerson(
        name="Zulkifli Manurung", address="Jalan Kenari 17", contact="0813-5555-0117"
    ),
    accused=(AnnexPerson(name="Hendrawan Tobing", about="juru bayar"),),
    witnesses=(AnnexPerson(name="Roslina Sipayung"),),
    position=ExactPosition(lat=-1.395127, lon=120.754318),
    notes="Amplop cokelat di warung Mak Uwo.\nDua saksi takut.",
)


@cache
def _made() -> Home:
    home = Home(Path(mkdtemp(prefix="federation-test-")))
    numbers = iter((bytes(range(32)), bytes(range(32, 64))))
    found_annex_key(home, PASSPHRASE, lambda _: next(numbers))
    return home


def give_key(home: Home, *, private: bool = True) -> None:
    """The key of annexes, in this home; with its private half, or without."""
    home.annex_public.parent.mkdir(exist_ok=True)
    shutil.copy(_made().annex_public, home.annex_public)
    if private:
        home.identity_folder.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(_made().annex_private, home.annex_private)


def passphrase_file(folder: Path, text: str = PASSPHRASE) -> Path:
    path = folder / "annex-passphrase"
    path.touch(0o600)
    path.write_text(text + "\n")
    return path


def public_key() -> bytes:
    return load_annex_public(_made())


def head_of(incident: str = ID, **other: str) -> AnnexHead:
    members = {
        "election": ELECTION,
        "incident": incident,
        "keep_until": "2027-05-29",
        "key": key_id(public_key()),
        "org": ORG,
        "sealed_at": "2026-11-30T10:00:00Z",
    }
    return AnnexHead(**members | other)


def sealed(incident: str = ID, **other: str) -> SealedAnnex:
    return seal(CONTENTS, head_of(incident, **other), public_key())


def file_text(incident: str = ID, **other: str) -> str:
    """The file of an annex, as a command hands it in."""
    return format_annex(sealed(incident, **other)).decode()
