Здравствуйте{% if name %}, {{ name }}{% endif %}. Мы приняли ваше заявление, дело {{ ref }}.{% if agent %} Им занимается {{ agent }}.{% endif %}{% if date_long %} Решение сообщим до {{ date_long }}.{% endif %}{% if limit_long %} {% if claimant %}Крайний срок{% else %}По договору крайний срок{% endif %} {{ limit_long }}.{% endif %} Сейчас от вас ничего не нужно.
Открыть дело: {{ link }}
