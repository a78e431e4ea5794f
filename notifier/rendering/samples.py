"""Values to look at a text with: as they usually are, the longest there are, and only what is always known (pure)."""

from enum import StrEnum

# The longest real values, in English and Russian where they differ.
LONGEST: dict[str, str | tuple[str, str]] = {
    "ref4": "7785",
    "ref": "OSAGO-2041-7785-0012",
    "date": ("30 Sep", "30.09"),
    "old_date": ("Wednesday 30 September", "30 сентября, среда"),
    "limit_long": ("Wednesday 30 September", "30 сентября, среда"),
    "date_long": ("Wednesday 30 September", "30 сентября, среда"),
    "time": "18:00",
    "amount": ("RUB 1,250,000", "1 250 000 ₽"),
    "n": "12",
    "docs": "\n".join(["- certificate of the road accident, both pages"] * 4),
    "days": "30",
    "agent": ("Konstantin", "Константин"),
    "name": ("Konstantin", "Константин Константинович"),
    "reason": ("we wait for the papers of the road police", "ждём документы из ГИБДД"),
    "last_fact": ("the car was inspected", "осмотрели машину"),
    "question_short": ("when will I be paid and how much", "когда заплатят и сколько"),
    "answer": ("You will be paid by 4 June. " * 5, "Заплатим до 4 июня. " * 5),
    "last4": "4821",
    "code": "482915",
    "domain": "primer.example",
    "phone": "8 800 555-35-35",
    "link": "primer.exm/Ab3dE6gH",
    "arm_end": ("30 Sep", "30.09"),
    "sentence": (
        "We chased the road police again; their paper is all we wait for.",
        "Напомнили ГИБДД: ждём от неё справку.",
    ),
    "damage": "yes",
    "claimant": "yes",
    "replies": "yes",
    "state": ("we are making the decision", "принимаем решение"),
    "day": "112",
    "total": "120",
}

_USUAL: dict[str, str | tuple[str, str]] = LONGEST | {
    "ref": "2041-7785",
    "date": ("4 Jun", "04.06"),
    "old_date": ("Monday 1 June", "1 июня, понедельник"),
    "limit_long": ("Thursday 11 June", "11 июня, четверг"),
    "date_long": ("Thursday 4 June", "4 июня, четверг"),
    "time": "14:30",
    "amount": ("RUB 174,300", "174 300 ₽"),
    "n": "2",
    "docs": ("- photo of the certificate\n- bank details", "- фото свидетельства\n- реквизиты счёта"),
    "agent": ("Marina", "Марина"),
    "name": ("Irina", "Ирина Сергеевна"),
    "claimant": "",
    "day": "12",
    "total": "20",
    "arm_end": ("4 Jun", "04.06"),
}
# Known of every claim and for every message that names it; all else may be unknown, and then the text reads without.
ALWAYS = frozenset({"ref4", "ref", "link", "code", "domain", "phone", "days", "arm_end", "time", "state"})
ALWAYS_IN = {
    "kw_status_many": frozenset({"n"}),
    "docs_partial": frozenset({"n"}),
    "answer_ready": frozenset({"question_short"}),
    **dict.fromkeys(("inspection", "question_ack", "question_late", "free_text", "kw_ours_yes"), frozenset({"date"})),
}


class Values(StrEnum):
    """Which values a text is looked at with."""

    USUAL = "usual"
    LONGEST = "longest"
    SHORTEST = "shortest"


def sample_values(template: str, language: str, which: Values = Values.USUAL) -> dict[str, str]:
    """A value for every name that a text may have. The shortest are empty but for what is always known."""
    chosen = LONGEST if which is Values.LONGEST else _USUAL
    place = ("en", "ru").index(language)
    said = {name: value if isinstance(value, str) else value[place] for name, value in chosen.items()}
    if which is not Values.SHORTEST:
        return said
    known = ALWAYS | ALWAYS_IN.get(template, frozenset())
    return {name: value if name in known else "" for name, value in said.items()}
