Дело {{ ref4 }}: одобрена часть{% if amount %}, {{ amount }}{% endif %}. Почему: {{ link }}
