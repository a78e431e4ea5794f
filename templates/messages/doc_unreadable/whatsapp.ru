Здравствуйте{% if name %}, {{ name }}{% endif %}. По делу {{ ref }} не смогли прочитать файл{% if docs %}: {{ docs }}{% endif %}.{% if reason %} Причина: {{ reason }}.{% endif %} Пришлите ещё раз{% if date_long %} до {{ date_long }}{% endif %}: при хорошем свете, страница целиком в кадре.
Прислать ещё раз: {{ link }}
