"""Did you send this: a text is ours by the word of its link, on an address of ours; about the claim nothing."""

import string

from hypothesis import given
from hypothesis import strategies as st

from claims_portal.auth.limits import WRONG_LINKS
from claims_portal.pages.ours import LONGEST
from notifier.wording.check_words import words_in
from tests.portal.links import a_link
from tests.portal.people import a_known_claim
from tests.portal.portal import NOON, visiting

HOSTS = frozenset({"pr.example", "claims.primer.example"})
WORD, ANOTHER = "Ab3dE6gH", "Zz9yX8wV"
TEXT = f"Дело 7785: решение принято. Сумма и срок: pr.example/{WORD}"
OURS, NOT_OURS = "Да, это наше сообщение.", "Сообщения с такой ссылкой мы не отправляли."
ELSEWHERE, NO_WORD = "она ведёт не на наш сайт", "Не можем сказать: в нём нет нашей ссылки."

words = st.text(string.ascii_letters + string.digits, min_size=8, max_size=8)
hosts = st.from_regex(r"[a-z][a-z0-9-]{0,8}\.(ru|com|example|рф)", fullmatch=True).filter(
    lambda host: host not in HOSTS
)


async def asked(app, text: str, *, address: str = "192.0.2.1") -> str:
    async with visiting(app, address=address) as browser:
        answer = await browser.post("/ours", data={"text": text})
    assert answer.status_code == 200
    return answer.text.replace("\xa0", " ")


@given(words, st.sampled_from(["", "https://", "http://"]), st.sampled_from(sorted(HOSTS)), st.sampled_from(["", "c/"]))
def test_the_word_of_a_link_of_ours_is_found_however_it_is_written(word, scheme, host, path):
    for around in (
        "{}",
        "Дело 7785: решение до 4 июня. {}",
        "{}.",
        "Смотрите ({})",
        "{}\n\n@claims.primer.example #123",
    ):
        said = words_in(around.format(f"{scheme}{host}/{path}{word}"), HOSTS)
        assert (said.found, said.leads_elsewhere) == ({word}, False)


@given(words, hosts, st.sampled_from(["", "https://", "https://pr.example@", "https://pr.example."]))
def test_a_copied_word_on_another_address_is_no_word_of_ours(word, host, before):
    said = words_in(f"Дело 7785: {before}{host}/{word}", HOSTS)
    assert said.leads_elsewhere
    assert word not in said.found


@given(st.text(max_size=LONGEST))
def test_whatever_is_pasted_is_read(text):
    words_in(text, HOSTS)


async def test_a_text_of_ours_is_known_by_its_link_or_by_the_eight_signs_alone(app, engine):
    claim = await a_known_claim(engine)
    await a_link(engine, claim, now=NOON, token=WORD)
    for text in (TEXT, f"https://pr.example/{WORD}", WORD, f"  {WORD} "):
        page = await asked(app, text)
        assert OURS in page
        assert "Мы отправили его: сегодня, 12:00." in page
        assert claim.claim_number not in page


async def test_what_we_did_not_send_is_not_ours_however_much_of_it_is_copied(app, engine):
    await a_link(engine, await a_known_claim(engine), now=NOON, token=WORD)
    assert NOT_OURS in await asked(app, TEXT.replace(WORD, ANOTHER))
    assert NOT_OURS in await asked(app, f"{TEXT} pr.example/{ANOTHER}")
    assert ELSEWHERE in await asked(app, TEXT.replace("pr.example", "pr-example.ru"))
    assert ELSEWHERE in await asked(app, f"{TEXT} или primer-pay.ru")
    for text in ("", "Код 482915", "\x00" * 10, "a" * 5 * LONGEST):
        assert NO_WORD in await asked(app, text)


async def test_who_guesses_words_is_stopped_like_who_guesses_links(app, engine):
    async with visiting(app, address="192.0.2.9") as browser:
        codes = [
            (await browser.post("/ours", data={"text": f"{n:08d}"})).status_code for n in range(WRONG_LINKS.most + 1)
        ]
        assert codes[:-1] == [200] * WRONG_LINKS.most
        assert codes[-1] == 429
        assert (await browser.get(f"/c/{ANOTHER}")).status_code == 429
