"""Mail that came back from agencies: kept, told, read, dealt with, deleted.

Rule: nothing is signed of it here. Each use of what it says is in the log of actions
before it is made, as of an annex (`flows/annex/uses.py`); what it answers is told by an
alarm, by the name of the report and no word of the mail. All of it runs on the writer
thread, a transaction each.

    mail-show   mail-export   mail-done   mail-purge   mail-expire

    agency-mail          goes away when somebody has dealt with it   incident and agency
    agency-mail-bounced  likewise                                    likewise

Who knows our address can send what they like: so much is kept, and of what answers
nothing that we sent less, so that it takes no room from what does.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from federation.config.agencies import Agency
from federation.errors import ConflictError, NotFoundError
from federation.flows.annex.uses import check_why, find_coordinator
from federation.flows.refer.inmail import MailFacts
from federation.flows.refer.mail import message_id
from federation.flows.refer.row import Hand
from federation.store import alarms
from federation.store.actions import MACHINE, note_action
from federation.store.agencyanswers import (
    AgencyAnswer,
    change_answer,
    drop_answer,
    find_answer,
    list_answers,
    save_answer,
)
from federation.store.outbox import OutboxItem, list_items
from federation.store.view import Transaction, View
from federation.text import Sentence

CAME: Final = "agency-mail"
BOUNCED: Final = "agency-mail-bounced"
MAX_BOX: Final = 1 << 30
MAX_UNKNOWN: Final = 1 << 28
MOST_UNKNOWN: Final = 10_000
#: What answers nothing that we sent is kept for so long.
UNKNOWN_DAYS: Final = 30
_DAY_S: Final = 86_400
_NUMBER_DIGITS: Final = 16

MailAct: TypeAlias = Literal["show", "export"]


class MailUse(NamedTuple):
    """What is done with which mail, by whom ("": the machine), why, and when."""

    what: MailAct
    id: str
    person: str
    why: str
    at: int


def find_answered(view: View, facts: MailFacts, org: str) -> OutboxItem | None:
    """The report at the agency that a mail is about; None: nobody can tell.

    By the number of the message that we sent, else by that of the papers. Of papers
    that went to two agencies the second does not say to which of them.
    """
    items = list_items(view)
    for item in items:
        if item.dossier and message_id(item, org).strip("<>") in facts.message_ids:
            return item
    named = [one for one in items if one.dossier[:_NUMBER_DIGITS] in facts.numbers]
    return named[0] if len(named) == 1 else None


def to_answer(
    mail_id: str, size: int, facts: MailFacts, item: OutboxItem | None, now: int
) -> AgencyAnswer:
    """What is noted of a mail; `item`: what it is about."""
    return AgencyAnswer(
        id=mail_id,
        way="mail",
        kind=facts.kind,
        agency="" if item is None else item.agency,
        incident="" if item is None else item.incident,
        size=size,
        received_at=now,
    )


def compare_sender(
    answer: AgencyAnswer, sender: str, agencies: tuple[Agency, ...]
) -> AgencyAnswer:
    """The same, with whether it says it is from the address of its agency."""
    known = [one.email for one in agencies if one.key == answer.agency and one.email]
    if not known:
        return answer
    is_named = sender in {one.lower() for one in known}
    told: Literal["agency", "other"] = "agency" if is_named else "other"
    return msgspec.structs.replace(answer, sender=told)


def check_room(view: View, answer: AgencyAnswer) -> None:
    """Refuse what would take more room than mail may have.

    Raises:
        ConflictError: there is none now; what is there goes by itself in time.
    """
    kept = [one for one in list_answers(view) if one.way == "mail"]
    if sum(one.size for one in kept) + answer.size > MAX_BOX:
        raise ConflictError(Sentence("answers.full", most=MAX_BOX >> 20))
    if answer.incident:
        return
    unknown = [one for one in kept if not one.incident]
    room = MAX_UNKNOWN - sum(one.size for one in unknown)
    if answer.size > room or len(unknown) >= MOST_UNKNOWN:
        raise ConflictError(Sentence("answers.full", most=MAX_UNKNOWN >> 20))


def note_mail(tx: Transaction, answer: AgencyAnswer) -> bool:
    """Write down that it came, and tell whoever has to look; whether it is new."""
    is_new = save_answer(tx, answer)
    if is_new and answer.incident:
        code = BOUNCED if answer.kind == "bounce" else CAME
        detail = Sentence(f"answers.came-{answer.kind}", id=answer.id)
        alarms.raise_alarm(tx, code, _subject(answer), detail, answer.received_at)
    return is_new


def note_mail_use(tx: Transaction, use: MailUse) -> None:
    """Write a use down, in the transaction before it is made.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may read it.
        FormatError: the reason tells of a person.
    """
    check_why(use.why)
    _known(tx, use.id)
    _note(tx, f"mail-{use.what}", f"{use.id} {use.why}", Hand(use.person, use.at))


def end_mail(tx: Transaction, mail_id: str, hand: Hand) -> AgencyAnswer:
    """Somebody has dealt with it; done before, it stays as it was.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may say so.
    """
    answer = _known(tx, mail_id)
    if answer.done_at:
        return answer
    _note(tx, "mail-done", mail_id, hand)
    done = msgspec.structs.replace(answer, done_at=hand.at, done_by=hand.person)
    change_answer(tx, done)
    _clear(tx, answer)
    return done


def note_purge(tx: Transaction, mail_id: str, why: str, hand: Hand) -> AgencyAnswer:
    """It is about to be deleted; that it came stays known, so it does not come again.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may delete it.
        FormatError: the reason tells of a person.
    """
    check_why(why)
    answer = _known(tx, mail_id)
    _note(tx, "mail-purge", f"{mail_id} {why}", hand)
    done_at = answer.done_at or hand.at
    gone = msgspec.structs.replace(answer, size=0, done_at=done_at)
    change_answer(tx, gone)
    _clear(tx, answer)
    return gone


def find_due_mail(view: View, days: int, now: float) -> list[AgencyAnswer]:
    """Those that have had their time; `days`: of those that answer something."""
    return [
        one
        for one in list_answers(view)
        if one.way == "mail"
        and one.received_at + (days if one.incident else UNKNOWN_DAYS) * _DAY_S <= now
    ]


def forget_mail(tx: Transaction, answer: AgencyAnswer, now: int) -> None:
    """Its time has come: it is deleted, and nothing is known of it any more."""
    _note(tx, "mail-expire", answer.id, Hand("", now))
    drop_answer(tx, answer.id)
    _clear(tx, answer)


def _known(view: View, mail_id: str) -> AgencyAnswer:
    answer = find_answer(view, mail_id)
    if answer is None or answer.way != "mail":
        raise NotFoundError(Sentence("answers.no-mail", id=mail_id))
    return answer


def _note(tx: Transaction, what: str, subject: str, hand: Hand) -> None:
    name, role = MACHINE
    if hand.person:
        known = find_coordinator(tx, hand.person, hand.at)
        name, role = known.name, known.role
    note_action(tx, name, role, what, subject, hand.at)


def _subject(answer: AgencyAnswer) -> str:
    return f"{answer.incident} {answer.agency}"


def _clear(tx: Transaction, answer: AgencyAnswer) -> None:
    """Take the alarm away, unless another mail about the same waits."""
    if not answer.incident:
        return
    for code, is_bounce in ((CAME, False), (BOUNCED, True)):
        waits = any(
            one.way == "mail"
            and not one.done_at
            and (one.kind == "bounce") is is_bounce
            and _subject(one) == _subject(answer)
            for one in list_answers(tx)
        )
        if not waits:
            alarms.clear_alarm(tx, code, _subject(answer))
