"""The story is believable to the product: every step of every road is a claim that the mapping can read."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import phonenumbers
import pytest

from backoffice_adapter.mapping import load
from backoffice_adapter.source import Record
from claims_core.claimants import parts_of
from claims_core.snapshot import ClaimSnapshot, page_state_of
from claims_core.stages import ClaimStage, LineOfBusiness, PageState, is_expected_move
from sandbox.claim_center import Records
from sandbox.story import Story
from sandbox.story.mover import REST
from sandbox.story.roads import LINES, SHOWN_ROAD, STEPS, Line

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
MAPPING = load(Path(__file__).parents[2] / "sandbox" / "mappings" / "claim_center.toml")
TRANSLATE = MAPPING.translator(source="claim_center", mapping_version=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def a_story(count: int = 300) -> tuple[Story, Clock]:
    clock = Clock()
    story = Story(Records(), random.Random(7), clock)
    story.tell(count)
    return story, clock


def snapshot_of(story: Story, ref: str) -> ClaimSnapshot:
    case = story.records.cases[ref]
    body = {"claim": dict(case.claim), **{name: list(items) for name, items in case.parts.items()}}
    body["claim"].pop("updateTime")
    raw = orjson.dumps(body)
    read = TRANSLATE(Record(ref=ref, raw=raw, hash=b"h", body=orjson.loads(raw), version=None), NOON)
    assert isinstance(read, ClaimSnapshot), read
    return read


def test_every_claim_of_the_story_can_be_read_and_all_stages_and_page_states_occur():
    story, _ = a_story()
    claims = [snapshot_of(story, ref) for ref in story.tales]
    assert {claim.stage for claim in claims} == set(ClaimStage)
    assert {page_state_of(claim) for claim in claims} >= set(PageState) - {PageState.CLOSED_OTHER, PageState.REOPENED}
    assert Counter(claim.country for claim in claims)["us"] > 10


def test_some_claims_are_of_somebody_else_than_the_policyholder_and_their_money_is_theirs():
    story, _ = a_story()
    theirs = [shot for shot in (snapshot_of(story, ref) for ref in story.tales) if shot.claimants]
    assert len(theirs) > 10
    assert {shot.line_of_business for shot in theirs} == {LineOfBusiness.MOTOR_LIABILITY}
    assert all(shot.approved is None and not shot.payments and not shot.documents for shot in theirs)
    states = {page_state_of(part) for shot in theirs for part in parts_of(shot)}
    assert states >= {PageState.ASSESSMENT, PageState.AWAITING, PageState.DOCS_NEEDED}
    assert any(part.payments for shot in theirs for part in parts_of(shot))


def test_every_telephone_is_valid_and_belongs_to_one_person():
    story, _ = a_story()
    claims = [snapshot_of(story, ref) for ref in story.tales]
    [by_letter] = [shot.policyholder for shot in claims if not shot.policyholder.phones]
    assert by_letter.email == story.tales[story.by_letter].person.email
    phones = [shot.policyholder.phones[0] for shot in claims if shot.policyholder is not by_letter]
    phones += [each.person.phones[0] for shot in claims for each in shot.claimants]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    assert len(set(phones)) == len(phones)


ROADS = [(line, road) for line in LINES for _, road in line.roads]


@pytest.mark.parametrize(
    ("line", "steps"), ROADS, ids=[f"{line.code}-{place}" for place, (line, _) in enumerate(ROADS)]
)
def test_each_step_of_each_road_is_a_move_that_the_journey_has(line: Line, steps: tuple[str, ...]):
    story, _ = a_story(0)
    ref = story._add(line, steps, place=0)
    before = snapshot_of(story, ref)
    for name in steps[1:]:
        assert story.move(ref) == name
        after = snapshot_of(story, ref)
        assert is_expected_move(before.stage, after.stage), (name, before.stage, after.stage)
        before = after


def test_no_step_is_unused():
    used = {name for line in LINES for _, road in line.roads for name in road} | set(SHOWN_ROAD)
    assert used == set(STEPS)


def test_the_twins_go_the_same_way_at_the_same_time():
    story, _ = a_story(5)
    stages = set()
    for _ in SHOWN_ROAD:
        story.move_twins()
        places = {(twin.stage, twin.situation) for twin in (snapshot_of(story, ref) for ref in story.twins)}
        assert len(places) == 1
        stages |= places
    assert len(stages) > 8


def test_a_shown_claim_begins_again_when_it_has_arrived():
    story, _ = a_story(1)
    seen = [page_state_of(snapshot_of(story, story.shown)) for _ in range(14) if story.move(story.shown)]
    assert seen.count(PageState.PAID) >= 2
    assert PageState.REOPENED in seen


def test_a_claim_that_a_handler_changed_rests_and_then_goes_on_from_there():
    story, clock = a_story(3)
    ref = story.shown
    story.records.commit(
        ref, attributes={"extSelfServiceStage_Ext": {"code": "declined"}}, checksum=None, transaction=None
    )
    assert story.move(ref) is None
    clock.now += REST + timedelta(seconds=1)
    assert story.move(ref) == "closed_refused"
    assert page_state_of(snapshot_of(story, ref)) is PageState.DECLINED


def test_new_claims_come_in():
    story, _ = a_story(40)
    before = len(story.tales)
    for _ in range(30):
        story.move_any()
    assert len(story.tales) == before + 2
