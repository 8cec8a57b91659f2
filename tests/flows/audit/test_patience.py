"""What does not come is a finding; it is not asked for again and again."""

import pytest

from federation.errors import PeerError
from federation.feeds.folder import Folder
from federation.feeds.resource import (
    LOGS,
    about_of,
    checkpoint_of,
    cosigned_of,
    fork_of,
    keys_of,
    log_path,
)
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.flows.audit import source
from federation.flows.audit.patience import (
    MAX_ABSENT,
    MAX_FAILED,
    MAX_SILENT,
    PatientFeed,
)
from federation.records.keychain import encode_keys
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.note import encode_notes
from federation.tlog.tile import Bundle
from tests.fakes import FakePeer
from tests.flows.audit.conftest import audit_folder, audit_peer, trust_in, write_folder


def refuse(*whats: str, status: int | None = 404):
    """Spoil an answer by not giving it."""

    def spoil(what, origin, data):
        if what.startswith(whats) and origin:
            raise PeerError("peer", what, status)
        return data

    return spoil


@pytest.mark.parametrize(
    ("cause", "is_file", "count"),
    [
        ("silent", False, 3),
        ("absent", True, 3),
        ("wrong", False, 3),
        ("wrong", True, 0),
        ("cut-off", True, 0),
    ],
)
async def test_what_every_log_has_counts_and_damaged_files_do_not(
    b, cause, is_file, count
):
    class Failing:
        async def fetch(self, _):
            raise PeerError("peer", "", None, "x", cause)

        async def tile(self, *_):
            raise PeerError("peer", "", None, "x", cause)

    feed = PatientFeed(Failing(), "peer", is_file=is_file)
    for named in (checkpoint_of, keys_of, about_of, fork_of, cosigned_of):
        with pytest.raises(PeerError):
            await feed.fetch(named(b.origin))
    with pytest.raises(PeerError):
        await feed.tile(b.origin, Bundle(0, 1))
    assert feed.failures(b.origin) == count
    assert feed.is_unasked(b.origin) == (cause == "silent")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(404, "missing"), (410, "missing"), (503, "unreachable"), (None, "unreachable")],
)
def test_a_node_that_hands_over_nothing_of_millions_is_soon_given_up(
    small, b, status, verdict
):
    note = sign_checkpoint(Checkpoint(b.origin, 1 << 26, bytes(32)), b.log)
    peer = FakePeer("peer").show(small, note=note)

    async def tile(origin, tile, most=None):
        what = "bundle" if isinstance(tile, Bundle) else "tile"
        peer.asked.append(f"{what} of {origin}")
        raise PeerError("peer", what, status)

    peer.tile = tile
    report = audit_peer(peer, trust_in(b))
    assert report.verdict == verdict
    assert peer.count("tile") + peer.count("bundle") <= MAX_FAILED
    assert any("given up after 20 failures" in one.detail for one in report.findings)


def test_a_node_of_which_no_log_answers_is_not_asked_for_the_others(small, b):
    peer = FakePeer("peer").show(small)
    peer.extra = [
        StatusEntry(
            about=NO_DIGEST,
            checkpoint="x",
            keys=NO_DIGEST,
            origin=f"z{at:04}.example/e",
        )
        for at in range(2000)
    ]
    for entry in peer.extra:
        peer.shown[entry.origin] = peer.shown[b.origin]
    shown = peer.entries()
    peer.entries = lambda: [*{one.origin: one for one in shown}.values()]
    true = refuse("keys", "checkpoint", status=None)
    peer.spoil = lambda what, origin, data: (
        data if origin == b.origin else true(what, origin, data)
    )
    report = audit_peer(peer, trust_in(b))
    assert report.verdict == "unreachable"
    assert [log.records for log in report.logs] == [small.size]
    assert peer.count("keys") == 1 + MAX_SILENT
    assert any("1997 histories were not asked for" in f.detail for f in report.findings)


def test_a_gap_in_a_log_that_answers_does_not_end_it(grown, a):
    peer = FakePeer("peer").show(grown)
    peer.spoil = refuse("bundle (0,")
    report = audit_peer(peer, trust_in(a))
    assert (report.verdict, report.logs[0].records) == ("missing", grown.size - 256)


def test_a_folder_with_a_signed_size_and_nothing_behind_is_soon_done(tmp_path, b):
    note = sign_checkpoint(Checkpoint(b.origin, 1 << 26, bytes(32)), b.log)
    files = {
        LOGS.path: format_status(
            [
                StatusEntry(
                    about=NO_DIGEST,
                    checkpoint=note.decode(),
                    keys=NO_DIGEST,
                    origin=b.origin,
                )
            ]
        ),
        log_path(b.origin, "checkpoint"): note,
        log_path(b.origin, "keys"): encode_keys(b.statements),
    }
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    asked = []
    true = Folder.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "read", lambda *of: (asked.append(of), true(*of))[1])
        report = audit_folder(tmp_path, trust_in(b))
    assert report.exit
    assert report.counts["missing"] >= 1
    # A partial tile is sought in the full one as well.
    assert len(asked) < 2 * MAX_ABSENT + 50


def test_earlier_confirmations_beyond_all_measure_are_not_kept(
    tmp_path, small, b, monkeypatch
):
    write_folder(tmp_path, small)
    path = tmp_path / log_path(b.origin, "cosigned")
    path.write_bytes(encode_notes([small.note(2)] * 900))
    assert audit_folder(tmp_path, trust_in(b)).exit == 0
    monkeypatch.setattr(source, "MAX_COSIGNED_BYTES", path.stat().st_size - 1)
    report = audit_folder(tmp_path, trust_in(b))
    assert report.verdict == "damaged"
    assert "more earlier confirmations" in report.findings[0].detail
