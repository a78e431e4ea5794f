Дело {{ ref4 }}: {{ state }}.{% if date %} Решение до {{ date }}.{% endif %} {{ link }}
