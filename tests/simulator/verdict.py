"""What is judged of a world whose ways are good again."""

from typing import Final

from federation.errors import FederationError
from federation.records.evidence import open_evidence
from federation.store import alarms, logs
from federation.store.leaves import read_record
from federation.store.mapreading import map_digest
from tests.fakes import FakeOrg
from tests.ownnode import ELECTION
from tests.simulator.member import Member
from tests.simulator.world import World, owner_of

#: Alarms that say nothing against anybody: two records are alike, a figure changed.
HARMLESS: Final = frozenset({"suspected-echo", "several-refs", "changed-after-held"})

#: What may stand of a log that has ended: it is shown no more, or less of it, so that
#: nothing clears what a bad way has raised.
OF_ENDED: Final = frozenset({"behind", "stalled", "feed-refused"})


def judge_kept(world: World) -> None:
    """What was acknowledged is in the log of whoever did, and so is all of it shown."""
    for one in world.acknowledged:
        origin = owner_of(one.org).origin
        with world.up[one.org].db.view() as view:
            log = logs.get_log(view, origin)
            try:
                found = read_record(view, log.id, one.index).record
            except FederationError as error:
                found = str(error)
        if found != one.record:
            world.fault(f"{one.org}: lost record {one.index}: {found}")


def judge_equal(world: World) -> None:
    """Every log of these is the same at each of them."""
    for org in world.honest:
        origin = owner_of(org).origin
        own = world.leaves_of(world.up[org], origin)
        for other in world.honest:
            held = world.leaves_of(world.up[other], origin)
            if held != own:
                world.fault(
                    f"{other} holds {len(held)} leaves of {org}, which has {len(own)}"
                )


def judge_maps(world: World) -> None:
    """All have the same map."""
    digests = dict[str, str]()
    for org in world.honest:
        with world.up[org].db.view() as view:
            digests[org] = map_digest(view, ELECTION)
    if len(set(digests.values())) > 1:
        world.fault(f"maps differ: {digests}")


def hide(member: Member, org: str) -> None:
    """Leave an organisation out of the map of a member, as an operator would."""
    path = member.resources.home.peers
    entry = f'org = "{org}"\n'
    path.write_text(path.read_text().replace(entry, entry + "hidden = true\n"))
    member.peers.refresh()


def judge_calm(world: World, ended: str = "") -> None:
    """Nothing stands against anybody, and everybody may sign.

    `ended`: a log of which more was signed than anybody has, which is told as well.
    """
    for org in world.honest:
        member = world.up[org]
        for code, subject in alarms_of(member):
            is_told = ended and subject.endswith(ended) and code in OF_ENDED
            if code not in HARMLESS and not is_told:
                world.fault(f"{org}: alarm {code} of {subject}")
        if reason := member.gate.reason(member.origin):
            world.fault(f"{org} may not sign: {reason}")
        with member.db.view() as view:
            for log in logs.list_logs(view):
                if log.origin != ended and (log.frozen or log.stalled or log.pending):
                    world.fault(f"{org}: {log.origin} stands still: {log.stalled}")


def alarms_of(member: Member) -> set[tuple[str, str]]:
    """Which alarms stand at a member."""
    with member.db.view() as view:
        return {(one.code, one.subject) for one in alarms.list_alarms(view)}


def has_proof(member: Member, owner: FakeOrg) -> bool:
    """Whether a member has proof that an organisation signed two histories."""
    with member.db.view() as view:
        held = {log.origin: log.frozen for log in logs.list_logs(view)}
    frozen = held.get(owner.origin)
    if frozen is not None:
        open_evidence(frozen, owner.chain)
    return frozen is not None


def record_at(member: Member, index: int) -> str:
    """The record that is there in a member's own log; "": none."""
    with member.db.view() as view:
        try:
            return read_record(view, member.log.log_id, index).record
        except FederationError:
            return ""
