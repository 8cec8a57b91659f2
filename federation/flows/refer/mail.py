"""Papers as an e-mail, handed to a mail server so far that it is known what it did.

Rule: everything that may fail is done before the first byte of the papers: connected,
TLS with a certificate that holds, signed in, sender and recipient taken. Then the
caller writes down that it is being sent, and `deliver` sends it. Until the last dot
nothing was accepted, whatever breaks; behind it only the server's answer says what
became of it, and without one nobody knows.

    MailError.is_known    True: it was not taken        False: it may have been
    MailError.is_final    True: it will not be (5xx)    False: later (4xx, network)

The number of the message follows from what it holds, so whoever gets it twice has two
of one number. Nothing of the papers stands in the message beside them.

Source: RFC 5321, RFC 8314
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from federation.config.agencies import Agency
from federation.flows.refer.row import quote_answer
from federation.store.outbox import OutboxItem
from federation.text import Sentence, Text
from federation.text.cause import tell_refusal

#: One answer of the server may take so long; all of it `MAIL_S`.
STEP_S: Final = 60.0
MAIL_S: Final = 300.0
_NEVER: Final = range(500, 600)
_CRLF: Final = b"\r\n"


class MailError(Exception):
    """The server did not take it; `answer` is what it or the network said."""

    def __init__(
        self, answer: Sentence, *, is_final: bool = False, is_known: bool = True
    ) -> None:
        """See the head of this file."""
        super().__init__(answer)
        self.answer, self.is_final, self.is_known = answer, is_final, is_known


class MailServer(NamedTuple):
    """Where mail is handed in.

    Attributes:
        host: Its name, which its certificate must hold.
        port: Its port.
        security: `tls` from the first byte, `starttls`, or `plain` for this machine.
        user: To sign in as; "": not at all.
        password: With which.
        ca_file: Authorities to be believed; None: those of the system.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None


def message_id(item: OutboxItem, org: str) -> str:
    """The number of the message, the same each time these papers go there."""
    text = f"{org} {item.incident} {item.agency} {item.dossier}"
    return f"<{sha256(text.encode()).hexdigest()[:32]}@{org}>"


def write_mail(  # noqa: PLR0913  all that stands in one
    item: OutboxItem,
    agency: Agency,
    papers: bytes,
    *,
    sender: str,
    name: str,
    org: str,
    now: float,
) -> EmailMessage:
    """The message, with the papers.

    Args:
        item: What is sent: papers of a report, or a note.
        agency: To whom, in whose language.
        papers: The PDF, or the text of the note.
        sender: Our address.
        name: What we are called.
        org: Our organisation.
        now: Unix seconds.
    """
    t = Text(agency.language)
    mail = EmailMessage(policy=SMTP)
    number = item.dossier[:16]
    kind = t(f"outbox.mail-{item.formal or 'report'}")
    if item.kind == "note":
        kind = t("outbox.mail-note")
    mail["Subject"] = t("outbox.mail-subject", kind=kind, number=number)
    mail["From"] = f'"{_quoted(name)}" <{sender}>'
    mail["To"] = agency.email or ""
    mail["Date"] = formatdate(now)
    mail["Message-ID"] = message_id(item, org)
    mail["Auto-Submitted"] = "no"
    again = t("outbox.mail-again", number=number) if item.again else ""
    if item.kind == "note":
        mail.set_content(again + papers.decode())
        return mail
    body = t(
        "outbox.mail-body",
        agency=agency.name,
        name=name,
        incident=item.incident,
        digest=item.dossier,
        number=number,
        again=again,
    )
    mail.set_content(body.strip() + "\n")
    mail.add_attachment(
        papers, maintype="application", subtype="pdf", filename=f"{number}.pdf"
    )
    return mail


class MailHandover:
    """One message on its way into one server; every method blocks."""

    def __init__(self, server: MailServer) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def begin(self, sender: str, recipient: str) -> None:
        """Up to where the server waits for the bytes of the message.

        Raises:
            MailError: it does not take it, now or ever.
        """
        with _told():
            self._smtp = smtp = self._connect()
            smtp.ehlo_or_helo_if_needed()
            if self._server.security == "starttls":
                _check(smtp.starttls(context=self._context()))
                smtp.ehlo()
            if self._server.user:
                smtp.login(self._server.user, self._server.password)
            _check(smtp.mail(sender))
            _check(smtp.rcpt(recipient))
            _check(smtp.docmd("DATA"), wanted=range(300, 400))

    def deliver(self, mail: EmailMessage) -> str:
        """Send the message; what the server answered.

        Raises:
            MailError: not taken, or nobody knows.
        """
        smtp = self._smtp
        assert smtp is not None, "begun"
        data = re.sub(rb"(?m)^\.", b"..", mail.as_bytes(policy=SMTP))
        with _told():
            smtp.send(data if data.endswith(_CRLF) else data + _CRLF)
        with _told(is_known=False):
            smtp.send(b"." + _CRLF)
            reply = smtp.getreply()
        with _told():
            _check(reply)
        return _tell(reply)

    def abort(self) -> None:
        """End it from another thread: whatever waits for the server fails."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let the connection go, whatever was begun on it."""
        if self._smtp is not None:
            self._smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=STEP_S, context=self._context()
            )
        return smtplib.SMTP(server.host, server.port, timeout=STEP_S)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file)


@contextlib.contextmanager
def _told(*, is_known: bool = True) -> Iterator[None]:
    """What breaks is a `MailError`; `is_known`: nothing can have been taken."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        answer = _tell((error.smtp_code, error.smtp_error))
        # A password that is wrong is ours to mend: it is tried again.
        is_ours = isinstance(error, smtplib.SMTPAuthenticationError)
        final = error.smtp_code in _NEVER and not is_ours
        raise MailError(
            quote_answer(answer), is_final=final, is_known=is_known
        ) from None
    except ssl.SSLCertVerificationError as error:
        why = Sentence("outbox.mail-tls", why=quote_answer(error.verify_message))
        raise MailError(why, is_known=is_known) from None
    except TimeoutError:
        raise MailError(Sentence("outbox.mail-silent"), is_known=is_known) from None
    except OSError as error:
        raise MailError(tell_refusal(error), is_known=is_known) from None
    except (smtplib.SMTPException, ValueError) as error:
        told = str(error) or type(error).__name__
        raise MailError(quote_answer(told), is_known=is_known) from None


def _check(reply: tuple[int, bytes], wanted: range = range(200, 300)) -> None:
    if reply[0] not in wanted:
        raise smtplib.SMTPResponseException(*reply)


def _tell(reply: tuple[int, bytes | str]) -> str:
    code, said = reply
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return f"{code} {text}"


def _quoted(name: str) -> str:
    return re.sub(r'["\\]', " ", name)
