"""Whatever is changed behind our back is found, and only that."""

import errno
import random
import shutil
from dataclasses import replace

import pytest
from msgspec import structs

from federation.errors import ForkError, KeptError, VerificationError
from federation.flows.doctor import ExaminationInput, examine, mend
from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest
from federation.records.admission import admit
from federation.records.evidence import format_fork
from federation.records.keysigning import sign_statement
from federation.store import (
    claims,
    cosignatures,
    keystatements,
    logs,
    quarantine,
    statements,
)
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.folderguard import FolderGuard
from federation.tlog.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from federation.tlog.cosignature import cosign
from federation.tlog.fork import format_evidence
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import format_signature, parse_note
from tests.guards import lift
from tests.mirrored import aim, hold
from tests.ownnode import fixed_signer, row

NOW = 1_707_900_000
PARTNER = "kawal.example"


def draft(number, votes=1, **members):
    tps = f"317101100{1 + number // 1000}{number % 1000:03d}"
    return row(tps, votes, 2, 3, **members)


def append(node, *drafts, **options):
    return ingest.append(node.db, node.guard, node.log, drafts, NOW, **options)


def adopt(node, other):
    """Hold the log of another node as a pull would, with a bad leaf at its end."""
    with other.db.view() as view:
        theirs = other.state()
        leaves = stored.read_leaves(view, theirs.id, 0, theirs.size)
    checkpoint = parse_checkpoint(parse_note(theirs.checkpoint).text)
    admission = admit(leaves, 0, other.log.chain, node.log.profile)
    with node.db.transaction() as tx:
        mirror = logs.add_log(tx, theirs.origin, own=False)
        keystatements.save_keys(tx, mirror.id, other.log.chain.notes)
        hashes = [hash_leaf(leaf) for leaf in leaves]
        logs.append_leaves(tx, mirror.id, 0, leaves, hashes)
        claims.save_claims(tx, mirror.id, admission.claims)
        quarantine.save_rejected(tx, mirror.id, admission.rejected)
        hold(tx, mirror, theirs.checkpoint, checkpoint.root)
    return admission


def refuse_to_write(self, path, data, *, here):
    raise OSError(errno.ENOSPC, "injected", str(path))


def merge(node):
    while merge_once(node.db, {"pemilu-2024": node.log.profile}):
        pass


@pytest.fixture(scope="module")
def built(open_nodes):
    """A node with 600 records of its own, a partner's log, and a merged map."""
    node, other = open_nodes("jagasuara.example"), open_nodes(PARTNER)
    for one in (node, other):
        begin.introduce(one.db, one.guard, one.log)
    append(node, *(draft(number, number) for number in range(1, 201)))
    refs = (draft(number, 7, ref=f"r{number}", revision=2) for number in range(9))
    append(node, *refs)
    append(node, *(draft(number, number) for number in range(201, 601)))
    append(other, *(draft(number, number % 9) for number in range(1, 301)))
    adopt(node, other)
    mirror = Signer.from_seed(f"{PARTNER}/mirror", bytes(32), ALG_COSIGNATURE)
    text = parse_note(node.state().checkpoint).text
    with node.db.transaction() as tx:
        line = format_signature(cosign(text, mirror, NOW))
        size = node.state().size
        cosignatures.save_cosignature(tx, node.log.log_id, size, line, mirror.key, NOW)
    merge(node)
    node.db.close()
    return node, other


@pytest.fixture
def hospital(built, open_node):
    """A copy of it that a test may damage."""
    whole, other = built
    node = open_node(folder="copy", copied_from=whole.folder)
    node.other = other
    node.guard.confirm(node.log.origin, *node.guard.read(node.log.origin))
    return node


def examined(node, tmp_path, folder=None, **options):
    db = Database.open(folder or node.folder / "data", readonly=True)
    scratch = tmp_path / f"scratch-{random.random()}"
    identities = {
        one.chain.org: one.chain.identity for one in (node.log, node.other.log)
    }
    return ExaminationInput(
        db=db,
        guard=node.guard,
        identities=identities,
        profiles={"pemilu-2024": node.log.profile},
        scratch=scratch,
        **options,
    )


def check(node, tmp_path, *, deep=True, **options):
    one = examined(node, tmp_path, **options)
    try:
        return examine(one, deep=deep)
    finally:
        one.db.close()


def codes(report):
    return {one.code for one in report.findings if one.level == "error"}


@pytest.mark.slow
def test_a_whole_database_is_clean_and_all_of_it_was_looked_at(hospital, tmp_path):
    seen = []
    report = check(hospital, tmp_path, progress=lambda *both: seen.append(both))
    assert report.findings == []
    assert report.is_clean
    assert (report.logs, report.leaves, report.stations) == (2, 610 + 301, 601)
    assert report.checkpoints == 5
    assert seen[-1] == (911, 911)
    assert check(hospital, tmp_path, deep=False).findings == []


def test_an_empty_database_is_clean(open_node, tmp_path):
    node = open_node()
    node.other = node
    assert check(node, tmp_path).findings == []


BEHIND = {
    "a leaf": ("UPDATE bundle SET body = {flip} WHERE idx = 1", {"tile", "root"}),
    "a bundle's width": ("UPDATE bundle SET width = 255 WHERE idx = 0", {"proof"}),
    "a bundle": ("DELETE FROM bundle WHERE idx = 1", {"proof"}),
    "a bundle too many": (
        "INSERT INTO bundle SELECT log_id, 7, width, body FROM bundle WHERE idx = 0",
        {"proof"},
    ),
    "a tile": ("UPDATE tile SET body = {flip} WHERE level = 0 AND idx = 0", {"tile"}),
    "a higher tile": ("UPDATE tile SET body = {flip} WHERE level = 1", {"tile"}),
    "a tile too many": (
        (
            "INSERT INTO tile SELECT log_id, 3, 0, body FROM tile"
            " WHERE level = 0 AND idx = 0"
        ),
        {"tile"},
    ),
    "a missing tile": ("DELETE FROM tile WHERE level = 0 AND idx = 0", {"tile"}),
    "a held checkpoint": ("UPDATE log SET checkpoint = {sig}", {"signature"}),
    "a size": ("UPDATE log SET size = size - 1", {"checkpoint"}),
    "a next index": ("UPDATE log SET next_index = next_index - 1", {"proof"}),
    "an old root": ("UPDATE checkpoint SET root = {root} WHERE size = 201", {"root"}),
    "an old note": ("UPDATE checkpoint SET note = {signote}", {"checkpoint"}),
    "an old checkpoint": (
        (
            "INSERT INTO checkpoint SELECT log_id, 77, root, note FROM checkpoint"
            " WHERE size = 201"
        ),
        {"checkpoint", "root"},
    ),
    "a later checkpoint": (
        (
            "INSERT INTO checkpoint SELECT log_id, 9999, root, note FROM checkpoint"
            " WHERE size = 201"
        ),
        {"checkpoint", "root"},
    ),
    "a key statement": ("UPDATE key_statement SET note = {signote}", {"keys"}),
    "all key statements": ("DELETE FROM key_statement", {"keys"}),
    "a cosignature": ("UPDATE cosignature SET line = {sigline}", {"cosignature"}),
    "a claim": ("UPDATE claim_bundle SET body = {flip} WHERE idx = 0", {"claim"}),
    "a missing claim": (
        "DELETE FROM claim_bundle WHERE idx = 0",
        {"claim", "merged-row"},
    ),
    "a claim too many": (
        (
            "INSERT INTO claim_bundle SELECT log_id, 19, body FROM claim_bundle"
            " WHERE idx = 0"
        ),
        {"claim"},
    ),
    "a quarantined leaf": (
        "INSERT INTO rejected SELECT id, 5, 'record', 'no' FROM log",
        {"quarantine"},
    ),
    "a closing": ("UPDATE log SET closed_at = 5", {"closed"}),
    "what was said": ("UPDATE said SET review = 'unreviewed'", {"said"}),
    "a missing word": ("DELETE FROM said WHERE idx = 9", {"said"}),
    "a revision": ("UPDATE reference SET revision = 1", {"said"}),
    "a merged row": (
        "UPDATE merged SET row = {flip} WHERE key % 7 = 0",
        {"merged-row"},
    ),
    "a status": (
        "UPDATE merged SET status = 'agreed' WHERE status = 'single'",
        {"merged-row"},
    ),
    "a flag": ("UPDATE merged SET flags = flags + 1", {"merged-row"}),
    "a missing row": (
        "DELETE FROM merged WHERE key = (SELECT min(key) FROM merged)",
        {"merged-row"},
    ),
    "what was replaced": ("DELETE FROM superseded", {"merged-row"}),
    "a roll-up": ("DELETE FROM rollup WHERE region = '31'", {"roll-up"}),
    "a place": ("UPDATE record_place SET body = zeroblob(5)", {"place"}),
    "what needs a newer version": (
        "INSERT INTO unknown SELECT id, 5 FROM log",
        {"unknown"},
    ),
    "rows of no log": (
        "INSERT INTO key_statement SELECT 77 + log_id, 1, note FROM key_statement",
        {"stray"},
    ),
    "a time of a cosignature": (
        "UPDATE cosignature SET time = time + 1",
        {"cosignature"},
    ),
    "a version of key statements": (
        "UPDATE key_statement SET version = 3",
        {"keys"},
    ),
    "a second writing": (
        "UPDATE log_twice SET stalled = 'no'",
        {"row-log"},
    ),
    "a cursor": (
        "UPDATE merge_cursor SET idx = idx - 1 WHERE idx = 301",
        {"merged-row", "roll-up"},
    ),
}
FLIP = "CAST(substr(body, 1, 40) || char(1) || substr(body, 42) AS BLOB)"


@pytest.mark.parametrize("what", BEHIND)
def test_whatever_is_changed_is_found(hospital, tmp_path, what):
    statement, expected = BEHIND[what]
    flip = FLIP.replace("body", "row") if "SET row" in statement else FLIP
    with hospital.db.transaction() as tx:
        before = tx._connection.total_changes
        tx._connection.create_function("resign", 1, _resign)
        tx.execute(
            statement.format(
                flip=flip,
                root="zeroblob(32)",
                sig="resign(checkpoint)",
                signote="resign(note)",
                sigline="resign(line)",
            )
        )
        assert tx._connection.total_changes > before
    report = check(hospital, tmp_path)
    assert not report.is_clean
    assert expected <= codes(report), report.findings


def _resign(note):
    """The same note with another, bad signature of the same length."""
    at = len(note) - 12
    return (
        note[:at]
        + (b"AAAA" if note[at : at + 4] != b"AAAA" else b"BBBB")
        + note[at + 4 :]
    )


def test_a_guard_above_is_found_without_looking_deep(hospital, tmp_path):
    lift(hospital.guard, hospital.log.origin, 9999, bytes(32))
    assert codes(check(hospital, tmp_path, deep=False)) == {"guard-above"}


def test_a_guard_of_another_history_is_found(hospital, tmp_path):
    hospital.guard = FolderGuard(tmp_path / "other-guard")
    lift(hospital.guard, hospital.log.origin, hospital.state().size, bytes(32))
    assert codes(check(hospital, tmp_path, deep=False)) == {"guard-root"}


def test_a_guard_that_is_lost_is_found_and_a_copy_is_a_note(hospital, tmp_path):
    (path,) = (hospital.folder / "guard").glob("*.guard")
    path.write_bytes(path.read_bytes().partition(b"here ")[0])
    report = check(hospital, tmp_path, deep=False)
    assert report.is_clean
    assert {one.code for one in report.findings} == {"guard-copied"}
    path.unlink()
    assert codes(check(hospital, tmp_path, deep=False)) == {"guard-lost"}


@pytest.mark.parametrize("at", [0, 8, 20, 40])
def test_a_guard_that_is_damaged_is_found_by_name(hospital, tmp_path, at):
    (path,) = (hospital.folder / "guard").glob("*.guard")
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    report = check(hospital, tmp_path, deep=False)
    found = codes(report)
    assert found in ({"guard-damaged"}, {"guard-root"})  # in the hash it is a root
    if found == {"guard-damaged"}:
        assert f"{path} is damaged" in report.findings[0].detail


def test_what_is_no_difference_is_a_note(hospital, tmp_path):
    hospital.guard = FolderGuard(tmp_path / "behind")
    with hospital.db.view() as view:
        size, root, _ = next(logs.list_checkpoints(view, hospital.log.log_id))
    lift(hospital.guard, hospital.log.origin, size, root)
    with hospital.db.transaction() as tx:
        mirror = logs.get_log(tx, hospital.other.log.origin)
        logs.stall(tx, mirror.id, "nobody has its records")
        signer = hospital.other.keys.log_signer
        one, other = (
            sign_checkpoint(Checkpoint(mirror.origin, 7, bytes([n] * 32)), signer)
            for n in (1, 2)
        )
        logs.freeze(tx, mirror.id, format_evidence(one, other))
    report = check(hospital, tmp_path)
    assert report.is_clean
    assert {one.code for one in report.findings} == {
        "guard-behind",
        "stalled",
        "frozen",
    }


def test_a_log_frozen_for_two_key_statements_is_as_it_should_be(hospital, tmp_path):
    chain = hospital.other.log.chain
    again = structs.replace(chain.statements[0], recorded_at="2024-03-01T00:00:00Z")
    note = sign_statement(again, fixed_signer(f"{PARTNER}/identity"))
    evidence = format_fork(ForkError(chain.origin, chain.notes[0], note))
    with hospital.db.transaction() as tx:
        logs.freeze(tx, logs.get_log(tx, chain.origin).id, evidence)
    report = check(hospital, tmp_path)
    assert report.is_clean
    assert {one.code for one in report.findings} == {"frozen"}
    with hospital.db.transaction() as tx:
        tx.execute("UPDATE log SET frozen = substr(frozen, 1, 200)")
    assert "evidence" in codes(check(hospital, tmp_path))


def test_a_bad_leaf_in_quarantine_is_as_it_should_be(open_node, tmp_path, hospital):
    # The partner's log as it is, judged by keys that end in the middle of it.
    (name,) = hospital.other.log.chain.records_key_ranges
    ranges = hospital.other.log.chain.records_key_ranges
    with hospital.db.view() as view:
        mirror = logs.get_log(view, hospital.other.log.origin)
        before = claims.read_claims(view, mirror.id, 0, 999, 999)
    assert len(before) == 300
    ranges[name] = ranges[name]._replace(end=100)
    with hospital.db.view() as view:
        leaves = stored.read_leaves(view, mirror.id, 0, mirror.size)
    admission = admit(leaves, 0, hospital.other.log.chain, hospital.log.profile)
    assert len(admission.rejected) == 201
    with hospital.db.transaction() as tx:
        quarantine.save_rejected(tx, mirror.id, admission.rejected)
        claims.replace_claims(tx, mirror.id, 100, 300, ())
    # The pinned chain says that they are good: the quarantine is what is wrong.
    assert "quarantine" in codes(check(hospital, tmp_path))


@pytest.mark.slow
def test_a_flipped_bit_of_the_file_is_found_or_changes_nothing(hospital, tmp_path):
    hospital.db.close()
    whole = hospital.folder / "data"
    expected = _contents(whole)
    data = (whole / FILE_NAME).read_bytes()
    chance = random.Random(20240214)
    found = 0
    for number in range(30):
        folder = tmp_path / f"flip-{number}"
        shutil.copytree(whole, folder)
        at = chance.randrange(100, len(data))
        flipped = bytearray(data)
        flipped[at] ^= 1 << chance.randrange(8)
        (folder / FILE_NAME).write_bytes(flipped)
        report = check(hospital, tmp_path, folder=folder)
        if report.is_clean:
            assert _contents(folder) == expected, f"byte {at}"
        else:
            found += 1
        shutil.rmtree(folder)
    assert found > 10


COVERED = (
    "log",
    "bundle",
    "tile",
    "checkpoint",
    "key_statement",
    "cosignature",
    "rejected",
    "claim_bundle",
    "said",
    "reference",
    "rollup",
    "merge_cursor",
)


def _contents(folder):
    db = Database.open(folder, readonly=True)
    try:
        with db.view() as view:
            return [
                view.execute(f"SELECT * FROM {table}").fetchall() for table in COVERED
            ]
    except VerificationError:
        return None
    finally:
        db.close()


def test_a_pull_that_was_cut_off_before_its_first_record_is_no_difference(
    hospital, tmp_path
):
    """Found by `make attack ARGS="kills"`: known to the log, not yet to the map."""
    merge(hospital)
    with hospital.db.transaction() as tx:
        mirror = logs.add_log(tx, "new.example/pemilu-2024", own=False)
        aim(tx, mirror, b"note", 3, bytes(32))
    report = check(hospital, tmp_path)
    assert report.errors == 0, report.findings


def mend_copy(node, tmp_path):
    """Mend the node's database, and what an examination finds then."""
    one = examined(node, tmp_path)
    one.db.close()
    db = Database.open(node.folder / "data")
    try:
        mend(replace(one, db=db), node.log.chain.org)
    finally:
        db.close()
    return check(node, tmp_path)


def test_mending_knows_what_is_kept_and_not_shown_and_what_was_never_signed(
    hospital, tmp_path, monkeypatch
):
    new = draft(700)
    with monkeypatch.context() as patch:
        patch.setattr(FolderGuard, "_write", refuse_to_write)
        with pytest.raises(KeptError):
            append(hospital, new)
    state = hospital.state()
    with hospital.db.transaction() as tx:
        tx.execute("UPDATE told_twice SET idx = 1")
        tx.execute("UPDATE alarm_twice SET detail = 'x'")
        tx.execute("UPDATE merge_cursor_twice SET idx = 1")
        leaf = stored.read_leaf(tx, state.id, 5)
        logs.append_leaves(tx, state.id, state.next_index, [leaf], [hash_leaf(leaf)])
    assert codes(check(hospital, tmp_path))
    assert codes(mend_copy(hospital, tmp_path)) == set()
    assert append(hospital, new)[0].outcome == "held"


def test_mending_leaves_alone_what_follows_from_a_damaged_leaf(hospital, tmp_path):
    state = hospital.state()
    with hospital.db.transaction() as tx:
        width, body = tx.execute(
            "SELECT width, body FROM bundle WHERE log_id = ? AND idx = 2", (state.id,)
        ).fetchone()
        assert width < 256
        bad = body[:-20] + bytes([body[-20] ^ 1]) + body[-19:]
        tx.execute(
            "UPDATE bundle SET body = ? WHERE log_id = ? AND idx = 2", (bad, state.id)
        )
    with hospital.db.view() as view:
        before = claims.read_claims(view, state.id, 0, state.size, 1 << 20)
        said = statements.said_size(view, state.id)
    assert "root" in codes(mend_copy(hospital, tmp_path))
    with hospital.db.view() as view:
        assert claims.read_claims(view, state.id, 0, state.size, 1 << 20) == before
        assert statements.said_size(view, state.id) == said


def test_a_row_of_a_log_is_mended_where_the_guard_is_lost(hospital, tmp_path):
    state = hospital.state()
    with hospital.db.transaction() as tx:
        tx.execute("UPDATE log_twice SET size = 1 WHERE id = ?", (state.id,))
    for file in (hospital.folder / "guard").iterdir():
        file.unlink()
    assert codes(check(hospital, tmp_path)) == {"row-log", "guard-lost"}
    assert codes(mend_copy(hospital, tmp_path)) == {"guard-lost"}
