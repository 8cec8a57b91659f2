"""Logs whose records name photographs, as far as the index must know them."""

from federation.records.admission import to_claim
from federation.records.claim import bundle_claims
from federation.records.incident import Incident
from federation.records.keystatement import format_origin
from federation.records.profile import Profile
from federation.records.result import Evidence, TpsResult
from federation.records.sealed import Sealed, leaf_text, record_id, seal
from federation.store import claims, logs
from federation.store.logs import Log
from federation.tlog.merkle import hash_leaf
from tests.ownnode import ELECTION, fixed_signer, small_profile

A, B = "a.example", "b.example"


def file_of(digest: str, **members: object) -> Evidence:
    usual = {"media_type": "image/jpeg", "sha256": digest, "size": 1000}
    return Evidence(**(usual | members))


def result(
    org: str, tps: str, files: list[Evidence] | None, cites: str | None = None
) -> TpsResult:
    named = {"evidence": tuple(files)} if files else {}
    if cites:
        named["derived_from"] = cites
    return TpsResult(
        contest="ppwp",
        election=ELECTION,
        form="plano",
        org=org,
        recorded_at="2024-02-14T13:05:00Z",
        review="reviewed",
        round="reguler",
        source="observer",
        tps=tps,
        candidates={"01": 1},
        **named,
    )


def add_named(
    db,
    org: str,
    rows: list[tuple[str, list[Evidence] | None]],
    visibility: str = "public",
    *,
    own: bool = False,
    size: int | None = None,
    cites: str | None = None,
) -> Log:
    """A log of these stations and their files; `size` is what is signed of it.

    With `cites` its records say that they are derived from that one.
    """
    origin = format_origin(org, ELECTION)
    if visibility != "public":
        origin += f"/{visibility}"
    with db.transaction() as tx:
        log = logs.add_log(tx, origin, own=own)
    said = [result(org, tps, files, cites) for tps, files in rows]
    if visibility == "public":
        add_leaves(db, log, said)
    else:
        add_reports(db, log, said)
    with db.transaction() as tx:
        tx.execute(
            "UPDATE log SET size = ? WHERE id = ?",
            (len(rows) if size is None else size, log.id),
        )
        return logs.log_by_id(tx, log.id)


def add_reports(db, log: Log, results: list[TpsResult]) -> None:
    """Reports of something at these stations, with the same files."""
    signer = fixed_signer(f"{log.org}/records")
    reports = [
        Incident(
            category="prosedur_tps",
            election=log.election,
            happened_at=said.recorded_at,
            id=f"{number:032x}",
            law="administrasi",
            org=log.org,
            recorded_at=said.recorded_at,
            reported_at=said.recorded_at,
            summary="Kotak suara dibuka sebelum waktunya",
            tps=said.tps,
            evidence=said.evidence,
        )
        for number, said in enumerate(results)
    ]
    leaves = [seal(report, signer) for report in reports]
    with db.transaction() as tx:
        logs.append_leaves(tx, log.id, 0, leaves, list(map(hash_leaf, leaves)))


def add_leaves(
    db, log: Log, results: list[TpsResult], profile: Profile | None = None
) -> None:
    """Records at the end of a log, with their claims, as if they had been admitted."""
    signer, profile = fixed_signer(f"{log.org}/records"), profile or small_profile()
    with db.transaction() as tx:
        start = logs.log_by_id(tx, log.id).next_index
        leaves = [seal(result, signer) for result in results]
        logs.append_leaves(tx, log.id, start, leaves, list(map(hash_leaf, leaves)))
        found = []
        for index, (leaf, said) in enumerate(zip(leaves, results, strict=True), start):
            text = leaf_text(leaf)
            claim = to_claim(Sealed(index, record_id(text), said, text), profile)
            found.append(claim)
        claims.save_claims(tx, log.id, bundle_claims(found))
