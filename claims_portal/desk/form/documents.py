"""The documents that handlers ask for most, in the words a policyholder reads, by line of business."""

from claims_core.requested import AskedDocument
from claims_core.stages import LineOfBusiness

DOCUMENTS: dict[str, AskedDocument] = {
    "account": AskedDocument(title_ru="Реквизиты счёта для выплаты", title_en="Account details for the payment"),
    "passport": AskedDocument(title_ru="Паспорт: разворот с фото", title_en="Passport: the page with the photo"),
    "vehicle": AskedDocument(
        title_ru="Свидетельство о регистрации машины с обеих сторон",
        title_en="Vehicle registration certificate, both sides",
    ),
    "police": AskedDocument(title_ru="Документы из полиции или ГИБДД", title_en="Police papers"),
    "invoice": AskedDocument(title_ru="Счёт из мастерской", title_en="The workshop's invoice"),
    "photos": AskedDocument(title_ru="Фото повреждений", title_en="Photos of the damage"),
    "medical": AskedDocument(title_ru="Медицинская справка", title_en="A medical certificate"),
    "death": AskedDocument(title_ru="Свидетельство о смерти", title_en="The death certificate"),
    "heirs": AskedDocument(title_ru="Документ о праве на наследство", title_en="Proof of the right to inherit"),
}
_MOTOR = ("account", "passport", "vehicle", "police", "invoice", "photos")
_PERSON = ("account", "passport", "medical", "death", "heirs")
_BY_LINE: dict[LineOfBusiness, tuple[str, ...]] = {
    LineOfBusiness.MOTOR: _MOTOR,
    LineOfBusiness.MOTOR_LIABILITY: _MOTOR,
    LineOfBusiness.PROPERTY: ("account", "passport", "police", "invoice", "photos"),
    LineOfBusiness.LIFE: _PERSON,
    LineOfBusiness.HEALTH: ("account", "passport", "medical"),
    LineOfBusiness.TRAVEL: ("account", "passport", "police", "medical", "photos"),
}


def offered(line: LineOfBusiness | None) -> dict[str, AskedDocument]:
    """The documents that fit a line of business; all of them for another line or for none."""
    return {key: DOCUMENTS[key] for key in (_BY_LINE.get(line, tuple(DOCUMENTS)) if line else DOCUMENTS)}
