"""What is looked at before an edited text may be put in force: what is refused, and what a person should look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from claims_core.i18n import marked as _
from notifier.rendering.faults import Fault
from notifier.rendering.held import MessageText, RenderingFailed
from notifier.rendering.samples import Values, sample_values
from notifier.rendering.shipped import LANGUAGES, Place, source_of
from notifier.rendering.syntax import VALUE, asked_for, faults_of, wordings
from notifier.states import CODE_TEMPLATES, ChannelName
from notifier.wording.message import SmsParts, sms_parts
from notifier.wording.values import NAMES

# What a stranger who finds the telephone must not learn beyond what ships: these are named only where they are already.
OF_THE_READER = frozenset({"ref", "name", "amount", "docs", "last4", "question_short", "answer", "code"})
# Without it the message is worth nothing, in whichever reading.
MUST_SAY = dict.fromkeys(CODE_TEMPLATES, frozenset({"code"}))
LONGEST_SUBJECT = 120
MOST_WORDS = 12  # in a sentence, on average (`ux` 2.3): more is read twice
# Words that people outside of an office do not say (`ux` 2.3).
_OFFICE = re.compile(
    r"\b(?:убыт\w+|страхов\w+ событи\w+|калькуляци\w+|безусловн\w+ франшиз\w+|транспортн\w+ средств\w+"
    r"|нормативн\w+ срок\w*|обратн\w+ связ\w+|уведомлени\w+|информировани\w+"
    r"|denial|loss adjustment|insured vehicle|loss event)\b",
    re.IGNORECASE,
)
_SOON = re.compile(r"\b(?:скоро|вскоре|в ближайшее время|soon|shortly)\b", re.IGNORECASE)
_SENTENCES = re.compile(r"[.!?\n]+(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Review:
    """What was found: a text with refusals is not kept, warnings are for whoever decides."""

    refusals: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def reviewed(place: Place, source: str, *, in_force: str, other_goes_with: bool) -> Review:
    """Look at `source` for the text at `place`, of which `in_force` is said now.

    `other_goes_with` says that the text in the other language is being changed too.
    """
    refusals = tuple(faults_of(source))
    if refusals:
        return Review(refusals, ())
    refusals = (*_shape(place, source), *_values(place, source), *_length(place, source))
    return Review(refusals, tuple(_warnings(source, in_force, other_goes_with=other_goes_with)))


def longest_readings(place: Place, source: str) -> Iterator[str]:
    """A source without faults with the longest values, in every combination of what is known and what is not.

    Raises `RenderingFailed` when one of them is too long for the channel.
    """
    template, channel, language = place
    text, values = MessageText.of(place, source), sample_values(template, language, Values.LONGEST)
    asked = sorted(asked_for(source))
    for known in product((True, False), repeat=len(asked)):
        unknown = {name: "" for name, is_known in zip(asked, known, strict=True) if not is_known}
        yield text.say(channel, values | unknown)


def longest_sms(place: Place, source: str) -> SmsParts:
    """What the longest reading of an SMS costs. Raises `RenderingFailed` when it is too long to be sent at all."""
    return max(
        (sms_parts(said) for said in longest_readings(place, source)), key=lambda parts: (parts.segments, parts.units)
    )


def _shape(place: Place, source: str) -> Iterator[Fault]:
    """A letter begins with its subject and an empty line."""
    if place[1] != ChannelName.EMAIL:
        return
    subject, *rest = source.split("\n")
    if not subject.strip() or len(rest) < 2 or rest[0].strip():
        what, mend = _("a letter begins with its subject and an empty line"), _("put the subject in the first line")
        yield Fault(1, 1, "", what, mend)
    elif len(re.sub(r"{[{%].*?[%}]}", "", subject)) > LONGEST_SUBJECT:
        what, mend = _("the subject has more than {most} characters"), _("say the rest in the letter")
        yield Fault(1, LONGEST_SUBJECT + 1, "", what, mend, {"most": LONGEST_SUBJECT})


def _values(place: Place, source: str) -> Iterator[Fault]:
    """Nothing more of the reader than what ships says over this channel, and all that the message is for."""
    template, channel, _language = place
    shipped = {name for each in LANGUAGES for name in MessageText.of(place, source_of(template, channel, each)).names}
    names = MessageText.of(place, source).names
    if more := sorted((names & OF_THE_READER) - shipped):
        what = _("it would tell a stranger more than the text that ships: {names}")
        yield Fault(1, 1, "", what, _("leave it to the claim page"), {"names": ", ".join(more)})
    must = MUST_SAY.get(template, frozenset())
    bare = MessageText.of(place, source).say(channel, dict.fromkeys(NAMES, "") | {name: f"<{name}>" for name in must})
    if missing := sorted(name for name in must if f"<{name}>" not in bare):
        what = _("this message is for nothing without the value {names}")
        yield Fault(1, 1, "", what, _("name it where it is always said"), {"names": ", ".join(missing)})


def _length(place: Place, source: str) -> Iterator[Fault]:
    try:
        if place[1] != ChannelName.SMS:
            list(longest_readings(place, source))
            return
        parts = longest_sms(place, source)
    except RenderingFailed as problem:
        yield Fault(1, 1, "", _("with the longest values: {why}"), _("say less"), {"why": problem.why})
        return
    if parts.segments > 1:
        values: dict[str, object] = {
            "n": parts.units,
            "limit": parts.limit,
            "k": parts.segments,
            "x": parts.units - parts.limit,
        }
        what = _("with the longest values {n} of {limit} characters, {k} SMS")
        mend = _("take {x} characters out to stay in 1 SMS")
        blockers = [each for each in parts.blockers if each in source]
        if parts.limit == 70 and blockers and not re.search("[а-яё]", source, re.IGNORECASE):
            mend = _("these make it a message of 70 characters: {blockers}")
            values["blockers"] = " ".join(blockers)
        yield Fault(1, 1, "", what, mend, values)


def _warnings(source: str, in_force: str, *, other_goes_with: bool) -> Iterator[Fault]:
    yield from _changed_values(source, in_force)
    if not other_goes_with:
        what, mend = (
            _("the text in the other language stays as it is"),
            _("propose both, or say why it is right as it is"),
        )
        yield Fault(1, 1, "", what, mend)
    words = max(wordings(source), key=len)
    for pattern, what, mend in (
        (_OFFICE, _("a word of the office"), _("say it as people say it")),
        (_SOON, _("it names no date"), _("say the value date, or nothing")),
    ):
        if found := pattern.search(words):
            yield _at(source, found[0], what, mend)
    if "!" in words:
        yield _at(source, "!", _("an exclamation mark"), _("a full stop says it as well"))
    sentences = [each for each in _SENTENCES.split(words.replace(VALUE, "x")) if each.strip()]
    average = sum(len(each.split()) for each in sentences) / max(1, len(sentences))
    if average > MOST_WORDS:
        what, mend = _("the sentences have {n} words on average"), _("up to {most} are read at once")
        yield Fault(1, 1, "", what, mend, {"n": round(average), "most": MOST_WORDS})


def _changed_values(source: str, in_force: str) -> Iterator[Fault]:
    try:
        before, after = MessageText.of(("", "", ""), in_force).names, MessageText.of(("", "", ""), source).names
    except RenderingFailed:
        return
    for names, what in ((after - before, _("it names values that the text in force does not: {names}")),
                        (before - after, _("it does not name what the text in force names: {names}"))):  # fmt: skip
        if names:
            yield Fault(1, 1, "", what, _("look at it with the shortest values"), {"names": ", ".join(sorted(names))})


def _at(source: str, found: str, what: str, mend: str) -> Fault:
    before = source[: max(source.find(found), 0)]
    return Fault(before.count("\n") + 1, len(before) - before.rfind("\n"), found, what, mend)
