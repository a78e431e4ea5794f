"""Whatever is done to any one row of the audit is found, and what no chain can show is found against a head."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

import pytest

from claims_core.ledger.chain import GENESIS, Link, Walk, cut_off, seal, walk_on
from tests.factories import NOON

ROWS = 1000


def sealed(link: Link, place: int, previous: bytes) -> Link:
    link = link._replace(place=place, prev_hash=previous)
    return link._replace(hash=seal(link, previous))


@pytest.fixture(scope="module")
def chain() -> list[Link]:
    """A thousand acts; `seq` goes by jumps, and the chain is in the order of sealing."""
    links, head = [], GENESIS
    for place in range(1, ROWS + 1):
        said = Link(
            2 * place + place % 3,
            NOON + timedelta(seconds=place // 2),
            f"staff:{place % 7}",
            "tried",
            f"claim:{place % 11}",
            {"n": place, "why": ["", None, place % 2 == 0]},
            None,
            None,
            None,
        )
        links.append(sealed(said, place, head))
        head = links[-1].hash or GENESIS
    return links


@pytest.fixture(scope="module")
def walks(chain: list[Link]) -> list[Walk]:
    """How the walk stands before each place, and at the end."""
    return list(accumulate(chain, lambda walk, link: walk_on(walk, [link], {}), initial=Walk()))


def flipped(link: Link, chance: random.Random) -> Iterator[Link]:
    """The row with each of its fields changed by the least there is."""
    text, bit = chance.randrange(len(link.actor)), 1 << chance.randrange(8)
    yield link._replace(seq=link.seq + 1)
    yield link._replace(at=link.at + timedelta(microseconds=1))
    yield link._replace(actor=link.actor[:text] + "x" + link.actor[text + 1 :])
    yield link._replace(action="tried ")
    yield link._replace(subject=link.subject + "0")
    yield link._replace(detail={**link.detail, "n": link.detail["n"] + 1})
    yield link._replace(detail={**link.detail, "n": str(link.detail["n"])})
    yield link._replace(place=(link.place or 0) + 1)
    yield link._replace(place=None)
    for name in ("prev_hash", "hash"):
        value = bytearray(getattr(link, name))
        value[chance.randrange(32)] ^= bit
        yield link._replace(**{name: bytes(value)})


def test_the_chain_is_whole_as_long_as_nobody_touches_it(chain, walks):
    assert walks[-1] == Walk(ROWS, chain[-1].hash or b"")
    assert cut_off(walks[-1], {ROWS: chain[-1].hash, 1: chain[0].hash}) == 0


def test_a_change_of_any_field_of_any_row_is_found_there(chain, walks):
    chance = random.Random(5)
    for before, link in zip(walks, chain, strict=False):
        for changed in flipped(link, chance):
            assert walk_on(before, [changed], {}).broken_at == changed.seq, changed


def test_a_change_with_a_seal_to_match_is_found_at_the_next_row(chain, walks):
    for at, link in enumerate(chain[:-1]):
        forged = sealed(link._replace(actor="staff:9"), at + 1, walks[at].head)
        assert walk_on(walks[at], [forged, chain[at + 1]], {}).broken_at == chain[at + 1].seq


def test_any_row_taken_out_is_found(chain, walks):
    for at in range(ROWS - 1):
        after = chain[at + 1]
        moved_up = after._replace(place=at + 1)
        assert walk_on(walks[at], [after], {}).broken_at == after.seq
        assert walk_on(walks[at], [moved_up], {}).broken_at == after.seq


def test_a_row_put_in_anywhere_is_found(chain, walks):
    for at, after in enumerate(chain):
        forged = sealed(after._replace(seq=after.seq + 1), at + 1, walks[at].head)
        pushed_down = after._replace(place=at + 2)
        assert walk_on(walks[at], [forged, pushed_down], {}).broken_at == after.seq
        assert walk_on(walks[at], [forged, after], {}).broken_at == after.seq


def test_any_two_neighbours_that_changed_places_are_found(chain, walks):
    for at in range(ROWS - 1):
        one, two = chain[at], chain[at + 1]
        swapped = [two._replace(place=one.place), one._replace(place=two.place)]
        assert walk_on(walks[at], swapped, {}).broken_at == two.seq
        assert walk_on(walks[at], [two, one], {}).broken_at == two.seq


def test_an_end_that_was_cut_off_shows_against_a_head_that_was_noted_and_against_nothing_else(chain, walks):
    noted = {ROWS: chain[-1].hash or b""}
    for kept in range(ROWS):
        assert walks[kept].broken_at is None
        assert cut_off(walks[kept], noted) == ROWS - kept


def test_an_end_that_was_written_anew_shows_against_a_head_that_was_noted(chain, walks):
    noted = {ROWS: chain[-1].hash or b""}
    for at in range(ROWS - 3, ROWS):
        head, anew = walks[at].head, []
        for place, link in enumerate(chain[at:], start=at + 1):
            anew.append(sealed(link._replace(actor="staff:9"), place, head))
            head = anew[-1].hash or b""
        assert walk_on(walks[at], anew, {}).broken_at is None
        assert walk_on(walks[at], anew, noted).broken_at == chain[-1].seq
