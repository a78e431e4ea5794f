Дело {{ ref4 }}: одобрено.{% if date %} Деньги до {{ date }}.{% endif %} Сумма: {{ link }}
