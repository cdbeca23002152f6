"""Files of uploaded pictures: named by their content, and deleted a day after the last row stopped naming them."""

import hashlib
from contextlib import suppress
from datetime import timedelta

from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from labs.logos import Logo
from labs.models import Lab, ProgrammeLogo

# Longer than a deletion can be undone (`labs.undo`), and than the worker prints a certificate.
FILES_KEPT_FOR = timedelta(days=1)
_COLUMNS = (
    (Lab, Lab._meta.get_field("logo")),
    (Lab, Lab._meta.get_field("signature")),
    (ProgrammeLogo, ProgrammeLogo._meta.get_field("picture")),
)


def store(file: FieldFile, owner: str, picture: Logo) -> None:
    """Store the picture in this column of a row, unsaved; `owner` names the row, as "lab-7".

    The file's name has the hash of its content, so that links change with the picture.
    """
    digest = hashlib.sha256(picture.content).hexdigest()[:16]
    file.save(f"{owner}-{digest}.{picture.extension}", ContentFile(picture.content), save=False)


def delete_unused() -> None:
    """Delete the files that no row names, once they are a day old: of what was replaced, removed or deleted."""
    used = {name for model, column in _COLUMNS for name in model.objects.values_list(column.name, flat=True)}
    before = timezone.now() - FILES_KEPT_FOR
    for storage, folder in {(column.storage, str(column.upload_to)) for _model, column in _COLUMNS}:
        with suppress(FileNotFoundError):  # nothing was ever uploaded
            for file in storage.listdir(folder)[1]:
                name = f"{folder}{file}"
                if name not in used and storage.get_modified_time(name) < before:
                    storage.delete(name)
