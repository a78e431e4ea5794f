Дело {{ ref4 }}: {% if amount %}выплачено {{ amount }}{% else %}деньги выплачены{% endif %}. Не пришло? {{ link }}
