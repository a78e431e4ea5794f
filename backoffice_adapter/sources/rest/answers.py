"""An answer into a page of cases: whole or refused, a strange value in one case costs that case (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson

from backoffice_adapter.mapping import find_first
from backoffice_adapter.settings import RestConfig
from backoffice_adapter.source import Read, Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text, keys
from claims_core.errors import SourceUnavailable


@dataclass(frozen=True, slots=True)
class Answer:
    """A page: its cases, and the rest of the answer, in which the way to the next page stands."""

    cases: list[Read]
    envelope: Any
    total: int | None
    links: Mapping[Any, Any]

    @property
    def records(self) -> list[Record]:
        """The cases that can be read."""
        return [case for case in self.cases if isinstance(case, Record)]

    @property
    def unreadable(self) -> list[Unreadable]:
        """Those that cannot."""
        return [case for case in self.cases if isinstance(case, Unreadable)]


def is_whole(answer: httpx.Response) -> bool:
    """Did all of the body arrive? What is closed and no parser takes is whole as well: one case will be to blame."""
    if answer.status_code >= 300 or not answer.content.strip():
        return True
    try:
        orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return json_text.is_closed(answer.content)
    return True


class Answers:
    """Reads answers as a source describes them."""

    def __init__(self, config: RestConfig, *, key: bytes) -> None:
        self._config, self._key = config, key
        self._ref = find_first(config.ref)
        self._version = find_first(config.version) if config.version else None
        self._total, self._count = _number(config.paging.total), _number(config.paging.count)
        self._list = _at(config.records)
        self._one = _at(config.one_record)

    def page(self, answer: httpx.Response) -> Answer:
        """The page in `answer`. Raises `SourceUnavailable` when part of it is missing: then none of it counts."""
        place = f"{self._config.name}: {self._config.path}"
        if answer.status_code == 204 or not answer.content.strip():
            return Answer([], {}, None, answer.links)
        envelope, cases = self._taken_apart(answer.content, place)
        counted = self._count(envelope)
        if counted is not None and counted != len(cases):
            raise SourceUnavailable(f"{place}: a page of {counted} holds {len(cases)}")
        return Answer(cases, envelope, self._total(envelope), answer.links)

    def one(self, answer: httpx.Response, *, ref: str) -> Read:
        """The single case in `answer`, which was asked for by `ref`."""
        try:
            found = self._case(self._one(json_text.read_object(answer.content)))
        except ValueError as problem:
            found = Unreadable(answer.content[: json_text.MOST_KEPT], str(problem), place=self._config.path)
        return found if isinstance(found, Record) else replace(found, ref=found.ref or ref)

    def _taken_apart(self, content: bytes, place: str) -> tuple[Any, list[Read]]:
        try:
            said = orjson.loads(content)
        except orjson.JSONDecodeError:
            return self._by_hand(content, place)
        listed = self._list(said)
        if not isinstance(listed, list):
            raise SourceUnavailable(f"{place}: a page without its list at '{self._config.records}'")
        return said, [self._case(element) for element in listed]

    def _by_hand(self, content: bytes, place: str) -> tuple[Any, list[Read]]:
        """One case holds what no parser takes: the others need not suffer."""
        cut = json_text.cut_out(content, self._config.records)
        if cut is None:
            raise SourceUnavailable(f"{place}: a page without its list at '{self._config.records}'")
        rest, elements = cut
        try:
            return orjson.loads(rest), [self._raw_case(element) for element in elements]
        except orjson.JSONDecodeError as problem:
            raise SourceUnavailable(f"{place}: a page that is not JSON: {problem.msg}") from problem

    def _raw_case(self, raw: bytes) -> Read:
        try:
            return self._case(json_text.read_object(raw.strip()))
        except ValueError as problem:
            return Unreadable(raw[: json_text.MOST_KEPT], str(problem), place=self._config.path)

    def _case(self, body: Any) -> Read:
        place, ref = self._config.path, None
        if not isinstance(body, dict):
            return Unreadable(json_text.kept(body), "is not a JSON object", place=place)
        try:
            ref = keys.ref_of(self._ref(body, body), self._config.ref)
            version = None
            if self._version is not None:
                version = keys.version_of(self._version(body, body), str(self._config.version))
            raw = json_text.write_object(body)
        except ValueError as problem:
            return Unreadable(json_text.kept(body), str(problem), place=place, ref=ref)
        return Record(ref=ref, raw=raw, hash=content_hash(raw, self._key), body=body, version=version, place=place)


def _at(path: str) -> Callable[[Any], Any]:
    if path == ".":
        return lambda said: said
    find = find_first(path)
    return lambda said: find(said, said)


def _number(path: str | None) -> Callable[[Any], int | None]:
    """What is counted at `path`; None where the answer says no number there."""
    if path is None:
        return lambda said: None
    find = find_first(path)

    def read(said: Any) -> int | None:
        value = find(said, said)
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    return read
