"""What is held about people is known, table by table: in the copy they may take, or named with why it is not."""

from sqlmodel import SQLModel

from claims_core.db import Table
from claims_portal.personal.held import HELD, NOT_HELD
from tests.writers import HOMES


def tables() -> dict[str, type[Table]]:
    mappers = SQLModel._sa_registry.mappers
    return {
        str(m.local_table.name): m.class_
        for m in mappers
        if issubclass(m.class_, Table) and str(m.local_table.name) in HOMES
    }


def test_every_table_is_in_the_copy_of_a_person_or_named_with_a_reason():
    copied = [held.table for held in HELD]
    assert len(copied) == len(set(copied))
    assert set(copied) | NOT_HELD.keys() == HOMES.keys()
    assert not set(copied) & NOT_HELD.keys()
    assert all(NOT_HELD.values())


def test_no_personal_column_is_left_out_of_the_copy_but_what_is_sealed_or_anothers():
    left_out = {
        f"{held.table}.{column}" for held in HELD for column in held.without if column in tables()[held.table].__pii__
    }
    # The account on its way to a handler is shown nowhere; who asked without a proof may be somebody else.
    assert left_out == {"question.sealed", "unproven_request.name", "unproven_request.contact"}


def test_what_is_left_out_or_printed_of_a_table_is_one_of_its_columns():
    known = {name: set(table.model_fields) for name, table in tables().items()}
    named = {(held.table, column) for held in HELD for column in (*held.without, *held.printed)}
    assert not {(table, column) for table, column in named if column not in known[table]}
