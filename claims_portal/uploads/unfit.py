"""Why a file is not taken: a closed list, with the words that its sender reads (`ux.md` 1.7.6)."""

from enum import StrEnum

from claims_core.i18n import marked


class Unfit(StrEnum):
    """What is wrong with a file."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ANOTHER_KIND = "another_kind"
    DAMAGED = "damaged"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_DOTS = "too_many_dots"
    LOCKED = "locked"
    ACTIVE = "active"
    INFECTED = "infected"
    UNCLEAR = "unclear"


WHY_UNFIT: dict[Unfit, str] = {
    Unfit.EMPTY: marked("the file is empty"),
    Unfit.TOO_LARGE: marked("it is too large: up to 10 MB, a film up to 200 MB"),
    Unfit.ANOTHER_KIND: marked("we open JPG, PNG, HEIC, PDF, MP4 and MOV, and this is something else"),
    Unfit.DAMAGED: marked("the file is damaged"),
    Unfit.TOO_MANY_PAGES: marked("it has more than 100 pages, send it in parts"),
    Unfit.TOO_MANY_DOTS: marked("the picture has too many dots, take it with the phone's camera"),
    Unfit.LOCKED: marked("it opens only with a password, send it without one"),
    Unfit.ACTIVE: marked("it holds a program or other files, print it into a PDF or take a photo of it"),
    Unfit.INFECTED: marked("the virus scanner found something in it"),
    Unfit.UNCLEAR: marked("the text cannot be read"),
}


class FileUnfit(Exception):
    """A file that we do not take; `why` is for its sender."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.value)
        self.why = why
