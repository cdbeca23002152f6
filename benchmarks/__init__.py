"""Measures the service against limits measured in the same run: `make bench`."""
