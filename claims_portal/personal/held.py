"""Every table with what it has to do with a person: what is in the copy they may take, and why the rest is not.

`tests/house/test_personal.py` holds that each table of the product stands in exactly one of the two lists.
"""

from dataclasses import dataclass
from enum import StrEnum

from claims_core.i18n import marked

_OF_CLAIM, _OF_PERSON = "t.claim_id = any($2)", "t.policyholder_id = any($1)"
_OF_MESSAGE = "t.notification_id in (select n.id from notification n where n.recipient_id = any($1))"
_OF_DELIVERY = (
    "t.delivery_id in (select d.id from delivery d join notification n on n.id = d.notification_id"
    " where n.recipient_id = any($1))"
)
_OF_SURVEY = "t.survey_id in (select s.id from survey s where s.recipient_id = any($1))"


class Category(StrEnum):
    """The drawers in which a person finds what we hold."""

    YOU = "you"
    CLAIMS = "claims"
    THREAD = "thread"
    FILES = "files"
    MESSAGES = "messages"
    CHOICES = "choices"
    VISITS = "visits"


@dataclass(frozen=True, slots=True)
class Drawer:
    """A category in plain words: what is in it, why we have it, how long it stays."""

    name: str
    why: str
    how_long: str


DRAWERS = {
    Category.YOU: Drawer(
        marked("Who you are and how to reach you"),
        marked("From the insurer's claims system, to know whose claim it is and where to write."),
        marked("As long as the claims system has it, or until you have it erased."),
    ),
    Category.CLAIMS: Drawer(
        marked("Your claims, their dates, papers and payments"),
        marked("The contract asks us to handle the claim and to tell you where it stands."),
        marked("Until you have it erased, once the claim is closed."),
    ),
    Category.THREAD: Drawer(
        marked("What you asked and what we answered"),
        marked("To answer, and to be able to show what was said."),
        marked("The same; complaints and objections for three years after the claim even then."),
    ),
    Category.FILES: Drawer(
        marked("Photos and papers that you sent"),
        marked("To decide on the claim. You can open each of them on the page of files."),
        marked("Until you have it erased, once the claim is closed."),
    ),
    Category.MESSAGES: Drawer(
        marked("Messages to you and from you"),
        marked("To show that what you have to know has reached you."),
        marked("Until you have it erased, once the claim is closed."),
    ),
    Category.CHOICES: Drawer(
        marked("What you chose and agreed to"),
        marked("To write as you want it, and to show that you agreed. A STOP stays, so that it holds."),
        marked("As long as it holds, and as a proof after that."),
    ),
    Category.VISITS: Drawer(
        marked("Codes, visits and devices"),
        marked("To keep others out, and to show who has looked at your claim."),
        marked("Codes for a day, visits until they end, who looked at a claim as long as the claim."),
    ),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A table of the copy. `where` picks the rows of the people $1, their claims $2 and the addresses $3 that are
    theirs alone; `without` are columns of ours that say nothing about them; `printed` are those of the paper."""

    table: str
    category: Category
    where: str
    without: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()


_C = Category
# When and in which version a back office last touched a case moves with its notes, too, which nobody may feel (N6).
_OF_SOURCE = ("source_hash", "source_version", "observed_at", "changed_at", "version", "mapping_version", "handler_ref")
HELD = (
    Held("policyholder", _C.YOU, "t.id = any($1)", printed=("name", "birth_date", "language")),
    Held("contact_point", _C.YOU, _OF_PERSON, printed=("kind", "address")),
    Held("person_join", _C.YOU, "t.one_id = any($1) or t.other_id = any($1)", ("made_by", "undone_by")),
    Held("representative", _C.YOU, _OF_CLAIM, ("person_id", "named_by", "ended_by"), ("named_at", "ends_at")),
    Held("erasure", _C.YOU, _OF_PERSON, ("checked_by", "done_by"), ("asked_at", "reference")),
    Held(
        "claim",
        _C.CLAIMS,
        "t.id = any($2)",
        _OF_SOURCE,
        ("claim_number", "policy_number", "object_label", "reported_at", "stage", "approved"),
    ),
    Held("claim_number", _C.CLAIMS, _OF_CLAIM, printed=("number", "replaced_at")),
    Held("payment", _C.CLAIMS, _OF_CLAIM, printed=("amount", "state", "sent_date", "account_last4")),
    Held("document_request", _C.CLAIMS, _OF_CLAIM, printed=("title_ru", "title_en", "state", "due_date")),
    Held("case_event", _C.CLAIMS, _OF_CLAIM, ("run_id", "mapping_version"), ("occurred_at", "kind")),
    Held("promise", _C.CLAIMS, _OF_CLAIM, printed=("kind", "basis", "due_date", "kept")),
    Held("pause", _C.CLAIMS, _OF_CLAIM, printed=("started_at", "ended_at")),
    Held("true_sentence", _C.CLAIMS, _OF_CLAIM, ("written_by",), ("written_at", "text")),
    Held("question", _C.THREAD, _OF_PERSON, ("sealed", "taken_by"), ("asked_at", "text", "answered_at", "answer")),
    Held("survey", _C.THREAD, "t.recipient_id = any($1)"),
    Held("survey_answer", _C.THREAD, _OF_SURVEY, printed=("at", "rating", "said")),
    Held("formal_complaint", _C.THREAD, _OF_CLAIM, ("text_hash",), ("served_at", "reference")),
    Held("contact", _C.THREAD, _OF_PERSON, printed=("at", "kind")),
    Held(
        "phone_call", _C.THREAD, _OF_PERSON, ("challenge", "routed_to", "taken_by"), ("started_at", "outcome", "note")
    ),
    Held("unproven_request", _C.THREAD, _OF_CLAIM, ("name", "contact", "ended_by"), ("created_at", "text")),
    Held("upload", _C.FILES, _OF_PERSON, ("stored_as", "decided_by"), ("created_at", "file_name", "state")),
    Held("notification", _C.MESSAGES, "t.recipient_id = any($1)", ("lease_token", "lease_until", "takes")),
    Held(
        "delivery",
        _C.MESSAGES,
        _OF_MESSAGE,
        ("token_hash", "link_hash", "worker"),
        ("started_at", "channel", "address", "text", "state"),
    ),
    Held("receipt", _C.MESSAGES, _OF_DELIVERY),
    Held("inbound", _C.MESSAGES, "t.address = any($3)", printed=("received_at", "channel", "body")),
    Held("unheard_fact", _C.MESSAGES, "t.recipient_id = any($1)", ("ended_by",)),
    Held("consent", _C.CHOICES, _OF_PERSON, printed=("given_at", "purpose", "wording_version", "withdrawn_at")),
    Held("preference", _C.CHOICES, _OF_PERSON, printed=("chosen_at", "cadence", "channel", "language")),
    Held("opt_out", _C.CHOICES, "t.address = any($3)", printed=("at", "channel", "address", "ended_at")),
    Held("claim_stop", _C.CHOICES, _OF_CLAIM, printed=("at", "ended_at")),
    Held("chat", _C.CHOICES, _OF_PERSON, printed=("linked_at", "channel", "ended_at")),
    Held("chat_invitation", _C.CHOICES, _OF_PERSON, ("token_hash",)),
    Held("pilot_enrolment", _C.CHOICES, _OF_PERSON, printed=("consented_at", "arm", "left_at")),
    Held("address_note", _C.CHOICES, "t.address = any($3)", printed=("noted_at", "channel", "code")),
    Held("sign_in_code", _C.VISITS, _OF_PERSON, ("challenge_hash", "code_hmac"), ("created_at", "purpose")),
    Held("portal_session", _C.VISITS, _OF_PERSON, ("token_hash",), ("created_at", "seen_at")),
    Held("remembered_device", _C.VISITS, _OF_PERSON, ("token_hash",), ("created_at", "label")),
    Held("access_log", _C.VISITS, _OF_CLAIM, ("viewer_id",), ("at", "viewer_kind", "page")),
)

_RULES = "the product's own rules and texts, about nobody"
_WORKING = "how the program works through its queue, about nobody"
_TRANSIENT = "gone within minutes, as soon as it is worked off"
_STAFF = "about the insurer's own people"
NOT_HELD = {
    "audit_entry": "acts of the insurer's people, by ids alone; sealed, so that none can be changed",
    "audit_check": "how often the chain of those acts was looked at, and what was found",
    "change_request": "what a handler asked the claims system for; what became of it is in case_event",
    "write_back": "how a handler's change got into the claims system",
    "retry_request": "a case to be read again, by its id",
    "rejected_case": "a case as the claims system sent it that could not be read: nobody can say whom it is about",
    "source_notice": _TRANSIENT,
    "inbound_part": _TRANSIENT,
    "chat_answer": _TRANSIENT,
    "rate_count": "keyed hashes that count tries; no number can be read out of them",
    "case_mark": "the claims system's own mark of a case, to know whether it changed",
    "missing_case": "that a reading did not show a case",
    "sentence_request": "when a handler was asked for a sentence",
    "planned_event": _WORKING,
    "planner_mark": _WORKING,
    "unheard_mark": _WORKING,
    "survey_mark": _WORKING,
    "hold_decision": _WORKING,
    "release_proposal": _WORKING,
    "sender_rate": _WORKING,
    "sending_stop": _WORKING,
    "job_slot": _WORKING,
    "figure": "counts of thirty claims and more; nobody can be read out of them",
    "installation": _WORKING,
    "source_cursor": _WORKING,
    "source_freshness": _WORKING,
    "sync_run": _WORKING,
    "read_file": _WORKING,
    "mapping_version": _RULES,
    "rule_use": _RULES,
    "unmapped_code": "codes of the claims system that nobody has explained, with a case's key as an example",
    "source_ability": _RULES,
    "notification_rule": _RULES,
    "silence_rule": _RULES,
    "rule_draft": _RULES,
    "template_version": _RULES,
    "text_alarm": _RULES,
    "way_price": _RULES,
    "pilot": _RULES,
    "pilot_arm": _RULES,
    "staff": _STAFF,
    "staff_session": _STAFF,
    "saved_view": _STAFF,
}
