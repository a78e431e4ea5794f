Хорошая новость{% if name %}, {{ name }}{% endif %}: дело {{ ref }} одобрено.{% if amount %}{% if date_long %} Вы получите {{ amount }} до {{ date_long }}.{% endif %}{% endif %} На странице показано, как мы считали, по строкам.
Как мы считали: {{ link }}
