Здравствуйте{% if name %}, {{ name }}{% endif %}. Мы приняли ваше заявление, дело {{ ref }}.{% if agent %} Им занимается {{ agent }}.{% endif %}{% if date_long %} Решение сообщим до {{ date_long }}.{% endif %}{% if limit_long %} По договору крайний срок {{ limit_long }}.{% endif %} Сейчас от вас ничего не нужно.
Открыть дело: {{ link }}
