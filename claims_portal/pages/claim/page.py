"""What the claim page may show, and nothing else: one frozen value, made by `build`, printed by the template."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Strip:
    """The day strip: the class of each cell, one sentence for those who hear it, a legend for those who see it."""

    cells: tuple[str, ...]
    label: str
    today: str | None = None
    promise: str | None = None
    limit: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A date in large figures with what it is about; `date` empty means that the label says it all."""

    label: str
    date: str | None = None
    iso: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The panel at the top."""

    ref: str
    heading: str
    lede: str
    promise: PromiseLine | None
    strip: Strip | None
    tone: str
    icon: str
    status: str
    modifiers: tuple["Mark", ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Colour, icon and word of a status, always together."""

    tone: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True)
class Note:
    """A block that stands above everything else: late, returned, why it takes longer."""

    title: str
    texts: tuple[str, ...]
    tone: str = "act"
    icon: str = "warn"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that we need from the policyholder."""

    title: str
    due: str | None
    text: str | None
    problem: str | None = None
    is_paper: bool = True


@dataclass(frozen=True, slots=True)
class NextRow:
    """What happens next: when, what, and who or how."""

    by: str
    weekday: str | None
    text: str
    who: str | None = None


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A row of the money card; `is_open` says that the value is words, not a sum yet."""

    name: str
    value: str
    why: str | None = None
    is_open: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Money:
    """The money card."""

    rows: tuple[MoneyRow, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the tracker: done, now, next, or no (it stopped here). `note` explains a step back."""

    kind: str
    before: str
    name: str
    detail: str | None = None
    when: str | None = None
    iso: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """A name and what stands across from it: a side and its days, a date we promised and its fate."""

    name: str
    days: str


@dataclass(frozen=True, slots=True)
class Move:
    """Whose move it is now, and where the days went."""

    now: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened: when, what, and whether we told it."""

    icon: str
    iso: str
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest three, and the rest behind a line that says how many they are."""

    newest: tuple[TimelineEntry, ...]
    rest: tuple[TimelineEntry, ...]
    more: str | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """A line of the thread."""

    is_mine: bool
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """A question that many ask, with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Thread:
    """Questions and answers, and by when a person answers; `opens` is when somebody is there again, if nobody is."""

    bubbles: tuple[Bubble, ...]
    clock: str
    opens: str | None
    published: tuple[Published, ...]
    problem: str | None = None
    typed: str = ""
    is_idea: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of a refusal, with its clause and its document."""

    text: str
    basis: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """Something that the reader can do about the claim: where, under which icon and words."""

    address: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class ServedComplaint:
    """A formal complaint that was served: when and under which number, and where its answer is."""

    title: str
    clock: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class ComplaintCard:
    """The formal complaint: offered from a broken promise on (`offer`), and what was served before.

    `comes_first` while the reader still waits for what was promised.
    """

    text: str
    offer: str | None
    served: tuple[ServedComplaint, ...]
    comes_first: bool


@dataclass(frozen=True, slots=True)
class SurveyCard:
    """The one question at the end: its figures from `lowest` to `highest`, or `thanks` once it was answered."""

    question: str
    figures: tuple[int, ...]
    lowest: str
    highest: str
    thanks: str | None
    longest: int = 0
    problem: str | None = None
    typed: str = ""


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """pages/claim.html."""

    id: str
    title: str
    headline: Headline
    stale: str | None
    notes: tuple[Note, ...]
    needs: tuple[Need, ...]
    needs_text: str | None
    reasons: tuple[Reason, ...]
    appeal: tuple[str, ...]
    money: Money | None
    money_first: bool
    move: Move
    promised: tuple[Side, ...]
    next: tuple[NextRow, ...]
    steps: tuple[Step, ...]
    timeline: Timeline
    thread: Thread
    ways: tuple[Way, ...]
    texts: str
    phone: str | None
    as_of: str
    zone_note: str | None
    printed: str
    complaint: ComplaintCard | None = None
    survey: SurveyCard | None = None
    # Said to whoever reads it for its owner, who then finds nothing to press.
    represented: str | None = None
