"""Only what changed: the highest time of change among the cases, kept, stepped back and written as they want (pure)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from backoffice_adapter.mapping import find_first, moment
from backoffice_adapter.settings import RestSince
from backoffice_adapter.source import Record

Mark = datetime | int


class Since:
    """The cursor of a source that can be asked for what changed since."""

    def __init__(self, config: RestSince) -> None:
        self._config, self._find, self._zone = config, find_first(config.field), ZoneInfo(config.time_zone)
        self._counts = config.format == "count"
        self._read = int if self._counts else moment([config.format], self._zone)

    def read(self, cursor: dict[str, Any] | None) -> Mark | None:
        """What `written` wrote; None for anything else, which means from the start."""
        said = (cursor or {}).get("since")
        try:
            return int(said) if self._counts else datetime.fromisoformat(said)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None

    def written(self, mark: Mark) -> dict[str, Any]:
        """`mark` as a cursor."""
        return {"since": mark if isinstance(mark, int) else mark.isoformat()}

    def params(self, mark: Mark | None) -> dict[str, str]:
        """What is asked for: from `mark` on, less the overlap for cases saved later than they were stamped."""
        if mark is None:
            return {} if self._config.start is None else {self._config.param: self._config.start}
        return {self._config.param: self._spelled(mark)}

    def higher(self, mark: Mark | None, records: Sequence[Record], *, now: datetime) -> Mark | None:
        """The highest of all, never ahead of now: one clock that runs wild must not hide what comes after."""
        found = [said for record in records if (said := self._of(record)) is not None]
        marks = [min(one, now) if isinstance(one, datetime) else one for one in found]
        return max([*marks, *([] if mark is None else [mark])], default=None)

    def _of(self, record: Record) -> Mark | None:
        """A time that cannot be read moves nothing; the mapping says what is wrong with it."""
        try:
            read: Mark = self._read(self._find(record.body, record.body))
        except (TypeError, ValueError):
            return None
        return read

    def _spelled(self, mark: Mark) -> str:
        if isinstance(mark, int):
            return str(max(0, mark - self._config.overlap_count))
        form, floor = self._config.format, mark - self._config.overlap
        floor = max(floor, datetime(1970, 1, 2, tzinfo=UTC))
        if form == "epoch_s":
            return str(int(floor.timestamp()))
        if form == "epoch_ms":
            return str(int(floor.timestamp() * 1000))
        if form == "iso":
            return floor.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return floor.astimezone(self._zone).strftime(form)
