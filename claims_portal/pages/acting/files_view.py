"""What the page of files shows: what we ask for, what was sent and what became of each (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from claims_core.i18n import format_claim_number, masked_phone
from claims_portal.pages.claim.complaint_card import grouped
from claims_portal.pages.claim.facts import facts_of
from claims_portal.pages.claim.needed import needs_of
from claims_portal.pages.claim.page import Need
from claims_portal.pages.claim.questions import answer_due
from claims_portal.pages.forms import Problems
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimRow
from claims_portal.settings import PortalSettings
from claims_portal.tables import Upload, UploadState
from claims_portal.uploads.kinds import MEGABYTE
from claims_portal.uploads.unfit import WHY_UNFIT, Unfit

TONES = {
    UploadState.RECEIVED: ("info", "clock"),
    UploadState.CHECKING: ("info", "eye"),
    UploadState.ACCEPTED: ("ok", "check"),
    UploadState.UNREADABLE: ("act", "warn"),
}


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file or paper: its name, what became of it, its receipt. `address` opens it, where there is one."""

    name: str
    about: str | None
    tone: str
    icon: str
    word: str
    text: str | None
    receipt: str
    address: str | None


@dataclass(frozen=True, slots=True)
class FilesPage:
    """pages/files.html."""

    id: str
    ref: str
    problems: Problems
    is_fresh: bool
    phone: str | None
    needs: tuple[Need, ...]
    sent: tuple[SentFile, ...]
    done: str | None


def files_page(
    row: ClaimRow,
    uploads: Sequence[Upload],
    said: Speech,
    settings: PortalSettings,
    *,
    is_fresh: bool,
    problems: Problems,
    done: int,
) -> FilesPage:
    """The page for its reader. `done` files were just taken."""
    needs = tuple(need for need in needs_of(facts_of(row, said.today), said) if need.is_paper)
    return FilesPage(
        id=str(row["id"]),
        ref=said.say("Claim {ref}", ref=format_claim_number(row["claim_number"])),
        problems=problems,
        is_fresh=is_fresh,
        phone=masked_phone(row["phone"]) if row["phone"] else None,
        needs=needs,
        sent=tuple(sent_file(upload, said, settings) for upload in uploads),
        done=said.say_count(
            "{n} file is here. Its receipt is below", "{n} files are here. Their receipts are below", done
        )
        if done
        else None,
    )


def sent_file(upload: Upload, said: Speech, settings: PortalSettings) -> SentFile:
    """A file with its state in words."""
    tone, icon = TONES[upload.state]
    word, text = _state_of(upload, said, settings)
    number = grouped(upload.receipt)
    when = said.stamp(upload.finished_at or upload.created_at)
    if upload.stored_as is None:
        receipt = said.say("Receipt {number}, on paper, {when}", number=number, when=when)
    else:
        size = f"{max(upload.size / MEGABYTE, 0.1):.1f}"
        receipt = said.say("Receipt {number}, {size} MB, {when}", number=number, size=size, when=when)
    opens = upload.stored_as is not None and upload.state in (UploadState.CHECKING, UploadState.ACCEPTED)
    address = f"/claim/{upload.claim_id}/files/{upload.id}" if opens else None
    return SentFile(upload.file_name, upload.about, tone, icon, word, text, receipt, address)


def _state_of(upload: Upload, said: Speech, settings: PortalSettings) -> tuple[str, str | None]:
    if upload.state is UploadState.ACCEPTED:
        return said.say("Accepted"), None
    if upload.state is UploadState.UNREADABLE:
        why = upload.why_text or said.say(WHY_UNFIT[Unfit(upload.why or Unfit.DAMAGED)])
        return said.say("Unreadable"), said.say("We cannot read it: {reason}. Please send it again", reason=why)
    if upload.state is UploadState.RECEIVED:
        return said.say("Received"), said.say("We are opening it. That takes a minute.")
    due = answer_due(upload.finished_at or upload.created_at, settings)
    if due < said.now:
        return said.say("Being checked"), said.say("We did not look at it in time, sorry. We still will")
    return said.say("Being checked"), said.say("A person looks at it by {when}", when=said.moment_within(due))
