"""The longest real values of a message, in both languages."""

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
    "damage": "yes",
    "claimant": "yes",
    "replies": "yes",
    "state": ("we are making the decision", "принимаем решение"),
    "day": "112",
    "total": "120",
}


def longest_for(language: str) -> dict[str, str]:
    """Every value a message may name, as long as it gets."""
    place = ("en", "ru").index(language)
    return {name: value if isinstance(value, str) else value[place] for name, value in LONGEST.items()}
