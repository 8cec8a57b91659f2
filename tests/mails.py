"""Mail of agencies, of mail servers and of whoever else, as bytes."""

from email.message import EmailMessage
from email.policy import SMTP

AGENCY_ADDRESS = "lapor@bawaslu.example"
SAID = "Laporan diregistrasi dengan nomor 012/LP/2019, hubungi Ibu Roslina Sipayung."


def a_mail(number="<1@bawaslu.example>", text=SAID, **headers):
    """One of the agency; `in_reply_to` and the like are headers."""
    mail = EmailMessage(policy=SMTP)
    usual = {
        "from": f"Bawaslu <{AGENCY_ADDRESS}>",
        "to": "laporan@jagasuara.example",
        "subject": "Re: laporan",
        "message_id": number,
    }
    for name, value in (usual | headers).items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def a_bounce(original, action="failed", *, headers_only=False):
    """What a mail server says of a message that it could not deliver (RFC 3464)."""
    returned = (
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {original}\nSubject: x\n"
        if headers_only
        else "Content-Type: message/rfc822\n\n"
        f"Message-ID: {original}\nSubject: x\n\nthe letter\n"
    )
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\n"
        "To: laporan@jagasuara.example\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Message-ID: <bounce-1@mx.example>\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
        "\n--b\nContent-Type: text/plain\n\nuser unknown\n"
        "\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {AGENCY_ADDRESS}\nAction: {action}\n"
        "Status: 5.1.1\n"
        f"\n--b\n{returned}\n--b--\n"
    ).encode()
