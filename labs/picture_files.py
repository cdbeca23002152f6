"""Files of uploaded pictures: named by their content, and deleted a day after the last row stopped naming them."""

import hashlib
from contextlib import suppress
from datetime import timedelta
from typing import cast

from django.core.files.base import ContentFile
from django.db.models import FileField, Model
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from labs.logos import Logo
from labs.models import Lab, ProgrammeLogo

# Longer than a deletion can be undone (`labs.undo`), and than the worker prints a certificate.
FILES_KEPT_FOR = timedelta(days=1)
# Columns with such files; packages above add theirs (`look_after`).
_COLUMNS: list[tuple[type[Model], FileField]] = []


def look_after(model: type[Model], column: str) -> None:
    """Delete the files of this column, too, once no row names them. They have a folder of their own kind."""
    _COLUMNS.append((model, cast("FileField", model._meta.get_field(column))))


look_after(Lab, "logo")
look_after(Lab, "signature")
look_after(ProgrammeLogo, "picture")


def store(file: FieldFile, owner: str, picture: Logo) -> None:
    """Store the picture in this column of a row, unsaved; `owner` names the row, as "lab-7".

    The file's name has the hash of its content, so that links change with the picture.
    """
    digest = hashlib.sha256(picture.content).hexdigest()[:16]
    file.save(f"{owner}-{digest}.{picture.extension}", ContentFile(picture.content), save=False)


def delete_unused() -> None:
    """Delete the files that no row names, once they are a day old: of what was replaced, removed or deleted."""
    used = {
        name
        for model, column in _COLUMNS
        for name in model._default_manager.values_list(column.name, flat=True)
    }
    before = timezone.now() - FILES_KEPT_FOR
    for storage, folder in {(column.storage, str(column.upload_to)) for _model, column in _COLUMNS}:
        with suppress(FileNotFoundError):  # nothing was ever uploaded
            for file in storage.listdir(folder)[1]:
                name = f"{folder}{file}"
                if name not in used and storage.get_modified_time(name) < before:
                    storage.delete(name)
