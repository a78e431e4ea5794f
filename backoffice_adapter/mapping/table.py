"""The shape of a mapping file: every key it may have, checked before the first case is read.

The keys on the left are the allow-list: nothing else of a case can reach our tables.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from backoffice_adapter.mapping import formats, paths, phones
from claims_core.settings import Zone
from claims_core.stages import ClaimStage, Mover, Outcome, Situation

Scalar = str | int | bool
# The desk's actions (`claims_core.tables.ChangeAction`), spelled here so that a mapping needs no database.
ACTIONS = frozenset({"approve", "decline", "request_documents", "extend", "close"})


def _path(text: str) -> str:
    paths.find_all(text)
    return text


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_spec(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def _country(code: str) -> str:
    if not phones.is_country(code):
        raise ValueError(f"'{code}' is not a country such as RU")
    return code


def _action(name: str) -> str:
    if name not in ACTIONS:
        raise ValueError(f"'{name}' is not an action of the desk: {', '.join(sorted(ACTIONS))}")
    return name


Action = Annotated[str, AfterValidator(_action)]
Path = Annotated[str, AfterValidator(_path)]
Paths = Annotated[list[Path], BeforeValidator(_as_list)]
Format = Annotated[str, AfterValidator(formats.check_format)]


class Part(BaseModel):
    """A table of the file; a key that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Spec(Part):
    """Where a value comes from: the first path that leads to something, a constant, or paths joined into one text.

    `table` translates a code, `default` stands in where nothing is found or the table does not know the code, and
    `otherwise` is tried before that. `last` keeps that many characters from the end.
    """

    path: Paths | None = None
    value: Scalar | None = None
    join: list[Path] | None = None
    by: str = " "
    format: Annotated[list[Format], BeforeValidator(_as_list)] | None = None
    time_zone: Zone | None = None
    decimal: Literal[".", ","] = "."
    table: str | None = None
    default: Scalar | None = None
    last: int | None = None
    otherwise: "Take | None" = None

    @model_validator(mode="after")
    def _one_origin(self) -> "Spec":
        if sum(origin is not None for origin in (self.path, self.value, self.join)) != 1:
            raise ValueError("give exactly one of path, value, join")
        if self.value == "":
            raise ValueError("the constant is empty: give a value, or leave the key out")
        return self


Take = Annotated[Spec, BeforeValidator(_as_spec)]


class Test(Part):
    """A condition that equality cannot say."""

    exists: bool | None = None
    not_in: list[Scalar] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> "Test":
        if (self.exists is None) == (self.not_in is None):
            raise ValueError("give exactly one of exists, not_in")
        return self


When = dict[Path, Scalar | list[Scalar] | Test]


class About(Part):
    """What holds for the whole file."""

    title: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    time_zone: Zone
    phone_countries: Annotated[list[Annotated[str, AfterValidator(_country)]], Field(min_length=1)]
    date_formats: Annotated[list[Format], Field(min_length=1)] = ["iso"]
    code: Annotated[list[Path], Field(min_length=1)]


class Fields(Part):
    """The claim itself."""

    claim_number: Take
    policy_number: Take | None = None
    line_of_business: Take
    product: Take
    country: Take
    currency: Take
    object_label: Take | None = None
    loss_date: Take | None = None
    reported_at: Take
    documents_complete_at: Take | None = None
    changed_at: Take | None = None
    reason: Take | None = None
    team: Take | None = None
    handler_ref: Take | None = None
    handler_name: Take | None = None
    inspection_at: Take | None = None
    inspection_place: Take | None = None
    assessed: Take | None = None
    deductible: Take | None = None
    approved: Take | None = None
    new_date: Take | None = None
    merged_into: Take | None = None


class Person(Part):
    """The policyholder.

    `birth_date` and `directory_ref` (their key in a directory that all sources share) say who is one person in several
    sources; `phones_verified` that the source has had the telephones confirmed by their holders.
    """

    ref: Take
    name: Take
    given_name: Take | None = None
    language: Take | None = None
    time_zone: Take | None = None
    phones: Paths = []
    email: Take | None = None
    contact_prohibited: Take | None = None
    birth_date: Take | None = None
    directory_ref: Take | None = None
    phones_verified: Take | None = None


class Payments(Part):
    """Money issued, one item each; `each = "."` is the case itself, and `when` is asked of each item.

    `claimant` is the key of the claimant whose money it is; without one it is the policyholder's.
    """

    each: Path
    when: When = {}
    claimant: Take | None = None
    ref: Take
    amount: Take
    state: Take
    sent_date: Take | None = None
    expected_date: Take | None = None
    account_last4: Take | None = None
    bank: Take | None = None
    return_reason: Take | None = None


class Documents(Part):
    """Papers asked for, one item each; `claimant` is the key of the claimant who is asked, if it is one."""

    each: Path
    when: When = {}
    claimant: Take | None = None
    ref: Take
    title_ru: Take
    title_en: Take
    why_ru: Take | None = None
    why_en: Take | None = None
    due_date: Take | None = None
    state: Take
    reject_reason: Take | None = None


class Decision(Part):
    """Why it was decided so, in the words that the policyholder reads."""

    reason: Take
    clause: Take | None = None
    document: Take | None = None


class Rule(Part):
    """If all of `when` holds, the claim stands here. The lowest priority number is tried first, then the file's order.

    `leave_out` says that such a case is not ours to show (a draft).
    """

    name: str
    priority: int = 100
    when: When = {}
    leave_out: bool = False
    stage: ClaimStage | None = None
    situation: Situation | None = None
    outcome: Outcome | None = None
    mover: Mover | None = None
    reason: str | None = None
    team: str | None = None
    decision_reasons: list[dict[str, str]] = []

    @model_validator(mode="after")
    def _says_something(self) -> "Rule":
        if self.leave_out == (self.stage is not None):
            raise ValueError("give a stage, or leave_out = true")
        return self


class Claimant(Person):
    """Others who claim against the policy, one item each; `when` is asked of each item.

    Their own rules say where one of them stands; who has none, or meets none, goes with the claim.
    """

    each: Path
    when: When = {}
    reported_at: Take | None = None
    documents_complete_at: Take | None = None
    object_label: Take | None = None
    inspection_at: Take | None = None
    inspection_place: Take | None = None
    assessed: Take | None = None
    approved: Take | None = None
    rule: list[Rule] = []


class Way(StrEnum):
    """How a handler's change reaches the back office; `record_here` where it takes no changes."""

    ACTIVITY = "activity"
    PATCH = "patch"
    CLOSE = "close"
    RECORD_HERE = "record_here"


class WriteBack(Part):
    """One desk action. In `set`, `{ from = "key" }` stands for a value of the handler's form, translated by `table`
    and replaced by `default` where there is none.

    `each` names a list of the form: one call for each of its items, `{ from = "item.title_en" }` inside.
    """

    do: Way
    set: dict[str, Any] = {}
    each: str | None = None

    @model_validator(mode="after")
    def _has_words(self) -> "WriteBack":
        if self.do in (Way.ACTIVITY, Way.PATCH) and not self.set:
            raise ValueError(f"'{self.do}' needs 'set': which fields get which values")
        return self


class MappingFile(Part):
    """A whole mapping."""

    about: About
    fields: Fields
    policyholder: Person
    claimant: Claimant | None = None
    payments: Payments | None = None
    documents: Documents | None = None
    decision: Decision | None = None
    tables: dict[str, dict[str, str]] = {}
    rule: Annotated[list[Rule], Field(min_length=1)]
    write_back: dict[Action, WriteBack] = {}
