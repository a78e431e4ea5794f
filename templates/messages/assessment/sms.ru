Дело {{ ref4 }}: {% if damage %}считаем ущерб{% else %}считаем сумму{% endif %}.{% if date %} Решение до {{ date }}.{% else %} Сообщим решение.{% endif %} {{ link }}
