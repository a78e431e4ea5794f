"""`python -m sandbox --check`: the whole road unattended, a line a step with its time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx

from sandbox.check import handler, letters, pilot, policyholder
from sandbox.check.walk import Walk, a_walk
from sandbox.demo.processes import Fell
from sandbox.demo.run import Demo

Step = Callable[[Walk], Awaitable[str]]
STEPS: tuple[tuple[str, Step], ...] = (
    ("look-up", policyholder.look_up),
    ("code", policyholder.enter_code),
    ("a letter is due", letters.move),
    ("the claim moves", policyholder.hear_of_a_move),
    ("link of the text", policyholder.open_link),
    ("desk sign-in", handler.sign_in),
    ("preview", handler.preview),
    ("undo", handler.undo),
    ("change", handler.change),
    ("the letter", letters.arrive),
    ("STOP and START", policyholder.stop_and_start),
    ("pilot twins", pilot.twins_differ),
    ("delivered files", pilot.files_arrive),
    ("back office has it", handler.reach_back_office),
    ("the client hears", handler.client_hears),
    ("nothing is left", pilot.nothing_is_left),
)
DONE, FAILED = 0, 1


async def check(demo: Demo, told: asyncio.Event) -> int:
    """Walk; 0 when every step went as it must, 1 at the first that did not."""
    began = time.monotonic()
    claims = len(demo.backstage.story.tales)
    print(f"ok   {demo.seconds:6.1f} s  start: {claims} claims, {demo.addresses.portal}", flush=True)
    async with a_walk(demo) as walk:
        for name, step in STEPS:
            at = time.monotonic()
            try:
                said = await step(walk)
                for process in demo.processes:
                    process.must_run()
            except (AssertionError, httpx.HTTPError, Fell) as problem:
                print(f"FAIL {time.monotonic() - at:6.1f} s  {name}: {problem or type(problem).__name__}", flush=True)
                print("logs: " + ", ".join(str(process.log) for process in demo.processes), flush=True)
                return FAILED
            print(f"ok   {time.monotonic() - at:6.1f} s  {name}: {said}", flush=True)
    print(f"all {len(STEPS) + 1} steps went well in {demo.seconds + time.monotonic() - began:.0f} s", flush=True)
    return DONE
