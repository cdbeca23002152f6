"""How the administration writes dates, by language: with 24 hours, as the pages do (`core.timezones.formatting`)."""
