"""App Events of the emulated ClaimCenter: a snapshot of the claim's graph, sub-collections as maps by id.

The envelope and the proof are not published (assumed): the graph is the body, the secret stands in a header.
"""

from typing import Any

import httpx

from sandbox.claim_center.records import Case


def claim_event(case: Case, kind: str = "ClaimChanged") -> dict[str, Any]:
    """The event that shows a claim as it is now."""
    graph = {part: {item["id"]: item for item in items} for part, items in case.parts.items()}
    return {**case.claim, **graph, "$refs": {"self": case.claim["id"]}, "$event": kind}


def payment_event(case: Case, number: int = -1, kind: str = "PaymentChanged") -> dict[str, Any]:
    """The event of a check: it names its claim and shows little of it."""
    return {**case.parts["checks"][number], "claimId": case.claim["id"], "$event": kind}


class AppEvents:
    """Posts events to one address until they are taken: at least once, and in the order of each claim."""

    def __init__(self, http: httpx.AsyncClient, url: str, *, header: str, secret: str, tries: int = 5) -> None:
        self._http, self._url, self._tries = http, url, tries
        self._headers = {header: secret}

    async def tell(self, event: dict[str, Any]) -> int:
        """Post `event`; the last answer's number."""
        number = 0
        for _ in range(self._tries):
            number = (await self._http.post(self._url, json=event, headers=self._headers)).status_code
            if number < 500:
                break
        return number
