"""What lies beside the logs says nothing of a record, but must be what it is named."""

import hashlib

from federation.feeds.resource import ABOUT, ELECTIONS
from federation.flows.audit.extras import Listing
from federation.records.about import About, sign_about
from federation.verifier import page
from tests.flows.audit.conftest import audit_folder, trust_in, write_folder


def about_of(owner) -> About:
    return About(
        attribution="",
        audience=(),
        contact="data@example.org",
        identity=str(owner.identity.key),
        issue=1,
        licence="CC-BY-4.0",
        logs=(),
        name="Jaga",
        org=owner.org,
        versions=(1,),
    )


def put(folder, path: str, data: bytes) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)


def test_an_about_note_must_be_signed_by_the_node_it_speaks_of(tmp_path, small, a, b):
    write_folder(tmp_path, small)
    note = sign_about(about_of(b), b.node)
    put(tmp_path, ABOUT.path, note)
    assert audit_folder(tmp_path, trust_in(b)).exit == 0
    put(tmp_path, ABOUT.path, note.replace(b"Jaga", b"Raja"))
    assert audit_folder(tmp_path, trust_in(b)).verdict == "damaged"
    # Of somebody whose keys are not here nothing can be said.
    put(tmp_path, ABOUT.path, sign_about(about_of(a), a.node))
    assert audit_folder(tmp_path, trust_in(b)).exit == 0


def test_only_where_leaf_hashes_begin_with_the_records_are_earlier_ones_elsewhere():
    """Else the records were taken out of the folder, and the log is not whole."""
    origin = "jagapemilu.example/pemilu-2024"
    log = hashlib.sha256(origin.encode()).hexdigest()

    def first(*paths):
        return Listing(f"{log}/tile/{path}" for path in paths).first_leaf(origin, 600)

    whole = ("0/000", "0/001", "0/002.p/88", "1/000.p/2")
    assert first(*whole, "entries/000", "entries/001", "entries/002.p/88") == 0
    assert first(*whole[1:], "entries/001", "entries/002.p/88") == 256
    assert first(*whole, "entries/001", "entries/002.p/88") == 0
    assert first(*whole[2:], "entries/002.p/88") == 512


def test_a_profile_must_be_what_its_name_says(tmp_path, small, b):
    write_folder(tmp_path, small)
    name = hashlib.sha256(b"{}").hexdigest()
    put(tmp_path, f"v1/basis/{name}", b"{}")
    assert audit_folder(tmp_path, trust_in(b)).exit == 0
    put(tmp_path, f"v1/basis/{name}", b"{ }")
    assert audit_folder(tmp_path, trust_in(b)).verdict == "damaged"


def test_a_list_of_elections_must_be_whole(tmp_path, small, b):
    write_folder(tmp_path, small)
    put(tmp_path, ELECTIONS.path, b'{"elections":[]}')
    assert audit_folder(tmp_path, trust_in(b)).exit == 0
    for damaged in (b'{"elections":[]', b'{"elections":["\xff"]}', b"[" * 5000, b"\0"):
        put(tmp_path, ELECTIONS.path, damaged)
        assert audit_folder(tmp_path, trust_in(b)).verdict == "damaged"


def test_a_page_that_is_not_ours_is_told(tmp_path, small, b):
    write_folder(tmp_path, small)
    put(tmp_path, "verify.html", page())
    assert "extra-file" not in audit_folder(tmp_path, trust_in(b)).counts
    put(tmp_path, "verify.html", page().replace(b"</script>", b";</script>", 1))
    assert audit_folder(tmp_path, trust_in(b)).counts["extra-file"] == 1
