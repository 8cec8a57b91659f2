"""How each sort of document is judged: what it says, as far as it holds.

Rule: a document that does not hold accuses nobody; evidence that holds accuses the log
that signed twice. A record alone has no place in its log, so it is judged as if it
stood where its key was valid; a key that was revoked anywhere proves nothing then.
"""

from collections.abc import Callable
from typing import Final

from federation.errors import FormatError, ProofError, SignatureError
from federation.flows.audit.badrecord import name_bad_record
from federation.flows.audit.document import KEY_FORK, Case, DocumentKind
from federation.flows.audit.finding import EXITS
from federation.flows.audit.keys import BAD
from federation.flows.audit.report import DocumentReport
from federation.flows.audit.source import kind_of
from federation.records.evidence import open_evidence
from federation.records.keychain import KeyChain, decode_keys
from federation.records.receipt import Receipt, open_receipt, parse_receipt
from federation.records.sealed import Sealed, open_leaf, parse_statement
from federation.text import Sentence
from federation.tlog.checkpoint import open_by_any, read_unverified
from federation.tlog.fork import check_evidence, parse_evidence
from federation.tlog.note import parse_note
from federation.tlog.tile import MAX_LEAF_BYTES

Judge = Callable[[Case], DocumentReport]


def _judge_receipt(case: Case) -> DocumentReport:
    try:
        receipt = parse_receipt(case.data)
    except FormatError as error:
        case.add(kind_of(error), str(error))
        return case.nothing()
    case.origin = receipt.origin
    chain = case.open_chain(receipt.keys)
    if chain is not None and chain.origin != receipt.origin:
        case.add("keys", f"the keys of {chain.origin}")
        chain = None
    if chain is None:
        return case.nothing()
    signed = case.open_checkpoint(chain, receipt.proof.checkpoint)
    if signed is None:
        return case.nothing()
    sealed = _open_receipt(case, receipt, chain)
    first = None if sealed is None or receipt.index else receipt.leaf
    return case.report(chain, signed, sealed, first)


def _open_receipt(case: Case, receipt: Receipt, chain: KeyChain) -> Sealed | None:
    try:
        return open_receipt(receipt, chain)[1]
    except ProofError as error:
        case.add("receipt", str(error), receipt.index)
    except BAD as error:
        kind = name_bad_record(receipt.leaf, receipt.index, chain)
        case.add(kind, str(error), receipt.index)
    return None


def _judge_record(case: Case) -> DocumentReport:
    try:
        statement = parse_statement(
            parse_note(case.data, MAX_LEAF_BYTES).text.rstrip(b"\n")
        )
    except BAD as error:
        case.add("damaged", str(error))
        return case.nothing()
    chains = case.by.pool.of_org(statement.org, statement.election)
    if not chains:
        said = f"the keys of {statement.org} for {statement.election} are not here"
        case.add("missing", said)
        return case.nothing()
    refused, said = "bad-record", ""
    for chain in chains:
        case.origin = chain.origin
        index = _index_of(case.data, chain)
        try:
            sealed = open_leaf(case.data, chain, index)
        except BAD as error:
            refused, said = name_bad_record(case.data, index, chain), str(error)
            continue
        return case.report(chain, sealed=sealed)
    case.add(refused, said)
    return case.nothing()


def _index_of(leaf: bytes, chain: KeyChain) -> int:
    """An index to judge a record at that has none of its own.

    The first at which its key is valid; of a key that was revoked, where it is not:
    whoever stole it could say that the record is from before.
    """
    line = parse_note(leaf, MAX_LEAF_BYTES).signatures[0]
    valid = chain.records_key_ranges.get((line.name, line.key_id))
    if valid is None:
        return 0
    return valid.end if valid.is_revoked else valid.start


def _judge_checkpoint(case: Case) -> DocumentReport:
    try:
        case.origin = read_unverified(case.data).origin
    except FormatError as error:
        # Any text of three lines is looked at here: a table of results, say.
        is_note = b"\n\n" in case.data
        said = str(error) if is_note else Sentence("verify.no-document")
        case.add(kind_of(error), said)
        return case.nothing()
    chain = case.by.pool.longest(case.origin)
    if chain is None:
        return _judge_by_policy(case)
    signed = case.open_checkpoint(chain, case.data)
    if signed is None:
        return case.nothing()
    return case.report(chain, signed)


def _judge_by_policy(case: Case) -> DocumentReport:
    """A checkpoint of whose log nothing is here: by what the trust file says of it."""
    policy, holders = case.by.pool.trust.policy, case.by.holders
    keys = [log.key for log in policy.logs] if policy else []
    mine = [key for key in keys if key.name == case.origin]
    if not mine:
        case.add("missing", f"the keys of {case.origin} are not here")
        return case.nothing()
    try:
        signed = open_by_any(case.data, mine)
    except SignatureError:
        case.add("checkpoint", f"not signed by the key of {case.origin}")
        return case.nothing()
    judged = holders.judge(signed, case.origin.partition("/")[0])
    for kind, detail in judged.findings:
        if kind in EXITS:
            case.add(kind, detail)
    return DocumentReport(
        source=case.name,
        kind=case.kind,
        origin=case.origin,
        holds=not case.errors,
        size=signed.size,
        root=signed.root.hex(),
        pinned="trust-file",
        quorum=judged.quorum,
        held=judged.held,
    )


def _judge_keys(case: Case) -> DocumentReport:
    try:
        notes = decode_keys(case.data)
    except FormatError as error:
        case.add(kind_of(error), str(error))
        return case.nothing()
    chain = case.open_chain(notes)
    if chain is None:
        return case.nothing()
    case.origin = chain.origin
    return case.report(chain)


def _judge_evidence(case: Case) -> DocumentReport:
    pool = case.by.pool
    for origin in pool.chains:
        chain = pool.longest(origin)
        if chain is None:
            continue
        try:
            fork = open_evidence(case.data, chain)
        except BAD:
            continue
        case.by.findings.add_fork(case.name, fork)
        case.origin = fork.origin
        return case.report(chain)
    policy = pool.trust.policy
    keys = () if policy is None else tuple(log.key for log in policy.logs)
    try:
        fork = check_evidence(case.data, keys)
    except FormatError as error:
        _, is_keys, _ = case.data.partition(KEY_FORK)
        case.add("missing" if is_keys else kind_of(error), str(error))
    except SignatureError as error:
        old, _, _ = parse_evidence(case.data)
        case.origin = read_unverified(old).origin
        known = case.origin in pool.chains
        case.add("damaged" if known else "missing", str(error))
    except ProofError as error:
        case.add("damaged", str(error))
    else:
        case.by.findings.add_fork(case.name, fork)
        case.origin = fork.origin
        return DocumentReport(
            source=case.name, kind=case.kind, origin=fork.origin, holds=True
        )
    return case.nothing()


#: Keys come before those that are judged by them.
JUDGES: Final[dict[DocumentKind, Judge]] = {
    "receipt": _judge_receipt,
    "keys": _judge_keys,
    "record": _judge_record,
    "checkpoint": _judge_checkpoint,
    "evidence": _judge_evidence,
}
