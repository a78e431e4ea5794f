"""The telephone shows what arrived, makes only our links clickable, and says so when nobody listens."""

from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import httpx
import pytest

from sandbox.mail import Letter, PostOffice
from sandbox.telephone import add_telephone
from sandbox.telephone.app import linked
from sandbox.telephone.words import WORDS
from sandbox.twilio import Exchange, Setup, create_app

PHONE = "+79001234567"


@pytest.fixture
async def telephone():
    exchange = Exchange(Setup("AC1", "t", inbound_url="http://127.0.0.1:9/inbound"))
    app = create_app(exchange)
    add_telephone(
        app, exchange, app.state.postman, short_url="pr.example", portal_url="http://portal", zone=ZoneInfo("Etc/UTC")
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://telephone") as client:
        client.exchange = exchange  # type: ignore[attr-defined]
        yield client
    await app.state.postman.close()
    exchange.close()


def test_a_link_of_our_short_domain_leads_to_the_glance_and_no_other_is_one():
    text = "Claim 7785 <b>. pr.example/k7Q2mX9d or evil.example/k7Q2mX9d"
    shown = linked(text, short_url="pr.example", portal_url="http://portal")
    assert shown.count("<a ") == 1
    assert 'href="http://portal/c/k7Q2mX9d"' in shown
    assert "&lt;b&gt;" in shown


async def test_a_message_is_on_the_page_and_in_the_json_twin(telephone):
    telephone.exchange.take({"To": PHONE, "From": "+15005550006", "Body": "482913 is your code."})
    page = await telephone.get(f"/telephone/{PHONE}")
    assert "482913 is your code." in page.text
    twin = (await telephone.get("/api/messages", params={"to": PHONE})).json()
    assert [message["body"] for message in twin] == ["482913 is your code."]


async def test_an_answer_that_nobody_takes_is_said_in_words(telephone):
    sent = await telephone.post(f"/telephone/{PHONE}", data={"body": "STOP"})
    assert sent.headers["location"].endswith("?problem=0#answer")
    page = await telephone.get(sent.headers["location"].replace("#answer", "&lang=en"))
    assert "did not take the message" in page.text


@pytest.mark.parametrize("number", ["abc", "+7", "+79001234567x", "+" + "1" * 400])
async def test_a_number_that_is_none_leads_back_to_the_list(telephone, number: str):
    assert (await telephone.get(f"/telephone/{number}")).headers["location"] == "/"


def test_both_languages_say_the_same_things():
    assert WORDS["ru"].keys() == WORDS["en"].keys()


async def test_a_letter_lies_in_its_mailbox_with_its_links():
    office, exchange = PostOffice(), Exchange(Setup("AC1", "t", inbound_url="http://127.0.0.1:9/inbound"))
    app = create_app(exchange)
    add_telephone(
        app, exchange, app.state.postman, short_url="https://pr.example", portal_url="http://localhost:8000",
        zone=ZoneInfo("Europe/Moscow"), mail=office,
    )  # fmt: skip
    message = EmailMessage()
    message["Subject"] = "Дело 7785: одобрено"
    tap = "http://localhost:8000/stop/" + "0a" * 16
    message.set_content(f"Как мы считали: https://pr.example/k7Q2mX9d\n<b>\nОтключить такие письма: {tap}\n")
    office.letters.append(Letter(1, "bounces@primer.example", "vera@mail.example", datetime.now(UTC), message))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://telephone") as http:
        listed, opened = await http.get("/"), await http.get("/mailbox/vera@mail.example")
    assert "/mailbox/vera@mail.example" in listed.text
    assert "Дело 7785: одобрено" in opened.text
    assert 'href="http://localhost:8000/c/k7Q2mX9d"' in opened.text
    assert f'href="{tap}"' in opened.text
    assert "&lt;b&gt;" in opened.text
    await app.state.postman.close()
    exchange.close()
