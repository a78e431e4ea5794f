"""An emulator of a mail server with mailboxes: takes letters as the real ones do, fails as told, and sends bounces."""

from sandbox.mail.faults import MailFault, Planned
from sandbox.mail.office import Letter, PostOffice, served_mail

__all__ = ["Letter", "MailFault", "Planned", "PostOffice", "served_mail"]
