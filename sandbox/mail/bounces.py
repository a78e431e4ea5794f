"""What a mail server sends back when it could not deliver a letter: RFC 3464, from nobody, to the return path."""

from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import make_msgid

from aiosmtplib import SMTP

from sandbox.serving import HOST

SERVER = "mx.mail.example"


def bounce(*, to: str, about: EmailMessage, recipient: str, action: str, code: str) -> MIMEMultipart:
    """The report that `recipient` was not reached, with the headers of the letter that it is about."""
    made = MIMEMultipart("report", report_type="delivery-status")
    made["From"] = f"Mail Delivery Subsystem <mailer-daemon@{SERVER}>"
    made["To"] = to
    made["Subject"] = "Undelivered Mail Returned to Sender"
    made["Message-ID"] = make_msgid(domain=SERVER)
    made["Auto-Submitted"] = "auto-replied"
    made.attach(MIMEText(f"This is the mail system at {SERVER}. Your letter to {recipient}: {action}, {code}.\n"))
    made.attach(_delivery_report(recipient, action, code))
    made.attach(MIMEText("".join(f"{name}: {value}\n" for name, value in about.items()), "rfc822-headers", "utf-8"))
    return made


def _delivery_report(recipient: str, action: str, code: str) -> Message:
    whole, each = Message(), Message()
    whole["Reporting-MTA"] = f"dns; {SERVER}"
    each["Final-Recipient"] = f"rfc822; {recipient}"
    each["Action"] = action
    each["Status"] = code
    each["Diagnostic-Code"] = f"smtp; 550 {code} as the script asks"
    part = Message()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([whole, each])
    return part


async def send_bounce(port: int, *, to: str, about: EmailMessage, recipient: str, action: str, code: str) -> None:
    """Bring it to whoever takes bounces on this port of this machine."""
    made = bounce(to=to, about=about, recipient=recipient, action=action, code=code)
    async with SMTP(hostname=HOST, port=port, start_tls=False) as line:
        await line.mail("")
        await line.rcpt(to)
        await line.data(made.as_bytes())
