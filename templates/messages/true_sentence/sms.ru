Дело {{ ref4 }}: {% if sentence %}{{ sentence }}{% else %}пока без новостей. Что делаем сейчас:{% endif %} {{ link }}
