"""The tables of the yardstick and of Django: claims, and eight entries of history each."""

import asyncpg

CLAIM = (
    "id",
    "claim_number",
    "policy_number",
    "claimant_name",
    "email",
    "phone",
    "status",
    "stage",
    "line_of_business",
    "loss_date",
    "filed_at",
    "updated_at",
    "adjuster_name",
    "adjuster_phone",
    "amount_claimed",
    "amount_approved",
    "currency",
    "description",
)
EVENT = ("seq", "occurred_at", "kind", "status", "title", "note")
STEPS = ("received", "triage", "review", "documents", "decision", "payment", "closed")
TABLES = """
create table claims (
  id bigint primary key, claim_number text not null, policy_number text not null, claimant_name text not null,
  email text, phone text, status text not null, stage int not null, line_of_business text not null, loss_date date,
  filed_at timestamptz not null, updated_at timestamptz not null, adjuster_name text, adjuster_phone text,
  amount_claimed numeric(12,2), amount_approved numeric(12,2), currency char(3) not null, description text);
create table claim_events (
  id bigint not null, claim_id bigint not null, seq int not null, occurred_at timestamptz not null, kind text not null,
  status text not null, title text not null, note text);
"""
CLAIMS = """
insert into claims select i, 'CLM-2026-' || lpad(i::text, 8, '0'),
  'POL-' || lpad(((i::bigint * 7919) % 900000)::text, 7, '0'),
  'Claimant ' || i, 'c' || i || '@example.org', '+1555' || lpad((i % 10000000)::text, 7, '0'),
  (array['received','triage','review','documents','decision','payment','closed'])[1 + i % 7], i % 7,
  (array['motor','home','travel','health'])[1 + i % 4], date '2026-01-01' + (i % 300)::int,
  timestamptz '2026-01-02 09:00+00' + (i % 300) * interval '1 day',
  timestamptz '2026-06-02 09:00+00' + (i % 100000) * interval '1 second',
  'Adjuster ' || (i % 500), '+1555000' || lpad((i % 10000)::text, 4, '0'), (i % 100000) / 10.0, (i % 90000) / 10.0,
  'USD',
  'Damage reported by the policyholder; reference ' || md5(i::text) || ', see the attached documents.'
from generate_series(1, $1::int) i
"""
EVENTS = """
insert into claim_events select (i - 1) * 8 + s, i, s,
  timestamptz '2026-01-02 09:00+00' + (i % 300 + s * 3) * interval '1 day',
  (array['status_change','document','message','payment'])[1 + s % 4],
  (array['received','triage','review','documents','decision','payment','closed'])[1 + s % 7],
  'Step ' || s || ' completed',
  'Your file was handled by the claims team, note ' || substr(md5((i * 8 + s)::text), 1, 24) || ' recorded.'
from generate_series(1, $1::int) i, generate_series(1, 8) s
"""
INDEXES = """
create unique index on claims (claim_number);
alter table claim_events add primary key (id);
create unique index on claim_events (claim_id, seq);
analyze claims; analyze claim_events;
"""


async def fill(url: str, number: int) -> None:
    """So many claims, the same every time."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.execute(CLAIMS, number)
    await connection.execute(EVENTS, number)
    await connection.execute(INDEXES)
    await connection.close()
