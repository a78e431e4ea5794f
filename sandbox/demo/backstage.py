"""What the product talks to in the demo: the emulated back office with its story, the provider, the telephone."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from claims_core.clock import utc_now
from sandbox import claim_center, telephone, twilio
from sandbox.data import LIFE_CLAIMS, LIFE_CONTACTS
from sandbox.data.deliveries import Move, next_delivery, read_rows, write_rows
from sandbox.demo.place import Secrets
from sandbox.demo.surroundings import CLAIM_CENTER_LOGIN, SHORT_URL, Addresses
from sandbox.mail import PostOffice, served_mail
from sandbox.serving import served
from sandbox.story import Story
from sandbox.twilio.exchange import Exchange

SEED = 7
CLAIMS = 240
ZONE = ZoneInfo("Europe/Moscow")
# Seconds between two moves: of any claim, of the claim to try, of the twins; and between two deliveries of files.
ANY_EVERY, SHOWN_EVERY, TWINS_EVERY, DELIVERY_EVERY = 3.0, 25.0, 20.0, 150.0
MOVES_A_DELIVERY = 6


@dataclass
class Backstage:
    """The emulators, to be looked into and moved by hand."""

    story: Story
    exchange: Exchange
    mail: PostOffice
    deliveries: Path
    delivered: int = 0
    # What the telephone page says about a number, beside whose it is.
    marks: dict[str, str] = field(default_factory=dict)

    def book(self) -> telephone.Book:
        """Whose telephones these are; those that a newcomer is told of come first."""

        def about(number: str) -> str | None:
            known = self.story.tales.values()
            tale = next((tale for tale in known if number in (tale.person.phone, tale.person.email)), None)
            said = f"{tale.person.name}, {tale.number}" if tale else None
            return ". ".join(filter(None, (said, self.marks.get(number)))) or None

        return telephone.Book(about, lambda: list(self.marks))

    def deliver(self, *, moves: int = MOVES_A_DELIVERY) -> list[Move]:
        """Put the next delivery of the life claims into its folder; what moved in it."""
        if not self.delivered:
            shutil.rmtree(self.deliveries, ignore_errors=True)
            self.deliveries.mkdir(parents=True)
            shutil.copyfile(LIFE_CONTACTS, self.deliveries / "contacts.csv")
            shutil.copyfile(LIFE_CLAIMS, self._file(1))
            self.delivered = 1
            return []
        rows, made = next_delivery(
            read_rows(self._file(self.delivered)), seed=SEED + self.delivered, moves=moves, at=utc_now()
        )
        self.delivered += 1
        write_rows(rows, self._file(self.delivered))
        return made

    def _file(self, number: int) -> Path:
        return self.deliveries / f"claims-{number:04}.csv"

    async def keep_moving(self) -> None:
        """Move claims until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(ANY_EVERY, self.story.move_any))
            group.create_task(_every(SHOWN_EVERY, lambda: self.story.move(self.story.shown)))
            group.create_task(_every(SHOWN_EVERY, lambda: self.story.move(self.story.by_letter)))
            group.create_task(_every(TWINS_EVERY, self.story.move_twins))
            group.create_task(_every(DELIVERY_EVERY, self.deliver))


async def _every(seconds: float, act: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        act()


def set_up(addresses: Addresses, secrets: Secrets, folder: Path) -> Backstage:
    """The emulators' state: a story just begun, an empty provider, the first delivery of files."""
    story = Story(claim_center.Records(), random.Random(SEED), utc_now)
    story.tell(CLAIMS)
    store = folder / "provider.sqlite"
    for left in folder.glob("provider.sqlite*"):
        left.unlink()
    setup = twilio.Setup(
        secrets.account_sid, secrets.auth_token, inbound_url=f"{addresses.portal}/webhooks/twilio/inbound", store=store
    )
    mail = PostOffice(bounces_port=addresses.bounces_port)
    backstage = Backstage(story, Exchange(setup), mail, folder / "deliveries")
    backstage.deliver()
    return backstage


@asynccontextmanager
async def emulators(backstage: Backstage, addresses: Addresses, secrets: Secrets) -> AsyncIterator[None]:
    """Serve them on their ports for the length of the block."""
    office = claim_center.create_app(
        backstage.story.records, claim_center.Setup(login_id=CLAIM_CENTER_LOGIN, login_secret=secrets.back_office)
    )
    provider = twilio.create_app(backstage.exchange)
    telephone.add_telephone(
        provider,
        backstage.exchange,
        provider.state.postman,
        short_url=SHORT_URL,
        portal_url=addresses.portal,
        zone=ZONE,
        book=backstage.book(),
        mail=backstage.mail,
    )
    mail = served_mail(backstage.mail, addresses.mail_port)
    async with served(office, addresses.back_office_port), served(provider, addresses.telephone_port), mail:
        yield
