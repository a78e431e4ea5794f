Дело {{ ref4 }}: пришлите документы{% if n %} ({{ n }}){% endif %}{% if date %} до {{ date }}{% endif %}. {{ link }}
