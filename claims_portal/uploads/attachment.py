"""A file on its way back to somebody: to be saved, under a name and a type of ours."""

from starlette.responses import FileResponse, Response

from claims_core.errors import NotFound
from claims_portal.settings import PortalSettings
from claims_portal.tables import Upload, UploadState
from claims_portal.uploads.kinds import KEPT_AS, MEDIA_TYPE, SUFFIX, FileKind
from claims_portal.uploads.storage import place_of


def as_attachment(upload: Upload, settings: PortalSettings) -> Response:
    """The bytes under a name and a type of ours, never shown in the page's place. Raises `NotFound` where none are."""
    if upload.state not in (UploadState.CHECKING, UploadState.ACCEPTED) or not (upload.stored_as and upload.kind):
        raise NotFound
    kind = KEPT_AS[FileKind(upload.kind)]
    path = place_of(settings.claims_data_dir, upload.stored_as)
    if not path.exists():
        raise NotFound
    return FileResponse(path, media_type=MEDIA_TYPE[kind], filename=f"{upload.receipt}{SUFFIX[kind]}")
