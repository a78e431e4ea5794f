Здравствуйте{% if name %}, {{ name }}{% endif %}. По делу {{ ref }} считаем{% if damage %}, сколько стоит ущерб{% else %} сумму{% endif %}.{% if agent %}{% if date_long %} Сумму и решение сообщит {{ agent }} до {{ date_long }}.{% endif %}{% endif %} От вас ничего не нужно.
Открыть дело: {{ link }}
