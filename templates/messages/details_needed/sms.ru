Дело {{ ref4 }}: укажите счёт для выплаты{% if date %} до {{ date }}{% endif %}. {{ link }}
