"""A node of one organisation with fixed keys, as far as flows need one."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from federation.flows.doctor import DoctorReport, ExaminationInput, examine
from federation.flows.ownlog import begin
from federation.flows.ownlog.begin import OwnKeys
from federation.flows.ownlog.sequence import OwnLog
from federation.flows.pull import PullContext
from federation.records.claim import StatementSlot
from federation.records.keychain import (
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.ownstatement import OwnStatement
from federation.records.profile import Profile, parse_profile
from federation.store import logs
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.store.view import View
from federation.tlog.keys import ALG_COSIGNATURE, ALG_ED25519, Signer

NOW = 1_707_900_000  # 2024-02-14T08:40:00Z
ELECTION = "pemilu-2024"


def fixed_signer(name: str, alg: int = ALG_ED25519) -> Signer:
    return Signer.from_seed(
        name, hashlib.sha256(f"{name} {alg}".encode()).digest(), alg
    )


def all_said(view: View, log_id: int) -> list[OwnStatement]:
    """Every statement of an own log that import remembers, by slot, oldest first."""
    rows = view.execute(
        "SELECT tps, contest, round, official, idx, content, review, ref FROM said"
        " WHERE log_id = ? ORDER BY tps, contest, round, official, idx",
        (log_id,),
    )
    return [
        OwnStatement(StatementSlot(*row[:3], bool(row[3])), *row[4:]) for row in rows
    ]


def small_profile() -> Profile:
    three = {f"0{n}": {"name": f"Pair {n}"} for n in (1, 2, 3)}
    return parse_profile(
        json.dumps(
            {
                "election": ELECTION,
                "version": 1,
                "name": {"en": "Election", "id": "Pemilu"},
                "contests": {"ppwp": {"candidates": three}},
                "max_voters": 300,
                "spare_per_mille": 20,
                "rounds": ["reguler", "psu"],
                "time_zone": "Asia/Jakarta",
                "voting_day": "2024-02-14",
            }
        ).encode()
    )


def own_keys(org: str, generation: int = 1) -> OwnKeys:
    origin = f"{org}/{ELECTION}" + (f"/{generation}" if generation > 1 else "")
    identity = fixed_signer(f"{org}/identity")
    log, records = fixed_signer(origin), fixed_signer(f"{org}/records")
    mirror = fixed_signer(f"{org}/mirror", ALG_COSIGNATURE)
    named = [("log", log.key), ("records", records.key), ("mirror", mirror.key)]
    statement = first_statement(origin, identity.key, named, "2024-02-01T00:00:00Z")
    note = sign_statement(statement, identity)
    return OwnKeys(open_chain([note], identity.key), log, records)


def row(tps: str, /, *votes: int, **members: object) -> dict[str, object]:
    """A row as an importer hands it in; the first of the votes are those of `01`."""
    usual = {"contest": "ppwp", "round": "reguler", "form": "plano"}
    usual |= {"source": "observer", "review": "reviewed"}
    candidates = {f"{number:02}": count for number, count in enumerate(votes, 1)}
    return usual | {"tps": tps, "candidates": candidates} | members


@dataclass
class OwnNode:
    """The database, guard and log of one organisation, in one folder."""

    folder: Path
    db: Database
    guard: Guard
    keys: OwnKeys
    log: OwnLog

    @classmethod
    def open(cls, folder: Path, org: str, address: str | None = None) -> "OwnNode":
        keys = own_keys(org)
        db = Database.open(folder / "data", address)
        log = begin.open_own(db, keys, small_profile())
        return cls(folder, db, FolderGuard(folder / "guard"), keys, log)

    @staticmethod
    def keys_of(org: str) -> OwnKeys:
        return own_keys(org)

    def pull_context(self) -> PullContext:
        """For turns of a node without partners."""
        return PullContext(
            db=self.db,
            profiles={ELECTION: self.log.profile},
            peers={},
            own={self.log.origin: self.log.chain},
            workers=None,
            clock=time.monotonic,
        )

    def examine(self, scratch: Path) -> DoctorReport:
        """What `federation doctor --deep` finds."""
        given = ExaminationInput(
            db=self.db,
            guard=self.guard,
            identities={self.log.chain.org: self.log.chain.identity},
            profiles={ELECTION: self.log.profile},
            scratch=scratch,
        )
        return examine(given, deep=True)

    def state(self) -> Log:
        with self.db.view() as view:
            return logs.get_log(view, self.log.origin)
