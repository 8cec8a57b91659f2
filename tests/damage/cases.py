"""The table of damage: what was done, and what each program must say of it.

Rule: what is expected is written here from the meaning of the words (their order in
`flows/audit/report.py`: of several the gravest is the verdict), never copied from an
answer. The page of the table is made of it (`scripts/make_damage.py`), the tests hold
three programs to it.

`go` is "" where the program in Go is not asked; `remark` says why. `notes` are what is
told besides, without a change of the verdict.
"""

# ruff: noqa: E501  a row of the table stays on one line

from collections.abc import Callable
from typing import Final, NamedTuple

from federation.feeds.resource import log_path
from federation.tlog.keys import format_vkey
from federation.tlog.note import encode_notes
from tests.damage import world
from tests.damage.handed import (
    base,
    changed,
    closed_log,
    document,
    evidence,
    forged_log,
    forked_log,
    given,
    grown_by,
    held_by_one,
    in_directory,
    in_length,
    in_record,
    key_statement,
    keys_digest,
    known,
    listed,
    lying_map,
    other_profile,
    published,
    rebuilt,
    receipt_keys,
    receipt_leaf,
    receipt_path,
    revoked_log,
    spaced,
    stranger,
    swapped,
    two_statements,
    unlisted,
    with_keys,
)
from tests.damage.spoil import (
    Given,
    change,
    change_bundle,
    change_records,
    cut,
    flip,
    flip_at,
    flip_line,
    without,
)
from tests.fakes import ELECTION, FakeOrg

ORIGIN: Final = world.ORGS[0].encode() + b"/" + ELECTION.encode()
MIRROR: Final = world.ORGS[1].encode() + b"/mirror"


class Case(NamedTuple):
    """One kind of damage, done in one way."""

    kind: str
    done: str
    given: Callable[[], Given]
    verify: str
    page: str
    go: str
    remark: str = ""
    notes: tuple[str, ...] = ()


PAGE_AGE: Final = "The page shows the time and leaves it to its reader."
PAGE_MAP: Final = "The page makes no map and says so."
TEXT: Final = "Go reads published files, no single texts."
NO_MAP: Final = "Go makes no map."
ZIP: Final = "Go reads folders and addresses."
LIST: Final = "Go does not read the list of logs."
TWO: Final = "Quorum fails as well: the file with the cosignatures is the one that is missing; by fingerprints, where no quorum is asked for, what happened to the file is the verdict."

CASES: Final = (
    Case("nothing", "read with the trust file", given, "proved", "proved", "proved"),
    Case("nothing", "read by three fingerprints", known, "proved", "proved", "proved"),
    Case("nothing", "read by the fingerprint of one of the three", lambda: given(trust=b"", fingerprints=world.fingerprints()[:1]), "proved", "proved", "proved", "The other two are told as strangers.", ("stranger",)),
    Case("nothing", "a receipt", lambda: document(world.receipt()), "proved", "proved", "", TEXT),
    Case("nothing", "a file more that nobody asks for", lambda: given(files=base() | {"other.txt": b"x"}), "proved", "proved", "proved", "Told, not judged.", ("extra-file",)),
    # A bit turned round
    Case("bit flip: record", "in a full bundle", lambda: changed("tile/entries/001", in_record), "altered", "altered", "altered"),
    Case("bit flip: record", "in the last bundle, a partial one", lambda: changed("tile/entries/002.p/188", lambda data: in_record(data, 650)), "altered", "altered", "altered"),
    Case("bit flip: record", "and all tiles made again to fit it", rebuilt, "altered", "altered", "altered", "Its signature, or the signed root, gives it away."),
    Case("bit flip: record", "the length before it: beyond the end", lambda: changed("tile/entries/001", in_length(500, 15)), "cut-off", "cut-off", "cut-off", "The bundle seems to end within the record: the same as if it did."),
    Case("bit flip: record", "the length before it: one byte more or less", lambda: changed("tile/entries/001", in_length(300, 0)), "altered", "altered", "altered"),
    Case("bit flip: tile", "level 0, full", lambda: changed("tile/0/001", flip_at(900)), "tile", "tile", "tile"),
    Case("bit flip: tile", "level 0, the last, a partial one", lambda: changed("tile/0/002.p/188", flip_at(900)), "tile", "tile", "tile"),
    Case("bit flip: tile", "level 1", lambda: changed("tile/1/000.p/2", flip_at(40)), "tile", "tile", "tile"),
    Case("bit flip: tile and record", "both of one record", lambda: given(files=change(change(base(), "tile/entries/001", in_record), "tile/0/001", flip_at(32 * 44))), "altered", "altered", "altered", "Which record of the 256 it is cannot be told any more."),
    Case("bit flip: checkpoint", "its size", lambda: changed("checkpoint", lambda data: flip(data, b"\n700\n", 3)), "checkpoint", "checkpoint", "checkpoint"),
    Case("bit flip: checkpoint", "its root", lambda: changed("checkpoint", lambda data: flip(data, b"\n700\n", 15)), "checkpoint", "checkpoint", "checkpoint"),
    Case("bit flip: checkpoint", "its signature", lambda: changed("checkpoint", lambda data: flip_line(data, ORIGIN)), "checkpoint", "checkpoint", "checkpoint"),
    Case("bit flip: checkpoint", "the copy in the list of logs", lambda: listed(lambda data: flip_line(data, ORIGIN)), "checkpoint", "checkpoint", "", LIST),
    Case("bit flip: cosignature", "of the newest checkpoint", lambda: changed("checkpoint", lambda data: flip_line(data, MIRROR)), "cosignature", "cosignature", "cosignature", "The quorum fails as well."),
    Case("bit flip: cosignature", "of an earlier checkpoint", lambda: changed("cosigned", lambda data: flip_line(data, MIRROR)), "cosignature", "cosignature", "", "Go does not read earlier checkpoints."),
    Case("bit flip: keys", "in a key statement", lambda: changed("keys", key_statement), "keys", "keys", "keys"),
    Case("bit flip: keys", "the length of a statement", lambda: changed("keys", flip_at(0, 6)), "cut-off", "cut-off", "cut-off", "The file seems to end within the statement."),
    Case("bit flip: list of logs", "the digest of the keys", lambda: listed(keys_digest), "keys", "keys", "", LIST),
    Case("bit flip: list of logs", "a bracket", lambda: listed(flip_at(-1)), "damaged", "damaged", "", LIST),
    Case("bit flip: receipt", "its record", lambda: document(receipt_leaf()), "receipt", "receipt", "", TEXT),
    Case("bit flip: receipt", "a hash of its path", lambda: document(receipt_path()), "receipt", "receipt", "", TEXT),
    Case("bit flip: receipt", "its index", lambda: document(flip(world.receipt(), b"\nindex 300", 9)), "receipt", "receipt", "", TEXT),
    Case("bit flip: receipt", "its checkpoint", lambda: document(flip(world.receipt(), b"\n700\n", 3)), "checkpoint", "checkpoint", "", TEXT),
    Case("bit flip: receipt", "the checkpoint's signature", lambda: document(flip_line(world.receipt(), ORIGIN)), "checkpoint", "checkpoint", "", TEXT),
    Case("bit flip: receipt", "a cosignature", lambda: document(flip_line(world.receipt(), MIRROR)), "cosignature", "cosignature", "", TEXT),
    Case("bit flip: receipt", "its key statement", lambda: document(receipt_keys()), "keys", "keys", "", TEXT),
    Case("bit flip: receipt", "its first line", lambda: document(flip(world.receipt(), b"tlog-proof@v1", 12)), "damaged", "damaged", "", TEXT),
    Case("bit flip: other texts", "a record, beside the keys", lambda: with_keys(in_record(world.grown().leaves[300])), "bad-record", "bad-record", "", TEXT),
    Case("bit flip: other texts", "a checkpoint, beside the keys", lambda: with_keys(flip(world.grown().note(), b"\n700\n", 3)), "checkpoint", "checkpoint", "", TEXT),
    Case("bit flip: other texts", "evidence of two histories, beside the keys", lambda: with_keys(flip(evidence(forked_log()), b"\n512\n", 9)), "damaged", "damaged", "", TEXT + " It accuses nobody."),
    Case("bit flip: data file", "in packed records", lambda: given(pack=lambda data: flip(data, b"/tile/entries/001", 2000)), "damaged", "damaged", "", ZIP),
    Case("bit flip: data file", "in a hash tile, which is not packed", lambda: given(pack=lambda data: flip(data, base()[log_path(world.owner().origin, "tile/0/001")], 900)), "damaged", "damaged", "", ZIP + " The ZIP's own check sum does not fit."),
    Case("bit flip: data file", "a check sum in its directory", lambda: given(pack=in_directory(-30)), "damaged", "damaged", "", ZIP),
    Case("bit flip: data file", "the name of a hash tile in its directory", lambda: given(pack=in_directory(15)), "missing", "missing", "", ZIP + " Under the name that it should have, the file is not there."),
    # Records in another order or number
    Case("dropped record", "from a bundle, which is one shorter", lambda: given(files=change_bundle(base(), lambda all_: all_[:44] + all_[45:])), "dropped", "dropped", "dropped"),
    Case("dropped record", "and all that follow moved up", lambda: given(files=change_records(base(), lambda all_: all_[:300] + all_[301:])), "dropped", "dropped", "dropped"),
    Case("dropped record", "the very last", lambda: given(files=change_records(base(), lambda all_: all_[:-1])), "dropped", "dropped", "dropped", "The same bytes as of a bundle that was cut behind a record."),
    Case("duplicated record", "in a bundle, which is one longer", lambda: given(files=change_bundle(base(), lambda all_: [*all_[:45], *all_[44:]])), "duplicated", "duplicated", "duplicated"),
    Case("duplicated record", "and all that follow moved down", lambda: given(files=change_records(base(), lambda all_: [*all_[:301], *all_[300:]])), "duplicated", "duplicated", "duplicated"),
    Case("duplicated record", "written over the one that follows", lambda: given(files=change_bundle(base(), lambda all_: [*all_[:45], all_[44], *all_[46:]])), "dropped", "dropped", "dropped", "One is there twice and one is gone: the graver of the two."),
    Case("swapped records", "in a bundle", lambda: given(files=change_bundle(base(), swapped(44, 47))), "swapped", "swapped", "swapped"),
    Case("swapped records", "of two bundles", lambda: given(files=change_records(base(), swapped(300, 600))), "swapped", "swapped", "altered", "Go looks at one bundle at a time."),
    # Old, too few, or not by whom it should be
    Case("stale checkpoint", "with `--max-age 1d`", lambda: given(options=("--max-age", "1d")), "stale", "proved", "", PAGE_AGE + " Go knows no ages."),
    Case("stale checkpoint", "beside a source that shows more", lambda: given(files=world.publish(world.grown().truncate(600)), second=base(), older=(world.grown().note(),)), "proved", "proved", "proved", "An older state is no fault; it is told.", ("behind",)),
    Case("too few cosignatures", "one of two", lambda: given(files=change(base(), "checkpoint", lambda _: held_by_one())), "quorum", "quorum", "", "Go knows no quorum."),
    Case("too few cosignatures", "none", lambda: given(files=change(base(), "checkpoint", lambda _: world.grown().note())), "quorum", "quorum", "", "Go knows no quorum."),
    Case("too few cosignatures", "in a receipt", lambda: document(world.receipt(checkpoint=held_by_one())), "quorum", "quorum", "", TEXT),
    Case("wrong key", "the trust file names another key of this log", lambda: given(trust=world.trust_file(world.forger()), log_key=format_vkey(world.forger().log.key)), "wrong-key", "wrong-key", "wrong-key"),
    Case("wrong key", "the fingerprint is another's", stranger, "wrong-key", "wrong-key", "", "Go asks for the log's key, not for a fingerprint."),
    Case("wrong key", "a log forged in this name, by its own keys", lambda: given(files=world.publish(forged_log())), "wrong-key", "wrong-key", "wrong-key"),
    Case("wrong key", "a receipt out of it", lambda: document(world.receipt(tree=forged_log())), "wrong-key", "wrong-key", "", TEXT),
    Case("wrong key", "nothing to compare with", lambda: Given(files=base()), "unpinned", "unpinned", "", "Go asks for the log's key."),
    Case("revoked key", "a record by it, logged", lambda: published(revoked_log()), "proved", "proved", "proved", notes=("set-apart",)),
    Case("revoked key", "a receipt for that record", lambda: document(world.receipt(701, revoked_log())), "revoked", "revoked", "", TEXT),
    # Two histories
    Case("forked log", "two sources, equal sizes", lambda: given(files=base(), second=world.publish(forked_log()), older=(forked_log().note(),)), "forked", "forked", "forked"),
    Case("forked log", "two sources, one shows less", lambda: given(files=base(), second=world.publish(forked_log().truncate(600)), older=(forked_log().note(600),)), "forked", "forked", "forked"),
    Case("forked log", "an earlier cosigned checkpoint of another history", lambda: changed("cosigned", lambda _: encode_notes([world.cosigned(forked_log().note(512))])), "forked", "forked", "", "Go does not read earlier checkpoints."),
    Case("forked log", "evidence of it", lambda: document(evidence(forked_log())), "forked", "forked", "", TEXT),
    Case("forked log", "evidence that is published beside the log", lambda: given(files=base() | {log_path(world.owner().origin, "fork"): evidence(forked_log())}), "forked", "forked", "", "Go does not read evidence."),
    Case("forked log", "evidence that proves nothing", lambda: with_keys(evidence(world.grown())), "damaged", "damaged", "", TEXT + " It accuses nobody."),
    Case("forked log", "receipts out of two histories", lambda: given(files={}, documents={"one.txt": world.receipt(), "other.txt": world.receipt(tree=forked_log())}), "forked", "forked", "", TEXT),
    Case("forked log", "two key statements of one version", two_statements, "forked", "forked", "", "Go compares no key statements."),
    # Cut off, or not there
    Case("cut off", "a data file, in the middle", lambda: given(pack=cut), "cut-off", "cut-off", "", ZIP),
    Case("cut off", "a data file, its last byte", lambda: given(pack=lambda data: data[:-1]), "cut-off", "cut-off", "", ZIP),
    Case("cut off", "a bundle of records", lambda: changed("tile/entries/001", lambda data: data[:-9]), "cut-off", "cut-off", "cut-off"),
    Case("cut off", "a hash tile, level 0", lambda: changed("tile/0/001", cut), "cut-off", "cut-off", "cut-off"),
    Case("cut off", "a hash tile, level 1", lambda: changed("tile/1/000.p/2", cut), "cut-off", "cut-off", "cut-off"),
    Case("cut off", "the key file", lambda: changed("keys", cut), "cut-off", "cut-off", "cut-off"),
    Case("cut off", "a receipt", lambda: document(cut(world.receipt())), "damaged", "damaged", "", TEXT + " A text says nowhere how long it is: damaged."),
    Case("missing file", "a bundle of records", lambda: given(files=without(base(), "tile/entries/001")), "missing", "missing", "missing"),
    Case("missing file", "a hash tile", lambda: given(files=without(base(), "tile/0/001")), "missing", "missing", "missing"),
    Case("missing file", "the key file", lambda: given(files=without(base(), "keys")), "missing", "missing", "missing"),
    Case("missing file", "the list of logs, read by fingerprints", lambda: known(files=unlisted()), "missing", "missing", "", LIST),
    Case("missing file", "the list of logs, read with the trust file", lambda: given(files=unlisted()), "missing", "missing", "", LIST),
    Case("missing file", "the checkpoint, read by fingerprints", lambda: known(files=without(base(), "checkpoint")), "missing", "missing", "missing"),
    Case("missing file", "the checkpoint, read with the trust file", lambda: given(files=without(base(), "checkpoint")), "quorum", "quorum", "missing", TWO),
    # Signed for by the log, and still not to be believed
    Case("foreign record", "of another organisation", lambda: published(grown_by(world.partners()[0].result(800))), "foreign", "foreign", "foreign"),
    Case("foreign record", "of another election", lambda: published(grown_by(FakeOrg(world.ORGS[0], "pilpres-2019").result(800))), "foreign", "foreign", "foreign"),
    Case("bad record", "its signature does not hold", lambda: published(grown_by(in_record(world.owner().result(800)))), "bad-record", "bad-record", "bad-record"),
    Case("bad record", "signed, but not in its one form", lambda: published(grown_by(spaced())), "bad-record", "bad-record", "", "Go does not judge the form of a record."),
    Case("bad record", "after the log was closed", lambda: published(closed_log()), "bad-record", "bad-record", "", "Go does not judge what a record says."),
    # The map
    Case("map that lies", "its digest", lambda: lying_map(digest="0" * 64), "map", "proved", "", f"{PAGE_MAP} {NO_MAP}"),
    Case("map that lies", "how many polling stations it has", lambda: lying_map(rows=700), "map", "proved", "", f"{PAGE_MAP} {NO_MAP}"),
    Case("map that lies", "out of how many records it is made", lambda: lying_map(vector={world.owner().origin: 699}), "map", "proved", "", f"{PAGE_MAP} {NO_MAP}"),
    Case("map that lies", "out of more records than there are", lambda: lying_map(vector={world.owner().origin: 701}), "proved", "proved", "", f"{NO_MAP} Nobody can make it again; it is told.", ("no-map",)),
    Case("map that lies", "the profile that it names is another", other_profile, "damaged", "proved", "", f"{PAGE_MAP} {NO_MAP}"),
)  # fmt: skip
