"""A small home in which every table has rows, and the doctor is content.

Own records with corrections, refusals to be remembered and files at two stations; a
partner's log with a leaf in quarantine and one of a later version; one that is being
fetched; one that signed two histories; a register, tokens, alarms, confirmations; KPU's
figures and what they changed, sums of a region, a companion key.
"""

import asyncio
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import structs

from federation.config.founding import load_identity_key
from federation.config.home import Home
from federation.config.peers import PhotoPolicy, load_peers
from federation.config.settings import load_settings
from federation.flows.cosign import cosign_held
from federation.flows.doctor import DoctorReport, ExaminationInput, examine
from federation.flows.incidents.index import index_all_incidents
from federation.flows.merge import follow_official, merge_once
from federation.flows.ownlog import begin, ingest
from federation.flows.ownlog.begin import introduce
from federation.flows.ownlog.sequence import commit, settle
from federation.flows.photos.asked import follow_once
from federation.flows.photos.index import index_all
from federation.flows.photos.wants import find_wanted
from federation.flows.pull import PullContext, pull
from federation.flows.recap.index import index_all_recaps
from federation.node.about import renew_about
from federation.node.resources import Resources, open_resources
from federation.profiles import load_profiles
from federation.records.about import About, OfferedLog, sign_about
from federation.records.canonical import encode
from federation.records.incident import Incident, IncidentName
from federation.records.incidentstatus import IncidentStatus
from federation.records.referral import Referral
from federation.records.register import Register
from federation.records.removal import PhotoRemoval
from federation.records.result import Evidence
from federation.records.sealed import seal
from federation.schedule import result_of
from federation.store import (
    agencyanswers,
    alarms,
    blobs,
    copies,
    cosignatures,
    leases,
    logs,
    notices,
    observations,
    originals,
    outbox,
    people,
    photoanswers,
    pulls,
    registers,
    removals,
    strangers,
    tokens,
    wanted,
    webhooks,
)
from federation.store.agencyanswers import AgencyAnswer
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.folderguard import FolderGuard
from federation.store.originals import SharedCopy
from federation.store.outbox import OutboxItem
from federation.store.photoanswers import AnsweredPhoto, FormPlace
from federation.store.removals import RemovedPhoto
from federation.store.view import Transaction
from federation.store.wanted import PhotoTry
from federation.tlog.cosignature import cosign
from federation.tlog.fork import format_evidence
from federation.tlog.keys import ALG_COSIGNATURE
from federation.tlog.merkle import prove_prefix
from federation.tlog.note import format_signature, parse_note, sign_note
from federation.tlog.tile import hash_reader
from tests.fakes import RECORDED_AT, FakeOrg, FakePeer, Tree, signer
from tests.homes import ELECTION, make_home
from tests.incidents import found_incidents
from tests.mirrored import aim

OWN = "jagasuara.example"
PARTNER, FETCHED, FORKED = "jagapemilu.example", "kawalpemilu.example", "dua.example"
NOW = 1_707_900_000
_FILE: dict[str, Any] = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 1000}
_ALIKE = {**_FILE, "sha256": "cd" * 32, "likeness": "5a3c" * 16}
_THEIRS = {**_FILE, "sha256": "12" * 32}
_GONE = "ef" * 32


@dataclass(frozen=True)
class FullHome:
    """The home, and what is needed to examine copies of its database."""

    home: Home
    identities: dict[str, object]
    profiles: dict[str, object]

    @property
    def database(self) -> Path:
        return self.home.data / FILE_NAME

    def examine(self, folder: Path, scratch: Path) -> DoctorReport:
        """What the doctor says of the database in this folder."""
        # Made once: what is measured is the looking.
        shutil.copytree(self.empty, scratch)
        db = Database.open(folder, readonly=True)
        try:
            return examine(self.examined(db, scratch), deep=True)
        finally:
            db.close()
            shutil.rmtree(scratch, ignore_errors=True)

    @property
    def empty(self) -> Path:
        """A folder with an empty database."""
        return self.home.folder / "empty"

    def examined(self, db: Database, scratch: Path) -> ExaminationInput:
        """A database of this home."""
        return ExaminationInput(
            db=db,
            guard=FolderGuard(self.home.guard),
            identities=self.identities,
            profiles=self.profiles,
            scratch=scratch,
        )


def make_full_home(folder: Path) -> FullHome:
    """Such a home below `folder`; its database is one closed file."""
    home = make_home(folder, OWN)
    reports = found_incidents(home)
    partners = {org: FakeOrg(org, ELECTION) for org in (PARTNER, FETCHED, FORKED)}
    with home.peers.open("a") as peers:
        for org, one in partners.items():
            peers.write(f'\n[[peer]]\norg = "{org}"\nidentity = "{one.identity.key}"\n')
    with open_resources(home, load_settings(home.settings)) as parts:
        _log_own(parts)
        _log_reports(parts, reports)
        _hold_partner(parts, partners[PARTNER])
        _hold_fetched(parts, partners[FETCHED])
        _hold_forked(parts, partners[FORKED])
        with parts.db.transaction() as tx:
            _remember(tx, parts)
            cosign_held(tx, parts.keys.mirror, (), NOW + 60, 60)
        renew_about(parts)
        _follow_kpu(parts)
        _note_photos(parts)
        index_all_incidents(parts.db)
        index_all_recaps(parts.db)
    identities = {peer.org: peer.identity for peer in load_peers(home.peers)}
    identities[OWN] = load_identity_key(home, OWN)
    full = FullHome(home, identities, load_profiles(home.elections))
    Database.open(full.empty).close()
    return full


def _draft(number: int, first: int = 100, **more: object) -> dict[str, object]:
    return {
        "contest": "ppwp",
        "tps": f"317101100{1 + number // 200}{1 + number % 200:03d}",
        "round": "reguler",
        "form": "plano",
        "source": "observer",
        "review": "unreviewed",
        "candidates": {"01": first, "02": 27},
        **more,
    }


def _sums(first: int) -> dict[str, object]:
    of_region = _draft(0, first, region="317101", stations={"counted": 9, "total": 9})
    station = ("tps", "round", "form", "review")
    return {name: said for name, said in of_region.items() if name not in station}


def _say(parts: Resources, *drafts: object) -> None:
    log = parts.log_of(ELECTION)
    said = ingest.append(parts.db, parts.guard, log, drafts, NOW)
    assert {one.outcome for one in said} == {"logged"}, said


def _log_own(parts: Resources) -> None:
    log = parts.log_of(ELECTION)
    begin.introduce(parts.db, parts.guard, log)
    say = partial(_say, parts)
    say(*(_draft(number, 90 + number % 7) for number in range(260)))
    say(*(_draft(number, 80, ref=f"r{number}", revision=3) for number in range(5)))
    say(*(_draft(number, 70, evidence=[_FILE]) for number in range(3, 6)))
    say(_draft(6, 70, evidence=[_ALIKE, {**_FILE, "sha256": _GONE, "page": 2}]))
    say(*(_kpu(number, 60) for number in range(8, 11)))
    say(_sums(900), _kpu(8, 90 + 8 % 7), _kpu(9, 61))
    say(_sums(901))
    removal = PhotoRemoval(
        election=ELECTION,
        ground="personal-data",
        org=OWN,
        recorded_at="2024-02-14T13:05:00Z",
        reason="a name can be read",
        sha256=_GONE,
    )
    ingest.append_statements(parts.db, parts.guard, log, [removal], NOW)
    mirror = signer(f"{PARTNER}/mirror", ALG_COSIGNATURE)
    with parts.db.transaction() as tx:
        held = list(logs.list_checkpoints(tx, log.log_id))
        for size, _, note in held[-2:]:
            for time in (NOW + 5, NOW + 99):
                line = format_signature(cosign(parse_note(note).text, mirror, time))
                cosignatures.save_cosignature(
                    tx, log.log_id, size, line, mirror.key, time
                )
        size, _, note = held[-1]
        copies.save_copy(tx, log.log_id, size, PARTNER, note)


def _kpu(number: int, first: int) -> dict[str, object]:
    return _draft(number, first, source="kpu", observed_at="2024-02-14T12:05:00Z")


def _follow_kpu(parts: Resources) -> None:
    """The map, and what KPU changed in it; of one row nobody has looked yet."""
    while merge_once(parts.db, parts.profiles, now=NOW) or follow_official(parts.db):
        pass
    _say(parts, _kpu(11, 62))
    while merge_once(parts.db, parts.profiles, now=NOW):
        pass


def _pull(parts: Resources, org: str, peer: FakePeer) -> None:
    partners = {one.org: one for one in load_peers(parts.home.peers)}
    context = PullContext(
        db=parts.db,
        profiles=parts.profiles,
        peers=partners,
        own={one.origin: one.chain for one in parts.own.values()},
        workers=None,
        clock=lambda: 0.0,
    )
    report = asyncio.run(pull(context, partners[org], peer, NOW))
    result = result_of(report)
    turn = pulls.Turn(
        org=org,
        at=NOW,
        seconds=0.31,
        outcome=result.outcome,
        new_leaves=report.new_leaves,
        reason=result.reason,
    )
    state = pulls.PeerTurn(org=org, failures=2, next_due=NOW + 17.25)
    with parts.db.transaction() as tx:
        pulls.save_turn(tx, state, turn)


def _about(owner: FakeOrg) -> bytes:
    about = About(
        attribution=owner.org,
        audience=(),
        contact=f"data@{owner.org}",
        identity=str(owner.identity.key),
        issue=3,
        licence="CC-BY-4.0",
        logs=(OfferedLog(origin=owner.origin, visibility="public"),),
        name="Jaga Pemilu",
        org=owner.org,
        versions=(1,),
    )
    return sign_about(about, owner.node)


def _log_reports(parts: Resources, origin: str) -> None:
    """Two reports of ours that are one, and what was done with them."""
    own = parts.own[origin]
    introduce(parts.db, parts.guard, own)
    usual = {"election": ELECTION, "org": OWN, "recorded_at": RECORDED_AT}
    first, second = (IncidentName(id=f"{n:032x}", org=OWN) for n in (1, 2))
    said = [
        Incident(
            id=one.id,
            category="politik_uang",
            law="pidana",
            happened_at=RECORDED_AT,
            reported_at=RECORDED_AT,
            region="7202",
            summary="Amplop dibagikan",
            ref=f"lapor/{one.id[-1]}",
            **usual,
        )
        for one in (first, second)
    ]
    said.append(
        IncidentStatus(incident=first, status="duplicate", duplicate_of=second, **usual)
    )
    said.append(
        Referral(incident=first, agency="bawaslu", stage="sent", way="by-hand", **usual)
    )
    leaves = [seal(one, own.records_signer) for one in said]
    held = settle(parts.db, parts.guard, origin)
    commit(parts.db, parts.guard, own, held, leaves, lambda _: None)


def _hold_partner(parts: Resources, owner: FakeOrg) -> None:
    tree = Tree(owner).grow([owner.result(number) for number in range(19)])
    tree.grow([owner.result(19, evidence=(Evidence(**_THEIRS),))])
    tree.grow([owner.result(number, 70) for number in range(4)])
    log, identity = owner.companion_of("log"), owner.companion_of("identity")
    tree.grow([owner.announce(log, identity)])
    stranger = FakeOrg("stranger.example", ELECTION)
    newer = {
        "election": ELECTION,
        "org": owner.org,
        "recorded_at": "2024-02-14T13:05:00Z",
        "type": "tps-result/2",
    }
    tree.grow([stranger.result(1), sign_note(encode(newer) + b"\n", owner.records)])
    _pull(parts, owner.org, FakePeer(owner.org).show(tree, about=_about(owner)))


def _hold_fetched(parts: Resources, owner: FakeOrg) -> None:
    """A log of which a larger checkpoint was proved and not all leaves came."""
    tree = Tree(owner).grow([owner.result(number) for number in range(9)])
    _pull(parts, owner.org, FakePeer(owner.org).show(tree))
    larger = Tree(owner).grow([owner.result(number) for number in range(20)])
    with parts.db.transaction() as tx:
        log = logs.get_log(tx, owner.origin)
        root = larger.checkpoint().root
        aim(tx, log, larger.note(), larger.size, root)
        logs.stall(tx, log.id, "nobody has its records")


def _hold_forked(parts: Resources, owner: FakeOrg) -> None:
    tree = Tree(owner).grow([owner.result(number) for number in range(6)])
    _pull(parts, owner.org, FakePeer(owner.org).show(tree))
    other = tree.fork(3, [owner.result(number, 1) for number in range(9)])
    read = hash_reader(other.tile, other.size)
    hashes = prove_prefix(tree.size, other.size, read)
    evidence = format_evidence(tree.note(), other.note(), hashes)
    with parts.db.transaction() as tx:
        logs.freeze(tx, logs.get_log(tx, owner.origin).id, evidence)


def _remember(tx: Transaction, parts: Resources) -> None:
    alarms.raise_alarm(tx, "fork", f"{FORKED}/{ELECTION}", "two histories", NOW)
    alarms.raise_alarm(tx, "stalled", PARTNER, "nobody has its records", NOW + 3)
    told = notices.Notice(
        recipient="ops@example.org",
        code="fork",
        subject=f"{FORKED}/{ELECTION}",
        detail="two histories",
        raised_at=NOW,
        told_at=NOW + 1,
    )
    notices.save_notices(tx, [told])
    ahead = observations.Observation(what="clock", subject=PARTNER, value=-40, at=NOW)
    observations.save_observations(tx, [ahead])
    ended = alarms.Alarm(
        code="stalled",
        subject=FORKED,
        detail="nobody has its records",
        first_at=NOW,
        last_at=NOW + 5,
        times=2,
    )
    alarms.note_settled(tx, [ended], NOW + 9, *alarms.BY_ITSELF)
    stranger = FakeOrg("stranger.example", ELECTION)
    asking = strangers.Stranger(
        vkey=str(stranger.node.key),
        org=stranger.org,
        first_at=NOW,
        last_at=NOW + 4,
        times=2,
    )
    strangers.save_strangers(tx, [asking])
    other = FakeOrg("elsewhere.example", ELECTION)
    ignored = strangers.IgnoredStranger(
        vkey=str(other.node.key),
        org=other.org,
        ignored_at=NOW + 4,
        person="koordinator 1",
        role="coordinator",
    )
    strangers.ignore_strangers(tx, [ignored])
    told_map = webhooks.Told(cursor="12", vector={f"{PARTNER}/{ELECTION}": 3})
    webhooks.save_told(tx, "platform", ELECTION, told_map)
    alarms.tell_up_to(tx, "changed-after-held", f"{OWN}/{ELECTION}", 200)
    for name, scopes in (("platform", ("intake",)), ("desk", ("control", "intake"))):
        tokens.save_token(tx, name, f"{name}-{'secret' * 8}", scopes, NOW)
    people.save_person(tx, "pembaca 1", "editor", "l" * 43, NOW, NOW + 86_400)
    people.open_session(tx, "l" * 43, "s" * 64, NOW)
    people.close_session(tx, "s" * 64, NOW)
    item = OutboxItem(
        incident=f"{OWN}/{1:032x}",
        agency="bawaslu",
        election=ELECTION,
        way="by-hand",
        state="sent",
        dossier="ef" * 32,
        formal="initial",
        prepared_at=NOW,
        approved_by="koordinator 1",
        approved_at=NOW,
        reference="12/LP/2024",
    )
    outbox.save_item(tx, item)
    more = {"kind": "note", "formal": "", "also_by": PARTNER, "again": 1}
    outbox.save_item(tx, structs.replace(item, **more))
    answer = AgencyAnswer(
        id="5f" * 16,
        way="program",
        agency="bawaslu",
        incident=item.incident,
        digest="0c" * 32,
        size=211,
        received_at=NOW,
        done_at=NOW,
    )
    agencyanswers.save_answer(tx, answer)
    pulls.save_offered(tx, PARTNER, ["baru.example/pilpres-2019"], NOW)
    pulls.save_seen(
        tx,
        pulls.PeerSeen(
            org=PARTNER,
            etag='"5f1d"',
            wanted="77aa",
            answered_at=NOW,
            sizes={f"{PARTNER}/{ELECTION}": 27, f"{OWN}/{ELECTION}": 261},
        ),
    )
    register = Register(ELECTION)
    for number in range(270):
        register.add(_draft(number)["tps"], 200 + number % 90)
    register.names |= {"31": "DKI JAKARTA", "3171": "JAKARTA PUSAT"}
    registers.save_register(tx, register, "https://example.org/dpt.csv")
    place = FormPlace(ELECTION, "ppwp", str(_draft(3)["tps"]))
    answered = AnsweredPhoto("elsewhere", "Rina", NOW, str(_draft(4)["tps"]))
    photoanswers.save_answer(tx, place, _FILE["sha256"], answered)
    leases.take_lease(tx, place, "Rina", NOW)


def _note_photos(parts: Resources) -> None:
    """What follows from the records of photographs, and what we know of ours."""
    db = parts.db
    index_all(db)
    while follow_once(db).moved:
        pass
    policies: dict[str, PhotoPolicy] = {PARTNER: "all", FETCHED: "disputed"}
    while asyncio.run(find_wanted(db, policies, NOW)):
        pass
    shared = SharedCopy(_ALIKE["sha256"], 1000, "image/jpeg", _ALIKE["likeness"])
    gone = RemovedPhoto(
        digest=_GONE,
        ground="personal-data",
        reason="a name can be read",
        org=OWN,
        person="Rina",
        removed_at=NOW,
        was_held=True,
        is_swept=True,
    )
    with db.transaction() as tx:
        for digest, own in ((_FILE["sha256"], True), (shared.digest, False)):
            blobs.save_blob(tx, digest, 1000, "image/jpeg", is_own=own, now=NOW)
        originals.save_copy(tx, "34" * 32, shared, NOW)
        removals.note_removed(tx, gone)
        tried = PhotoTry(PARTNER, "absent", NOW, 1, NOW + 300)
        wanted.save_try(tx, _THEIRS["sha256"], tried)
