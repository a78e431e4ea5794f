"""The pages of texts in words: the list, and one text with its versions, its form and what readers would see (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claims_core.i18n import marked as _
from claims_core.stages import PageState
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.form.preview import Meter
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail
from claims_portal.desk.waiting.texts import Standing, Version
from claims_portal.desk.words import CHANNEL_WORDS, STATUS_OF, template_words
from notifier.states import TextState
from notifier.versions.editing import Fault, Place, Shown, Values, message_files, named

LANGUAGE_NAMES = {"ru": "Русский", "en": "English"}
SHORT_NAMES = {"ru": "рус", "en": "eng"}
VALUES: dict[Values, str] = {
    Values.USUAL: _("with usual values"),
    Values.LONGEST: _("with the longest values"),
    Values.SHORTEST: _("with nothing optional known"),
}
# tone, icon, word
STATES: dict[TextState, tuple[str, str, str]] = {
    TextState.DRAFT: ("act", "hour", _("Proposed")),
    TextState.PUBLISHED: ("ok", "check", _("In force")),
    TextState.RETIRED: ("off", "pause", _("Retired")),
}
SHIPS, EDITED = _("as shipped"), _("version {n}")


@dataclass(frozen=True, slots=True)
class TextLink:
    """The way to a text, with how it stands: edited, proposed, broken."""

    words: str
    address: str
    mark: str
    tone: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class TextRow:
    """A message: what it is about, and its texts by channel."""

    words: str
    name: str
    channels: tuple[tuple[str, tuple[TextLink, ...]], ...]


@dataclass(frozen=True, slots=True)
class TextsPage:
    """desk/texts.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    total: str
    waiting: tuple[TextLink, ...]
    rows: tuple[TextRow, ...]


@dataclass(frozen=True, slots=True)
class FaultLine:
    """Where something is wrong, the piece itself, what it is and how to mend it, in words."""

    place: str
    found: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a text, as a bubble: the values or page states it is of, and what it costs."""

    heading: str
    text: str
    why_not: str
    meter: Meter | None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in words, and what the reader of the page may do with it; `go` is empty where they may do nothing."""

    number: int
    status: tuple[str, str, str]
    source: str
    why: str
    written: str
    published: str
    go: str
    may_retire: bool
    waits_for_another: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the form."""

    source: str
    why: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class TextPage:
    """desk/text.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    name: str
    address: str
    language: str
    channel: str
    notice: Notice | None
    broken: str | None
    links: tuple[tuple[str, tuple[TextLink, ...]], ...]
    typed: Typed
    may_edit: bool
    may_name_claim: bool
    looked_at: str
    refusals: tuple[FaultLine, ...]
    warnings: tuple[FaultLine, ...]
    readings: tuple[Reading, ...]
    states: tuple[Reading, ...]
    of_claim: Reading | None
    values: tuple[tuple[str, str], ...]
    versions: tuple[VersionLine, ...]


def address_of(place: Place) -> str:
    """Where a text stands at the desk."""
    return f"/desk/texts/{named(place)}"


def text_rows(standing: Mapping[Place, Standing], says: Says) -> tuple[TextRow, ...]:
    """Every message that there is, with the ways to its texts."""
    return tuple(
        TextRow(says.told(template_words(template)), template, channels_of(template, standing, says))
        for template in sorted({template for template, _channel, _language in message_files()})
    )


def channels_of(
    template: str, standing: Mapping[Place, Standing], says: Says, *, here: Place | None = None
) -> tuple[tuple[str, tuple[TextLink, ...]], ...]:
    """The texts of a message by channel, SMS first."""
    mine = [place for place in message_files() if place[0] == template]
    order = [each for each in CHANNEL_WORDS if any(place[1] == each for place in mine)]
    return tuple(
        (
            says.told(CHANNEL_WORDS[channel]),
            tuple(
                _link(place, SHORT_NAMES[place[2]], standing.get(place, Standing()), says, current=place == here)
                for place in mine
                if place[1] == channel
            ),
        )
        for channel in order
    )


def waiting_links(standing: Mapping[Place, Standing], says: Says) -> tuple[TextLink, ...]:
    """The texts that wait for somebody: broken ones first, then what is proposed."""
    waits = sorted((one.broken is None, place) for place, one in standing.items() if one.broken or one.proposed)
    return tuple(_link(place, _whole_name(place, says), standing[place], says) for _sound, place in waits)


def _whole_name(place: Place, says: Says) -> str:
    template, channel, language = place
    return f"{says.told(template_words(template))}, {says.told(CHANNEL_WORDS[channel])}, {LANGUAGE_NAMES[language]}"


def _link(place: Place, words: str, standing: Standing, says: Says, *, current: bool = False) -> TextLink:
    mark, tone = "", ""
    if standing.broken:
        mark, tone = says.told("cannot be said"), "no"
    elif standing.proposed:
        mark, tone = says.told("proposed"), "act"
    elif standing.in_force:
        mark, tone = says.told(EDITED, n=standing.in_force), "ok"
    return TextLink(words, address_of(place), mark, tone, current)


def fault_lines(faults: Sequence[Fault], says: Says) -> tuple[FaultLine, ...]:
    """Faults as an author reads them."""
    return tuple(
        FaultLine(
            place=says.told("line {line}, column {column}", line=fault.line, column=fault.column),
            found=fault.found,
            words=f"{_said(fault.what, fault, says)}; {_said(fault.mend, fault, says)}",
        )
        for fault in faults
    )


def _said(msgid: str, fault: Fault, says: Says) -> str:
    return says.told(msgid, fault.values) if fault.values else says.told(msgid)


def reading(heading: str, shown: Shown, says: Says) -> Reading:
    """A reading as it is printed."""
    return Reading(heading, shown.text, shown.why_not, _meter(shown, says))


def sample_readings(shown: Mapping[Values, Shown], says: Says) -> tuple[Reading, ...]:
    """The text with usual, longest and shortest values."""
    return tuple(reading(says.told(VALUES[which]), one, says) for which, one in shown.items())


def state_readings(shown: Sequence[tuple[tuple[PageState, ...], bool, Shown]], says: Says) -> tuple[Reading, ...]:
    """The text by page state, all known first."""
    return tuple(reading(_in_states(states, says, is_known=known), one, says) for states, known, one in shown)


def _in_states(states: tuple[PageState, ...], says: Says, *, is_known: bool) -> str:
    where = says.told("In every page state")
    if len(states) < len(PageState):
        where = ", ".join(says.told(STATUS_OF[state][2]) for state in states)
    words = _("{where}; all is known") if is_known else _("{where}; nothing optional is known")
    return says.told(words, where=where)


def _meter(shown: Shown, says: Says) -> Meter | None:
    parts = shown.parts
    if parts is None:
        return None
    over = parts.segments > 1
    extra = parts.units - parts.limit
    return Meter(
        words=says.told("{n} of {limit} characters, {k} SMS", n=parts.units, limit=parts.limit, k=parts.segments),
        percent=min(100, round(100 * parts.units / parts.limit)),
        over=over,
        cost=says.sum(shown.cost, shown.currency),
        advice=says.told("Remove {x} characters to stay in 1 SMS.", x=extra) if over else "",
    )


def version_lines(versions: Sequence[Version], says: Says, *, editor: str | None) -> tuple[VersionLine, ...]:
    """The versions of a text for a reader; `editor` is how the audit names them, None when they may only read."""
    return tuple(_version_line(one, says, editor) for one in versions)


def _version_line(one: Version, says: Says, editor: str | None) -> VersionLine:
    tone, icon, word = STATES[one.state]
    goes = editor is not None and one.state is not TextState.PUBLISHED
    again = one.published_at is not None
    published = ""
    if one.published_at is not None:
        published = says.told("Published by {name}, {time}", name=one.publisher, time=says.when(one.published_at))
    return VersionLine(
        number=one.version,
        status=(tone, icon, says.told(word)),
        source=one.source,
        why=one.why,
        written=says.told("Written by {name}, {time}", name=one.writer, time=says.when(one.written_at)),
        published=published,
        go=_publish(says, again) if goes and one.written_by != editor else "",
        may_retire=editor is not None and one.state is not TextState.RETIRED,
        waits_for_another=goes and one.written_by == editor,
    )


def _publish(says: Says, again: bool) -> str:
    return says.told("Publish again") if again else says.told("Publish")
