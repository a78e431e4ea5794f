Здравствуйте{% if name %}, {{ name }}{% endif %}. По делу {{ ref }} {% if damage %}ущерб посчитан{% if amount %}: {{ amount }}{% endif %}. Это ещё не решение.{% else %}всё проверили и принимаем решение.{% endif %}{% if agent %}{% if date_long %} {{ agent }} сверяет сумму с полисом и ответит до {{ date_long }}.{% endif %}{% endif %} Спасибо, что ждёте.
Открыть дело: {{ link }}
