Дело {{ ref4 }}: одобрено{% if amount %} {{ amount }}{% endif %}.{% if date %} Деньги до {{ date }}.{% else %} Как считали:{% endif %} {{ link }}
