"""A command is heard however it is typed; what is none is a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.wording.keywords import WORDS, Command, Understood, understand

SAID = [
    ("STOP", Command.STOP, "en"),
    ("stop", Command.STOP, "en"),
    (" Stop! ", Command.STOP, "en"),
    ("STOP please do not write to me", Command.STOP, "en"),
    ("Stop,thanks", Command.STOP, "en"),
    ("STOP ALL", Command.STOP, "en"),
    ("opt-out", Command.STOP, "en"),
    ("opt out", Command.STOP, "en"),
    ("REVOKE", Command.STOP, "en"),
    ("СТОП", Command.STOP, "ru"),
    ("стоп, хватит", Command.STOP, "ru"),
    ("CTOП", Command.STOP, "ru"),
    ("CTO\u041f", Command.STOP, "ru"),
    ("Отписка", Command.STOP, "ru"),
    ("нет", Command.STOP, "ru"),
    ("HET", Command.STOP, "ru"),
    ("нет, я не получил деньги", Command.QUESTION, None),
    ("cancel", Command.STOP, "en"),
    ("cancel my inspection please", Command.QUESTION, None),
    ("STOO", Command.QUESTION, None),
    ("START", Command.START, "en"),
    ("старт", Command.START, "ru"),
    ("CTAPT", Command.START, "ru"),
    ("status?", Command.WHERE, "en"),
    ("?", Command.WHERE, None),
    ("STATYC", Command.WHERE, "ru"),
    ("Статус", Command.WHERE, "ru"),
    ("где мои деньги", Command.WHERE, "ru"),
    ("when will it be", Command.WHERE, "en"),
    ("statsu", Command.QUESTION, None),
    ("statuss", Command.WHERE, "en"),
    ("чаще", Command.MORE, "ru"),
    ("ЧАШЕ", Command.QUESTION, None),
    ("chasche", Command.MORE, "ru"),
    ("болше", Command.MORE, "ru"),
    ("less", Command.LESS, "en"),
    ("реже.", Command.LESS, "ru"),
    ("help", Command.HELP, "en"),
    ("памощь", Command.HELP, "ru"),
    ("", Command.QUESTION, None),
    ("\u200b\ufe0f", Command.QUESTION, None),
    ("Когда\u00a0выплата", Command.WHERE, "ru"),
    ("Статус по делу 2041-7785", Command.WHERE, "ru"),
    ("Когда вы вернёте документы на машину?", Command.QUESTION, None),
    ("Больше не пишите мне", Command.QUESTION, None),
    ("Чаще, пожалуйста!", Command.MORE, "ru"),
    ("More documents attached", Command.QUESTION, None),
    ("Меньше, чем обещали", Command.QUESTION, None),
    ("help please", Command.HELP, "en"),
    ("Помогите разобраться с отказом", Command.QUESTION, None),
    ("Start of the repair?", Command.QUESTION, None),
    ("Мне нужен другой мастер", Command.QUESTION, None),
    ("OURS Ab3dE6gH", Command.OURS, "en"),
    ("ours: Ab3dE6gH.", Command.OURS, "en"),
    ("Yours? Claim 7785: decision by 4 Jun. primer.exm/Ab3dE6gH", Command.OURS, "en"),
    ("ваше Ab3dE6gH", Command.OURS, "ru"),
    ("BAШE Ab3dE6gH", Command.OURS, "ru"),
    ("Ваше?\nДело 7785: решение до 04.06. primer-pay.ru/Ab3dE6gH", Command.OURS, "ru"),
    ("Ваше решение мне непонятно", Command.QUESTION, None),
    ("Ваше решение?", Command.QUESTION, None),
    ("Hours of your office?", Command.QUESTION, None),
    ("6", Command.QUESTION, None),
    ("5 stars", Command.QUESTION, None),
]


@pytest.mark.parametrize(("body", "command", "language"), SAID)
def test_a_message_is_understood(body: str, command: Command, language: str | None):
    assert understand(body) == Understood(command, language)


def test_a_single_figure_is_a_question():
    assert {understand(str(figure)).command for figure in range(7)} == {Command.QUESTION}


@pytest.mark.parametrize("command", [command for command in Command if command in WORDS])
def test_every_word_of_the_list_is_understood_in_its_language(command: Command):
    for language, words in WORDS[command].items():
        for word in words:
            for body in (word, word.lower(), f"  {word}.  ", word.capitalize()):
                assert understand(body) == Understood(command, language)


@given(st.text(max_size=300))
def test_nothing_that_can_be_typed_is_an_error(body: str):
    assert understand(body).command in Command


@given(st.text(alphabet="СТОПстоп", min_size=1, max_size=6))
def test_nobody_is_silenced_by_a_slip(word: str):
    if understand(word).command is Command.STOP:
        assert word.upper() == "СТОП"


@given(st.sampled_from(["STOP", "СТОП"]), st.text(max_size=100))
def test_a_stop_is_heard_whatever_follows(word: str, rest: str):
    assert understand(f"{word} {rest}").command is Command.STOP
