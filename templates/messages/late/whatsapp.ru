Здравствуйте{% if name %}, {{ name }}{% endif %}. Мы обещали ответ по делу {{ ref }}{% if old_date %} до {{ old_date }}{% endif %} и не успели. Извините.{% if reason %} Что задержало: {{ reason }}.{% endif %}{% if date_long %} Новый срок {{ date_long }}.{% endif %} На странице написано, что вам положено за просрочку.
Ваши права: {{ link }}
