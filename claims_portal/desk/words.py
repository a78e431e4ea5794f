"""What the desk calls things: our own keys into English msgids, with tone and icon where a thing has them."""

from claims_core.i18n import marked as _
from claims_core.requested import ChangeAction, ExtensionReason
from claims_core.snapshot import CaseEventKind
from claims_core.stages import LineOfBusiness, Outcome, PageState
from claims_core.tables import ChangeState, QuestionCategory
from claims_portal.desk.filters import Term, Waiting
from claims_portal.tables import Role
from notifier.people.chats import NAMES
from notifier.states import ChannelName, NotificationState, Reason

# page state -> (tone, icon, word); colour, icon and word always together (`ux.md` 1.5).
STATUS_OF: dict[PageState, tuple[str, str, str]] = {
    PageState.REGISTERED: ("info", "list", _("Registered")),
    PageState.DOCS_NEEDED: ("act", "doc", _("Needs documents")),
    PageState.ASSESSMENT: ("info", "eye", _("In assessment")),
    PageState.AWAITING: ("info", "scale", _("Awaiting decision")),
    PageState.EXTENDED: ("hold", "hour", _("Extended review")),
    PageState.APPROVED: ("ok", "check", _("Approved")),
    PageState.PARTLY: ("ok", "check", _("Partly approved")),
    PageState.PAYMENT_SENT: ("ok", "send", _("Payment sent")),
    PageState.PAID: ("ok", "coin", _("Paid")),
    PageState.REPAIR: ("ok", "gear", _("Repair")),
    PageState.DECLINED: ("no", "x", _("Declined")),
    PageState.REOPENED: ("info", "undo", _("Reopened")),
    PageState.WITHDRAWN: ("off", "pause", _("Closed at the client's request")),
    PageState.CLOSED_OTHER: ("off", "lock", _("Closed")),
}
CHANNEL_WORDS: dict[str, str] = {
    ChannelName.SMS: "SMS",
    ChannelName.WHATSAPP: "WhatsApp",
    ChannelName.VOICE: _("Call"),
    ChannelName.EMAIL: _("Email"),
    ChannelName.APPRISE: "Apprise",
    ChannelName.CONSOLE: "SMS",  # stands in for it, for a first look
    **NAMES,
}
LATE = ("act", "warn", _("Past our date"))
PAUSED = ("act", "pause", _("On hold, waiting for the client"))
PAYMENT_RETURNED = ("act", "warn", _("Bank returned the payment"))

LINES: dict[LineOfBusiness, str] = {
    LineOfBusiness.MOTOR: _("Motor"),
    LineOfBusiness.MOTOR_LIABILITY: _("Motor liability"),
    LineOfBusiness.PROPERTY: _("Property"),
    LineOfBusiness.LIFE: _("Life"),
    LineOfBusiness.HEALTH: _("Health"),
    LineOfBusiness.TRAVEL: _("Travel"),
    LineOfBusiness.OTHER: _("Other insurance"),
}
WAITING: dict[Waiting, str] = {
    Waiting.US: _("us"),
    Waiting.POLICYHOLDER: _("the client"),
    Waiting.OTHERS: _("others"),
}
TERMS: dict[Term, str] = {Term.TODAY: _("Due today"), Term.MISSED: _("Past our date")}
ACTIONS: dict[ChangeAction, str] = {
    ChangeAction.APPROVE: _("Approve"),
    ChangeAction.DECLINE: _("Decline"),
    ChangeAction.REQUEST_DOCUMENTS: _("Documents needed"),
    ChangeAction.EXTEND: _("Extend"),
    ChangeAction.CLOSE: _("Close"),
}
EXTENSION_REASONS: dict[ExtensionReason, str] = {
    ExtensionReason.POLICE_PAPERS: _("police or court papers"),
    ExtensionReason.OTHER_INSURER: _("the answer of another insurer"),
    ExtensionReason.WORKSHOP_INVOICE: _("the workshop's invoice"),
    ExtensionReason.SECOND_EXPERT: _("a second expert opinion"),
    ExtensionReason.MEDICAL_PAPERS: _("medical papers"),
    ExtensionReason.CIRCUMSTANCES: _("a check of the circumstances of the accident"),
}
CLOSINGS: dict[Outcome, str] = {
    Outcome.WITHDRAWN: _("at the client's request"),
    Outcome.NO_RESPONSE: _("no answer from the client"),
    Outcome.DUPLICATE: _("a duplicate of another claim"),
    Outcome.TRANSFERRED: _("handed to another insurer"),
}
UNTOLD: dict[str, str] = {
    "told_by_phone": _("told by phone"),
    "correction": _("correction"),
    "other": _("other"),
}
ROLES: dict[Role, str] = {
    Role.HANDLER: _("handler"),
    Role.AGENT: _("call-centre agent"),
    Role.SUPERVISOR: _("head of team"),
    Role.ADMINISTRATOR: _("administrator"),
    Role.AUDITOR: _("auditor"),
}
# kind of fact -> (icon, what the history says)
EVENTS: dict[CaseEventKind, tuple[str, str]] = {
    CaseEventKind.REGISTERED: ("list", _("Claim registered")),
    CaseEventKind.STAGE_CHANGED: ("flag", _("Stage “{status}”")),
    CaseEventKind.SITUATION_CHANGED: ("flag", _("Now “{status}”")),
    CaseEventKind.STAGE_CORRECTED: ("warn", _("Correction in the claims system: “{status}”. The client was not told")),
    CaseEventKind.DOCUMENTS_REQUESTED: ("doc", _("Documents requested")),
    CaseEventKind.DOCUMENTS_RECEIVED: ("doc", _("Documents received")),
    CaseEventKind.DOCUMENT_UNREADABLE: ("doc", _("A document cannot be read")),
    CaseEventKind.INSPECTION_BOOKED: ("day", _("Inspection booked")),
    CaseEventKind.DECISION_MADE: ("scale", _("Decision: “{status}”")),
    CaseEventKind.DETAILS_NEEDED: ("coin", _("Bank details requested")),
    CaseEventKind.PAYMENT_SENT: ("coin", _("Payment sent")),
    CaseEventKind.PAYMENT_CREDITED: ("coin", _("Payment credited")),
    CaseEventKind.PAYMENT_RETURNED: ("warn", _("Bank returned the payment")),
    CaseEventKind.PROMISE_MOVED: ("hour", _("New date given")),
    CaseEventKind.PROMISE_MISSED: ("warn", _("Our date passed")),
    CaseEventKind.REOPENED: ("undo", _("Claim reopened")),
    CaseEventKind.WITHDRAWN: ("pause", _("Closed at the client's request")),
    CaseEventKind.HANDLER_CHANGED: ("user", _("Another person is responsible")),
    CaseEventKind.MONEY_CHANGED: ("coin", _("Sums updated")),
    CaseEventKind.FACTS_CHANGED: ("note", _("Details of the claim updated")),
}
SILENT_STATES: dict[NotificationState, str] = {
    NotificationState.PLANNED: _("Waits to be sent"),
    NotificationState.SENDING: _("Is being sent"),
    NotificationState.HELD: _("Held for a person: {reason}"),
    NotificationState.UNKNOWN: _("Handed over, no answer yet"),
    NotificationState.SUPPRESSED: _("Not sent: {reason}"),
    NotificationState.SUPERSEDED: _("Not sent: {reason}"),
    NotificationState.EXPIRED: _("Not sent: {reason}"),
    NotificationState.FAILED: _("Failed: {reason}"),
}
REASONS: dict[Reason, str] = {
    Reason.CADENCE: _("this client is in the “main things” group"),
    Reason.OPTED_OUT: _("the client wrote STOP"),
    Reason.NO_CONSENT: _("no consent to texts"),
    Reason.NO_CONTACT: _("no telephone number or email address that can be used"),
    Reason.ANOTHERS_NUMBER: _("the number on file is another reader's of this claim too"),
    Reason.ANOTHERS_MONEY: _("it is about what the other party receives"),
    Reason.CONTACT_PROHIBITED: _("contact is prohibited in the claims system"),
    Reason.CHANNEL_NOT_ALLOWED: _("the law does not allow this channel"),
    Reason.DAILY_CAP: _("enough messages today"),
    Reason.CLAIM_CAP: _("the claim has had all its messages; a letter goes where there is an address"),
    Reason.STALE_EVENT: _("the news is too old"),
    Reason.NO_LONGER_TRUE: _("it is no longer true"),
    Reason.DUPLICATE_CONTENT: _("the same was said already"),
    Reason.HANDLER_SAID_NO: _("the handler chose not to text"),
    Reason.OPEN_QUESTION: _("the client waits for an answer"),
    Reason.BACKLOG: _("it waited too long while nothing could be sent"),
    Reason.MASS_CHANGE: _("too many claims changed at once"),
    Reason.RESTORE: _("the database is a copy or was restored"),
    Reason.APPROVAL: _("waits for approval"),
    Reason.BY_HAND: _("a person put it aside"),
    Reason.RENDER: _("the text could not be made"),
    Reason.QUARANTINED: _("the message keeps failing"),
    Reason.REFUSED_BY_PROVIDER: _("the provider refused it"),
    Reason.GAVE_UP: _("the provider did not take it in time"),
    Reason.TOO_LATE: _("too late to be useful"),
    Reason.LATER_STAGE: _("newer news took its place"),
}
CONTACTS: dict[str, tuple[str, str]] = {
    "call": ("tel", _("The client called")),
    "inbound": ("chat", _("The client wrote a text")),
}
SURVEYS: dict[str, str] = {
    "clear": _("The client on whether it was clear what happened: {n} of {most}"),
    "nps": _("The client on whether they would recommend us: {n} of {most}"),
}
CHANGE_STATES: dict[ChangeState, str] = {
    ChangeState.WAITING: _("Saved; can still be undone"),
    ChangeState.APPLYING: _("Being saved to the claims system"),
    ChangeState.APPLIED: _("Saved in the claims system"),
    ChangeState.REFUSED: _("The claims system refused"),
}
# Messages that are not named as the state they tell of.
TEMPLATES: dict[str, str] = {
    "approved_noamount": _("Approved, no sum"),
    "liable_decided": _("Decided on what the other party asked for"),
    "liable_settled": _("Settled with the other party"),
    "sooner": _("Earlier date"),
    "docs_received": _("Documents received"),
    "docs_partial": _("Some documents are missing"),
    "doc_unreadable": _("A document cannot be read"),
    "inspection": _("Inspection booked"),
    "details_needed": _("Bank details needed"),
    "payment_returned": _("Bank returned the payment"),
    "heartbeat": _("No news, we are on time"),
    "late": _("We are late"),
    "true_sentence": _("The handler's own sentence"),
    "delay_reasons": _("Why there is no decision yet"),
    "waiting_you": _("We wait for your documents"),
    "answer_ready": _("The answer is ready"),
    "question_ack": _("Question received"),
    "question_late": _("The answer is late"),
    "free_text": _("Question passed on"),
    "new_device": _("Opened on a new device"),
    "optin_often": _("Often, from now on"),
    "optin_rare": _("Main things only, from now on"),
    "optout": _("No texts any more"),
    "optout_claim": _("No texts about this claim any more"),
    "otp": _("Sign-in code"),
    "call_code": _("Code to be read back in a call"),
    "your_turn": _("Nothing moves without them"),
    "kw_help": _("Answer to HELP"),
    "kw_less": _("Answer to LESS"),
    "kw_more": _("Answer to MORE"),
    "kw_ours_how": _("Answer to OURS, how to ask"),
    "kw_ours_no": _("Answer to OURS, no"),
    "kw_ours_yes": _("Answer to OURS, yes"),
    "kw_status": _("Answer to STATUS"),
    "kw_status_many": _("Answer to STATUS, several claims"),
    "kw_status_none": _("Answer to STATUS, no open claim"),
    "pilot_end": _("The trial is over"),
    "survey": _("One question after closing"),
    "survey_nps": _("One question after closing: would they recommend us"),
}


def template_words(template: str) -> str:
    """What a message is about, for the history; a text of an operator's own keeps its name."""
    if template in set(PageState):
        return STATUS_OF[PageState(template)][2]
    return TEMPLATES.get(template, template)


CADENCES: dict[str, str] = {
    "essential": _("main things only"),
    "every_step": _("every step"),
    "frequent": _("often"),
}

# What is not simply a question: a wish that a handler carries out, or a letter with a clock of its own.
CATEGORIES: dict[str, str] = {
    QuestionCategory.IDEA: _("Idea"),
    QuestionCategory.OBJECTION: _("Objection to the decision"),
    QuestionCategory.COMPLAINT: _("Complaint"),
    QuestionCategory.INSPECTION: _("Time of the inspection"),
    QuestionCategory.ACCOUNT: _("Account for the payment"),
    QuestionCategory.PLACE: _("Place of the loss"),
}
