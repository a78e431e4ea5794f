"""What goes wrong between the emulator and its caller, as the script asks for it."""

import asyncio

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.claim_center.installation import ClaimCenter, Fault
from sandbox.serving import DroppedConnection


class Misfortunes:
    """What goes wrong before or after a call is answered. A call that meets nothing passes as it is."""

    def __init__(self, app: ASGIApp, center: ClaimCenter) -> None:
        self._app, self._center = app, center

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._center.calls.append(f"{scope['method']} {scope['path']}")
        fault = self._center.fault_for(scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._meet(fault, scope, receive, send)

    async def _meet(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else None
            busy = JSONResponse({"status": fault.number, "userMessage": "busy"}, int(fault.number), headers)
            await busy(scope, receive, send)
            return
        if fault.kind == "drop":
            await DroppedConnection()(scope, receive, send)
            return
        if fault.kind == "slow":
            await asyncio.sleep(fault.number)
        if fault.kind == "drift":  # a claim moves while somebody turns the page
            first = next(iter(self._center.records.visible()))
            self._center.records.change(first.claim["id"], description="moved between two pages")
        await self._app(scope, receive, _half(send) if fault.kind == "truncate" else send)


def _half(send: Send) -> Send:
    """Half of the body, and headers that say that this was all."""
    begun: list[Message] = []

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.append(message)
            return
        body = message["body"][: len(message["body"]) // 2]
        headers = [(name, value) for name, value in begun[0]["headers"] if name != b"content-length"]
        await send({**begun[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return cut
