{% if agent %}{{ agent }}: ответ{% else %}Ответ{% endif %} на ваш вопрос, дело {{ ref4 }}. {{ link }}
