Здравствуйте{% if name %}, {{ name }}{% endif %}. По делу {{ ref }} ответим раньше, чем обещали.{% if date_long %} Новый срок {{ date_long }}.{% endif %}
Что дальше: {{ link }}
