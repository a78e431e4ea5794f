Здравствуйте{% if name %}, {{ name }}{% endif %}. Дело {{ ref }} снова открыто.{% if reason %} Причина: {{ reason }}.{% endif %}{% if agent %}{% if date_long %} {{ agent }} ответит до {{ date_long }}.{% endif %}{% endif %} Всё, что вы прислали раньше, сохранилось.
Открыть дело: {{ link }}
