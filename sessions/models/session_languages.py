"""Which languages are spoken in a session, and into which it is interpreted, signed and captioned."""

from django.db import models

from sessions.languages import validate_sign, validate_spoken

# In the order in which people read them.
LANGUAGE_COLUMNS = ("spoken_languages", "interpreted_languages", "sign_languages", "captioned_languages")
# What only organisers read: a change moves nothing that others can see, no date of revision either.
ORDER_COLUMNS = ("interpretation_order_by", "interpretation_ordered_on")


class SessionLanguages(models.Model):
    """The columns of a session's languages: lists of codes of `sessions.languages`, and the order of interpreters.

    `interpretation_order_by` is the last day for the order, `interpretation_ordered_on` the day on which it was placed.
    """

    spoken_languages = models.JSONField(default=list, blank=True, validators=[validate_spoken])
    interpreted_languages = models.JSONField(default=list, blank=True, validators=[validate_spoken])
    sign_languages = models.JSONField(default=list, blank=True, validators=[validate_sign])
    captioned_languages = models.JSONField(default=list, blank=True, validators=[validate_spoken])
    interpretation_order_by = models.DateField(null=True, blank=True)
    interpretation_ordered_on = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def has_interpreters(self) -> bool:
        """Whether somebody interprets in it: into another language, or into a sign language."""
        return bool(self.interpreted_languages or self.sign_languages)
