"""A service text sells nothing, accuses nobody, and brings no link and no date of its own, whoever wrote it."""

import pytest

from notifier.rendering import problems_of
from notifier.wording.tone import slips_in


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Дело {{ ref4 }}: решение принято. Скидка 10 % на новый полис!", "promotion"),
        ("Дело {{ ref4 }} закрыто. Продлите полис: {{ link }}", "promotion"),
        ("Claim {{ ref4 }} is closed. Renew your policy: {{ link }}", "promotion"),
        ("Claim {{ ref4 }}: paid. 15% off your next policy", "promotion"),
        ("Дело {{ ref4 }}: проверяем на мошенничество", "fraud"),
        ("Дело {{ ref4 }} у службы безопасности", "fraud"),
        ("Claim {{ ref4 }} is being investigated", "fraud"),
        ("Claim {{ ref4 }}: SIU has a question", "fraud"),
        ("Claim {{ ref4 }}: see https://example.org/x", "link"),
        ("Дело {{ ref4 }}: подробности на bit.ly/x", "link"),
        ("Дело {{ ref4 }}: смотрите страховая.рф", "link"),
        ("Дело {{ ref4 }}: ответим до 12.06", "date"),
        ("Дело {{ ref4 }}: ответим 12 июня", "date"),
        ("Дело {{ ref4 }}: деньги придут через 3 дня", "date"),
        ("Дело {{ ref4 }}: отправим за 1 рабочий день", "date"),
        ("Claim {{ ref4 }}: the money comes within 3 working days", "date"),
        ("Claim {{ ref4 }}: we decide by May 4", "date"),
        ("Claim {{ ref4 }}: we call you tomorrow", "date"),
        ("Дело {{ ref4 }}: вы не предоставили справку", "accuses"),
        ("Дело {{ ref4 }}: срок сдвинут по вашей вине", "accuses"),
        ("Claim {{ ref4 }}: you failed to send the papers", "accuses"),
        ("Claim {{ ref4 }}: you didn't answer", "accuses"),
        ("Дело {{ ref4 }}: звоните +7 900 123-45-67", "telephone"),
        ("Дело {{ ref4 }}: пишите @primer_bot", "link"),
        ("Дело {{ ref4 }}: cкидок нет", "two alphabets"),
        ("Дело {{ ref4 }}: ски{{ '' }}дка", "promotion"),
        ("Дело {{ ref4 }}: {% if date %}ски{% endif %}дка", "promotion"),
        ("Claim {{ ref4 }}: http{{ ':' }}//evil/x", "link"),
    ],
)
def test_what_no_service_text_may_say_is_refused_with_its_reason(text: str, why: str):
    [problem] = problems_of(text)
    assert why in problem


@pytest.mark.parametrize(
    "text",
    [
        "Дело {{ ref4 }}: решим до {{ date }}. Подробности: {{ link }}",
        "Claim {{ ref4 }}: paid, {{ amount }}. It can take the bank some days. {{ link }}",
        "Дело {{ ref4 }}: нужны 2 документа до {{ date }}",
        "Claim {{ ref4 }}: 1/2 of the papers are here",
        "Claim {{ ref4 }}: you may object. Marching on. {{ link }}",
        "Дело {{ ref4 }}: за 3 шага. Майор принял. {{ link }}",
        "Ваше предложение передано. Оформление дела {{ ref4 }} идёт.",
    ],
)
def test_what_only_looks_like_it_may_be_said(text: str):
    assert slips_in(text.replace("{{ ref4 }}", "").replace("{{ link }}", "")) == []
