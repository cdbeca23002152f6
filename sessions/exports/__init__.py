"""Exports of a lab's programme: what a reader may see of it, in the forms that other programs and people take.

`contents` reads the rows once; each other module turns them into one format and asks the database nothing.
"""
