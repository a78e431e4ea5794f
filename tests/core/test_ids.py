"""Ids are ordered by time, never the same twice, and not shared with a forked process."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from claims_core.ids import BASE62, new_code, new_id, new_short_token, new_token


def test_ids_are_version_7_and_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(2000)]
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert [one.int >> 80 for one in ids] == sorted(one.int >> 80 for one in ids)


def test_threads_never_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for batch in pool.map(lambda _: [new_id() for _ in range(1000)], range(16)) for one in batch]
    chance = {one.int & ((1 << 76) - 1) for one in made}
    assert len(set(made)) == len(chance) == 16_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_chance_of_its_own() -> None:
    new_id()  # so that chance is drawn ahead
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"".join(new_id().bytes for _ in range(100)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 1600)
    os.close(reader)
    os.close(writer)
    mask = (1 << 62) - 1
    ids = {UUID(bytes=theirs[place : place + 16]).int & mask for place in range(0, 1600, 16)}
    assert len(ids) == 100
    assert ids.isdisjoint(new_id().int & mask for _ in range(300))


def test_tokens_and_codes_have_their_length() -> None:
    assert len(new_token()) == 22
    assert len(new_short_token()) == 8
    assert set(new_short_token(200)) <= set(BASE62)
    assert {len(new_code()) for _ in range(50)} == {6}
    assert new_code(4).isdecimal()
