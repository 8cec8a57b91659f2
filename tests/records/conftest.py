"""What the tests of statements share: an organisation with its keys and one log."""

import functools

import pytest

from federation.profiles import load_shipped
from federation.records.keychain import (
    first_statement,
    format_origin,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows
from federation.records.result import TpsResult
from federation.records.sealed import seal
from federation.tlog.keys import ALG_COSIGNATURE, Signer

TIME = "2024-02-14T13:05:00Z"


class Organisation:
    """Keys made from `seed`, the key chain of one log, and statements for it."""

    def __init__(
        self,
        org="jagasuara.example",
        election="pemilu-2024",
        visibility="public",
        generation=1,
        seed=1,
    ):
        self.org, self.election = org, election
        self.origin = format_origin(org, election, visibility, generation)
        self.identity = self.signer("identity", seed)
        self.log = Signer.from_seed(self.origin, bytes((seed, 2)) * 16)
        self.records = self.signer("records", seed, 3)
        self.node = self.signer("node", seed, 4)
        self.mirror = self.signer("mirror", seed, 5, ALG_COSIGNATURE)
        follows = None
        if generation > 1:
            before = format_origin(org, election, visibility, generation - 1)
            follows = Follows(origin=before, reason="guard above all", size=7)
        self.statement = first_statement(
            self.origin,
            self.identity.key,
            [
                ("log", self.log.key),
                ("records", self.records.key),
                ("node", self.node.key),
                ("mirror", self.mirror.key),
            ],
            TIME,
            follows,
        )
        self.note = sign_statement(self.statement, self.identity)
        self.chain = open_chain([self.note], self.identity.key)

    def signer(self, role, seed, second=1, alg=1):
        return Signer.from_seed(f"{self.org}/{role}", bytes((seed, second)) * 16, alg)

    def result(self, **members):
        base = {
            "contest": "ppwp",
            "election": self.election,
            "form": "plano",
            "org": self.org,
            "recorded_at": TIME,
            "review": "reviewed",
            "round": "reguler",
            "source": "observer",
            "tps": "3171010001001",
        }
        if not {"candidates", "parties", "figures", "evidence"} & members.keys():
            members["candidates"] = {"01": 44, "02": 78, "03": 18}
        return TpsResult(**(base | members))

    def leaf(self, **members):
        return seal(self.result(**members), self.records)


@pytest.fixture(scope="session")
def make_organisation():
    return functools.cache(Organisation)


@pytest.fixture(scope="session")
def jaga(make_organisation):
    return make_organisation()


@pytest.fixture(scope="session")
def profiles():
    return load_shipped()


@pytest.fixture(scope="session")
def pemilu(profiles):
    return profiles["pemilu-2024"]
