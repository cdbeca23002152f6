"""The columns that the import reads and the export writes."""

from datetime import date, time

from sessions import table_columns


def test_texts_stand_once_per_language() -> None:
    assert table_columns.TRACKS.header(["bg", "en"]) == ["track", "name_bg", "name_en"]


def test_a_time_that_clocks_show_twice_has_its_offset() -> None:
    day = date(2027, 10, 31)
    assert table_columns.written_time(day, time(9, 30), "Europe/Sofia", 0) == "2027-10-31 09:30"
    assert table_columns.written_time(day, time(3, 30), "Europe/Sofia", 0) == "2027-10-31 03:30+03:00"
    assert table_columns.written_time(day, time(3, 30), "Europe/Sofia", 1) == "2027-10-31 03:30+02:00"


def test_people_are_read_as_they_are_written() -> None:
    people = [("jane-doe", "speaker"), ("john-roe", "moderator")]
    assert table_columns.written_people(people) == "jane-doe; john-roe (moderator)"
    assert table_columns.read_people("jane-doe; john-roe (moderator)") == people
    assert table_columns.read_people(" Jane Doe ( Host )\nИван Иванов;") == [
        ("Jane Doe", "host"),
        ("Иван Иванов", "speaker"),
    ]
    assert table_columns.read_list("sofia; rome;;") == ["sofia", "rome"]
