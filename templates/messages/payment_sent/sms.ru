Дело {{ ref4 }}: отправили {% if amount %}{{ amount }}{% else %}деньги{% endif %}{% if date %}, ждите до {{ date }}{% endif %}. {{ link }}
