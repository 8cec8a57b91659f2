"""A type of record that is made up here, from its signature to the page about it.

Nothing of it stands anywhere else: a struct and one row of the table, which is taken
out again behind each test.
"""

import json
from typing import Literal

import pytest
from msgspec import Struct

from federation import verifier
from federation.cli.output import Output
from federation.cli.verdict import print_report
from federation.errors import RecordError
from federation.flows.audit import AuditSource
from federation.flows.audit.badrecord import name_bad_record
from federation.flows.merge import merge_once
from federation.flows.ownlog import ingest
from federation.flows.pull.rejudge import rejudge_unknown
from federation.flows.query.scope import ask
from federation.flows.query.tps import station
from federation.profiles import load_shipped
from federation.records.canonical import Digest, Org, ShortText, Time
from federation.records.claim import Claim, StatementSlot
from federation.records.keychain import first_statement, open_chain, sign_statement
from federation.records.kinds import KINDS, PUBLIC, RecordKind
from federation.records.profile import Contest, Election, Round
from federation.records.sealed import open_leaf, seal
from federation.records.tps import TpsCode
from federation.text import Text
from tests.fakes import FakePeer, Tree
