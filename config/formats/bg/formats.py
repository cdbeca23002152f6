"""Dates in Bulgarian."""

DATE_FORMAT = "d.m.Y г."
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "d.m.Y г., H:i"
