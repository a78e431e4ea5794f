Дело {{ ref4 }} принято.{% if date %} Ответим до {{ date }}.{% else %} Что дальше:{% endif %} {{ link }}
