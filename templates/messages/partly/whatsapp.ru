Здравствуйте{% if name %}, {{ name }}{% endif %}. Дело {{ ref }} одобрено частично{% if amount %}{% if date_long %}: {{ amount }} до {{ date_long }}{% endif %}{% endif %}.{% if reason %} Что не вошло: {{ reason }}.{% endif %} На странице есть {% if claimant %}основания{% else %}пункты договора{% endif %} и порядок обжалования.
Что не вошло: {{ link }}
