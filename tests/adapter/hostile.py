"""Cases that mean harm, from a seed: types, encodings, depths, sizes, times, NUL, surrogates, in one field or two."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import orjson

GOOD: dict[str, Any] = {
    "state": "new",
    "reported": "2026-11-01T10:00:00",
    "sum": "1500,50",
    "name": "Ирина",
    "phone": "+79161234567",
    "thing": "Kia",
}
# What a reason may name: their fields, ours, and the lists of ours.
FIELDS = {"number", *GOOD, "claim_number", "reported_at", "approved", "object_label", "updated_at", "extra", "ref"}
TEXTS = [
    "", " ", "\u0000", "a\u0000b", "\u0007", "\u202eabc", "\ufeff", "\U0010ffff", "e\u0301" * 50, "Ы" * 3_000,
    "x" * 70_000, "null", "NaN", "-0", "1e400", "9" * 5_000, "0x10", "1,5,5", "٣٤٥", "'; drop table claim; --",
    "{{ 7*7 }}", "<script>",
    "../../etc/passwd", "%00", "\\", '"', "a\nb", "a\r\nb", "a\tb", "a,b", "=cmd()", "1900-01-01T00:00:00",
    "0000-00-00", "9999-12-31T23:59:59Z", "2026-02-30T10:00:00", "2026-11-01T24:00:00", "2026-11-01T10:00:60",
    "2026-11-01T10:00:00+99:99", "2026-10-25T02:30:00", "99999999999999999999", "-62135596801", "253402300800", "1e18",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63 - 1, -(2**63), 0.1, 1e308, -1e-308, [], {}, [1], [[]], {"a": {"b": []}},
    {"code": "new"}, {"code": {"code": "new"}}, [None, {"code": "x"}], {"": ""}, ["x"] * 2_000,
]  # fmt: skip
# What no JSON library writes, and a program by hand does.
TOKENS = [
    b"NaN", b"Infinity", b"1e99999", b"-", b"01", b"'x'", b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\\x41"',
    b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"[" * 200 + b"]" * 200, b"[" * 900 + b"]" * 900,
    b"[" * 1_000 + b"]" * 1_000,
    b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b"9" * 5_000, b"1." + b"3" * 5_000, b"tru",
    b"",
]  # fmt: skip
# What a cell may hold that is said to be JSON.
NESTED = ["{}", "[1", "nope", "[" * 5_000, "[" * 400 + "]" * 400]


def texts(seed: int, many: int) -> Iterator[dict[str, str]]:
    """Cases of text alone, for files of cells."""
    chance = random.Random(seed)
    for number in range(many):
        yield _spoilt(chance, number, TEXTS)


def values(seed: int, many: int) -> Iterator[dict[str, Any]]:
    """Cases of whatever a database or a library may give."""
    chance = random.Random(seed)
    for number in range(many):
        yield _spoilt(chance, number, TEXTS + VALUES)


def raw_json(seed: int, many: int) -> Iterator[bytes]:
    """Cases as JSON, some of it written by hand; what is opened is closed, as in a page that came whole."""
    chance = random.Random(seed)
    for number in range(many):
        case = _spoilt(chance, number, TEXTS + VALUES)
        members = {name: orjson.dumps(value) for name, value in case.items()}
        if chance.random() < 0.5:
            members[chance.choice([*GOOD, "number", "extra"])] = chance.choice(TOKENS)
        yield b"{" + b",".join(orjson.dumps(name) + b":" + value for name, value in members.items()) + b"}"


def events(cases: Sequence[bytes]) -> Iterator[bytes]:
    """App Events of such claims: shown whole, with a hostile list, or only named, so that the claim is read."""
    for number, case in enumerate(cases):
        ref, dated = b'{"id":"cc:%d"' % number, b',"updateTime":"2026-11-19T10:00:00Z"'
        yield (
            ref + dated + b',"activities":{},' + case[1:],
            ref
            + dated
            + b',"activities":{"a":{"id":"a","extra":'
            + case
            + b"}},"
            + orjson.dumps({**GOOD, "number": f"E{number}"})[1:],
            ref + b"}",
        )[number % 3]


class HostileClaimCenter:
    """These cases as the claims of a ClaimCenter: in the claim, in its activities, or in the list of all claims."""

    def __init__(self, cases: list[bytes]) -> None:
        self._cases = cases

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Whatever is asked."""
        if request.url.host == "hub.test":
            return httpx.Response(200, json={"access_token": "good", "expires_in": 3600})
        path = request.url.path.removeprefix("/cc/rest")
        if path.startswith("/composite"):
            uris = [one["uri"].partition("?")[0] for one in orjson.loads(request.content)["selections"]]
            parts = b",".join(b'{"status":200,"body":' + self._of(uri) + b"}" for uri in uris)
            return httpx.Response(200, content=b'{"responses":[],"selections":[' + parts + b"]}")
        start = int(request.url.params.get("pageOffset", 0))
        return httpx.Response(200, content=self._infos(start) if path.endswith("claim-infos") else self._of(path))

    def _infos(self, start: int) -> bytes:
        rows = [
            b'{"attributes":{"claimId":"cc:%d","extra":%s}}' % (number, case if number % 20 == 0 else b"1")
            for number, case in list(enumerate(self._cases))[start : start + 100]
        ]
        more = start + 100 < len(self._cases)
        link = b'{"next":{"href":"/claim/v1/claim-infos?pageOffset=%d"}}' % (start + 100) if more else b"{}"
        return b'{"count":%d,"data":[%s],"links":%s}' % (len(rows), b",".join(rows), link)

    def _of(self, path: str) -> bytes:
        ref, _, part = path.removeprefix("/claim/v1/claims/cc:").partition("/")
        case = self._cases[int(ref)]
        if int(ref) % 3:
            return b'{"data":[]}' if part else b'{"data":{"attributes":' + case + b',"checksum":"1"}}'
        usual = orjson.dumps({**GOOD, "number": ref})
        activity = b'{"data":[{"attributes":{"id":"a","extra":' + case + b"}}]}"
        return activity if part else b'{"data":{"attributes":' + usual + b',"checksum":"1"}}'


def _spoilt(chance: random.Random, number: int, bad: list[Any]) -> dict[str, Any]:
    case = {"number": f"H{number}", **GOOD}
    for name in chance.sample(sorted(case), chance.choice([0, 1, 1, 1, 2])):
        case[name] = chance.choice(bad)
    # Two cases of one key are one claim, and could not be counted.
    key = case["number"]
    if isinstance(key, str) and key.strip() and not key.startswith("H"):
        case["number"] = f"{key}{number}"
    elif isinstance(key, int | float) and not isinstance(key, bool):
        case["number"] = number
    if chance.random() < 0.1:
        del case[chance.choice(sorted(case))]
    return case
