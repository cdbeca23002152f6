"""Files that are wrong, hostile or too large: each gets a message with its place, and nothing changes."""

import io
import json
import resource
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from core.web.errors import RuleViolation
from labs.models import Room
from sessions.models import ScheduleImport, Session
from sessions.schedule_import import files as formats
from sessions.schedule_import import imports
from sessions.schedule_import.document import UnreadableFile
from sessions.schedule_import.texts import cleaned_line, cleaned_text
from tests.sessions import imports as files

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
HEADER = ["session", "title", "starts", "ends"]
GOOD = ["a", "Opening", "2027-03-01 09:30", "2027-03-01 10:30"]


def refused(content, name="file"):
    """What is said of a file of which nothing is taken; nothing is stored of it."""
    lab = files.lab_to_fill()
    with pytest.raises(RuleViolation) as refusal:
        imports.look(lab, name, content)
    assert not ScheduleImport.objects.exists()
    return refusal.value.message


def failed(content, lab=None):
    """What is said of a file that is read and refused; nothing is changed."""
    lab = lab or files.lab_to_fill()
    run = files.preview(lab, content)
    assert (run.state, files.entries(run)) == ("failed", [])
    assert not Session.objects.filter(lab=lab).exists()
    return files.errors(run)


def row_errors(*rows, header=HEADER, lab=None):
    run = files.preview(lab or files.lab_to_fill(), files.csv(header, *rows))
    return files.errors(run)


def book(**parts):
    """A workbook with parts replaced or added."""
    file = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(files.xlsx(Sessions=[HEADER, GOOD])))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name not in parts:
                archive.writestr(name, source.read(name))
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def sheet(rows):
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f"{start}{rows}</sheetData></worksheet>"


SHEET = "xl/worksheets/sheet1.xml"


# What a file is


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"   \n", "The file is empty."),
        (b"%PDF-1.7 ...", "This is a PDF file. Choose a CSV, XLSX, iCalendar, XML or JSON file."),
        (b"<!DOCTYPE html><html></html>", "This is a web page. Choose a CSV, XLSX, iCalendar, XML or JSON file."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "This is no kind of file that can be read. Choose a CSV, XLSX, "
         "iCalendar, XML or JSON file."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "This is a workbook of an old kind (.xls), or one with a "
         "password. Save it as .xlsx without a password."),
        (b"PK\x03\x04" + b"\0" * 100, "This is a ZIP file, but not a workbook. Choose a CSV, XLSX, iCalendar, XML or "
         "JSON file."),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_is_refused_whatever_it_is_called(content, message):
    assert refused(content, "schedule.xlsx") == message


def test_a_file_of_50_mb_is_refused():
    assert refused(b"a,b\n" * (50 * MEGABYTE // 4)) == "The file has more than 8 MB. Split it."


def test_a_damaged_workbook_is_refused():
    assert refused(book()[:3000] + b"xl/") == "The file is damaged: it is not a whole workbook."
    assert "damaged" in refused(book(**{SHEET: sheet("<row><c><v>1</v></c>")[:-40]}))


# Bombs


def test_a_zip_bomb_is_refused_by_the_size_that_it_declares():
    message = "The workbook has more than 64 MB when it is unpacked."
    assert refused(book(**{SHEET: b"0" * (65 * MEGABYTE)})) == message


def test_a_zip_bomb_that_lies_about_its_size_is_refused():
    content = bytearray(book(**{SHEET: b"0" * (65 * MEGABYTE)}))
    # The size in the central directory, which is what is declared.
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    assert "damaged" in refused(bytes(content)) or "64 MB" in refused(bytes(content))


def test_a_workbook_of_too_many_parts_is_refused():
    parts = {f"xl/media/{number}.bin": b"" for number in range(501)}
    assert refused(book(**parts)) == "The workbook has more than 500 parts."


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)
NO_ENTITIES = "The file defines entities or a document type. Such files are not read."


def test_entities_in_a_workbook_are_refused():
    assert refused(book(**{SHEET: ENTITIES + sheet("")})) == f"{SHEET}: {NO_ENTITIES}"
    hidden = (ENTITIES + sheet("")).encode("utf-16")
    assert refused(book(**{SHEET: hidden})) == f"{SHEET}: A part of the workbook is not UTF-8."


@pytest.mark.parametrize(
    "declaration",
    [
        ENTITIES,
        '<!DOCTYPE schedule SYSTEM "http://127.0.0.1:9/schedule.dtd">',
        '<!DOCTYPE schedule [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE schedule [<!ENTITY % remote SYSTEM "http://127.0.0.1:9/x"> %remote;]>',
    ],
)
def test_entities_and_external_things_in_xml_are_refused(declaration):
    event = "<event guid='1'><title>&file;</title></event>"
    body = f"<schedule><day date='2027-03-01'><room name='A'>{event}</room></day></schedule>"
    assert failed((declaration + body).encode()) == [NO_ENTITIES]
    assert failed((declaration + body).encode("utf-16")) == [NO_ENTITIES]


def test_xml_nested_too_deeply_is_refused():
    assert failed(b"<schedule>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</schedule>") == [
        "The file has too many elements."
    ]


def test_json_nested_too_deeply_is_refused():
    assert failed(b'{"schedule": ' + b"[" * 100_000 + b"]" * 100_000 + b"}") == [
        "The file’s values are nested too deeply."
    ]


# Too much


def test_a_table_of_100000_columns_is_refused():
    content = (",".join(["title"] * 100_000) + "\n").encode()
    assert refused(content) == "row 1: The row has 100000 columns. At most 200 can be read."
    cells = "".join(f'<c t="inlineStr"><is><t>title {number}</t></is></c>' for number in range(100_000))
    assert (
        refused(book(**{SHEET: sheet(f"<row>{cells}</row>")})) == f"{SHEET}: The workbook has too many cells."
    )
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c><c r="XFD1"><v>1</v></c></row>'
    wide = "".join(f'<c r="{name}1"><v>1</v></c>' for name in ("A", "GS"))
    assert refused(book(**{SHEET: sheet(f'<row r="1">{wide}</row>')})) == (
        "Sessions, row 1: The row has more than 200 columns."
    )
    lab = files.lab_to_fill()
    assert (
        imports.start(lab, imports.look(lab, "far.xlsx", book(**{SHEET: sheet(far)}))).columns["Sessions"][0]
        == "title_en"
    )


def test_a_table_of_too_many_rows_is_refused():
    rows = b"title,starts\n" + b"a,2027-03-01 09:30\n" * 10_001
    assert failed(rows) == ["Sessions: The sheet has more than 10000 rows. Split the file."]


def test_rows_that_are_only_formatted_do_not_count():
    lab = files.lab_to_fill()
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c></row><row r="1048576"/>'
    run = imports.start(lab, imports.look(lab, "plan.xlsx", book(**{SHEET: sheet(far)})))
    assert run.sheets[0]["header"] == ["title"]


# Encodings, dialects, line ends


TEXTS = {
    "bg": "Откриване на събитието, с участието на градовете",
    "el": "Έναρξη της διοργάνωσης στη Θεσσαλονίκη",
    "fr": "Journée d’été à Besançon",
}


@pytest.mark.parametrize(
    ("language", "encoding", "name"),
    [
        ("bg", "cp1251", "Windows-1251"),
        ("el", "cp1253", "Windows-1253"),
        ("fr", "cp1252", "Windows-1252"),
        ("bg", "utf-16", "UTF-16"),
        ("el", "utf-16-le", "UTF-16"),
        ("bg", "utf-8-sig", "UTF-8"),
    ],
)
def test_the_encoding_is_found_and_told(language, encoding, name):
    lab = files.lab_to_fill()
    content = files.csv(HEADER, ["a", TEXTS[language], *GOOD[2:]], encoding=encoding, separator=";")
    run = files.do(lab, content)
    assert str(lab.sessions.get().title) == TEXTS[language]
    assert run.findings[0]["message"] == f"The file was read as {name}, with semicolons between the columns."


def test_an_encoding_that_the_file_only_says_is_refused():
    assert refused(b"\xef\xbb\xbftitle\n\xff\xfe") == "The file says that it is UTF-8, but byte 7 is not."


def test_mixed_line_ends_and_lines_in_cells():
    lab = files.lab_to_fill()
    content = (
        b'session,title,starts,ends,abstract_en\ra,"One\r\nline",2027-03-01 09:30,2027-03-01 10:30,"Two\nlines"\n'
        b"b,Two,2027-03-01 11:00,2027-03-01 12:00,\r\n"
    )
    run = files.do(lab, content)
    assert {str(one.title): str(one.abstract) for one in lab.sessions.all()} == {
        "One line": "Two\nlines",
        "Two": "",
    }
    assert "row 2, B2 (title): Line breaks were replaced with spaces." in files.notes(
        files.preview(lab, content)
    )
    assert run.counts == {"session.new": 2}


def test_quotation_marks_that_do_not_match():
    assert refused(b'session,title\na,"Opening\nb,Panel\n') == (
        "row 2: The quotation marks of this row do not match, or a cell is too long."
    )


# Cells


def test_formulas_are_told_and_their_results_are_used():
    lab = files.lab_to_fill()
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c><c r="B1" t="inlineStr"><is><t>starts</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>ends</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>CONCATENATE("Op","ening")</f><v>Opening</v></c>'
        '<c r="B2"><v>46447.395833333336</v></c><c r="C2"><v>46447.4375</v></c></row>'
    )
    content = book(**{SHEET: sheet(cells)})
    files.do(lab, content)
    assert str(lab.sessions.get().title) == "Opening"
    assert files.notes(files.preview(lab, content)) == [
        "Sessions, row 2, A2 (title): This is a formula; what it last came to is used.",
        "Sessions, row 2, B2 (starts): The number was read as 2027-03-01 09:30:00, as in Excel.",
        "Sessions, row 2, C2 (ends): The number was read as 2027-03-01 10:30:00, as in Excel.",
    ]


def test_a_formula_without_a_result_and_a_cell_with_an_error_are_refused():
    content = files.xlsx(Sessions=[HEADER, ["a", "=1+1", *GOOD[2:]]])
    assert failed_or_refused(content) == (
        "Sessions, row 2, B2: The cell has a formula without a result. Enter the value itself, or save the file in a "
        "spreadsheet program first."
    )
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c></row>'
        '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>'
    )
    assert (
        failed_or_refused(book(**{SHEET: sheet(cells)}))
        == "Sessions, row 2, A2: The cell has the error #REF!."
    )


def failed_or_refused(content):
    try:
        return failed(content)[0]
    except RuleViolation as error:
        return error.message


def test_text_that_looks_like_a_formula_stays_text():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, ["a", "'=cmd|' /C calc'!A0", *GOOD[2:]]))
    assert str(lab.sessions.get().title) == "=cmd|' /C calc'!A0"


def test_titles_from_pdf_and_word_processors_are_cleaned_and_told():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, ["a", "The e\ufb03\u00adcient\u00a0\u200bcity", *GOOD[2:]]))
    assert str(lab.sessions.get().title) == "The efficient city"
    run = files.preview(lab, files.csv(HEADER, ["a", "The e\ufb03\u00adcient\u00a0\u200bcity", *GOOD[2:]]))
    assert "row 2, B2 (title): Invisible characters or ligatures were replaced." in files.notes(run)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("inter\u00ad\nnational", "international"),
        ("a\x0bb\u2028c", "a b c"),
        ("Й", "Й"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("\u202eevil\u202c \x00text", "evil text"),
        ("  doubled   spaces ", "doubled spaces"),
    ],
)
def test_texts_are_cleaned(typed, clean):
    assert cleaned_line(typed) == clean


def test_paragraphs_stay():
    assert cleaned_text("one \r\n\r\n\r\n\r\ntwo\u00a0three") == "one\n\ntwo three"


# Times


NO_TIME = "is not a date and time. Enter it like 2027-03-01 09:30."
NO_END = "The end is not after the start. Choose a later end."
OUTSIDE = "The lab lasts 1–4 March 2027 in Europe/Sofia. Choose one of its days, or change the lab's dates."


@pytest.mark.parametrize(
    ("starts", "ends", "message"),
    [
        ("2027-03-01", "2027-03-01 10:30", "C2 (starts): Enter the hour as well, like 2027-03-01 09:30."),
        ("tomorrow", "2027-03-01 10:30", f"C2 (starts): “tomorrow” {NO_TIME}"),
        ("2027-02-30 09:00", "2027-03-01 10:30", f"C2 (starts): “2027-02-30 09:00” {NO_TIME}"),
        ("2027-03-01 09:30", "", "D2 (ends): Enter when the session ends."),
        ("2027-03-01 09:30", "2027-03-01 09:30", f"D2 (ends): {NO_END}"),
        ("2027-03-01 09:30", "2027-03-01 08:30", f"D2 (ends): {NO_END}"),
        ("9999-12-31 23:00", "9999-12-31 23:30", f"C2 (starts): {OUTSIDE}"),
    ],
)  # fmt: skip
def test_times_that_are_wrong(starts, ends, message):
    assert f"row 2, {message}" in row_errors(["a", "Opening", starts, ends])


def test_a_gap_and_a_fold_are_said_with_how_to_write_them():
    lab = files.lab_to_fill(starts_on=date(2027, 3, 28), ends_on=date(2027, 10, 31))
    assert row_errors(
        ["gap", "Gap", "2027-03-28 03:30", "2027-03-28 05:00"],
        ["fold", "Fold", "2027-10-31 03:30", "2027-10-31 05:00"],
        lab=lab,
    ) == [
        "row 2, C2 (starts): 28 March 2027, 03:30 does not exist in Sofia: clocks go from 03:00 to 04:00. "
        "Choose a time before or after.",
        "row 3, C3 (starts): 31 October 2027, 03:30 occurs twice in Sofia, because clocks go back: first at "
        "UTC+3, then at UTC+2. Choose which one you mean. Enter it with the offset: 2027-10-31 03:30+03:00 or "
        "2027-10-31 03:30+02:00.",
    ]
    files.do(lab, files.csv(HEADER, ["fold", "Fold", "2027-10-31 03:30+02:00", "2027-10-31 05:00"]))
    assert lab.sessions.get().start_fold == 1


def test_an_unknown_zone():
    header = [*HEADER, "time_zone"]
    assert row_errors([*GOOD, "Europe/Atlantis"], header=header) == [
        "row 2, E2 (time_zone): “Europe/Atlantis” is not a known time zone. Choose one such as Europe/Sofia."
    ]


# Keys


def test_ids_that_stand_twice():
    assert row_errors(GOOD, ["a", "Panel", "2027-03-02 09:30", "2027-03-02 10:30"]) == [
        "row 3, A3 (session): “a” already stands in row 2. Each row needs a key of its own."
    ]


def test_one_uid_on_all_events():
    event = (
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:2027030{day}T090000Z\r\nDTEND:2027030{day}T100000Z\r\n"
        "SUMMARY:S{day}\r\nEND:VEVENT\r\n"
    )
    content = "BEGIN:VCALENDAR\r\n" + "".join(event.format(day=day) for day in (1, 2)) + "END:VCALENDAR\r\n"
    run = files.preview(files.lab_to_fill(), content.encode())
    assert files.states(run) == [("1", "error"), ("1", "error")]
    assert files.errors(run) == [
        "line 3, UID: 2 events have the same UID. Each event needs one of its own.",
        "line 9, UID: 2 events have the same UID. Each event needs one of its own.",
    ]


def test_calendars_with_missing_parts():
    lines = [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "SUMMARY:Opening",
        "DTSTART;VALUE=DATE:20270301",
        "RRULE:FREQ=DAILY",
        "nonsense",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    run = files.preview(files.lab_to_fill(), "\n".join(lines).encode())
    assert files.errors(run) == [
        "line 6: This is not a line of a calendar.",
        "line 2: The event has no UID. Without it, it would be a new session each time.",
        "line 5, RRULE: The event repeats. Enter each time it takes place as an event of its own.",
        "line 4, DTSTART: The event is for a whole day. Sessions need a time.",
    ]
    assert failed("\n".join(lines[:-1]).encode()) == [
        "The file ends in the middle: END:VCALENDAR is missing."
    ]
    assert failed(b"BEGIN:VCALENDAR\nEND:VCALENDAR") == ["The calendar has no events."]


def test_an_export_of_another_tool_with_missing_parts():
    content = b"""<schedule><day date="2027-03-01"><room name="Hall"><event/><event guid="x"><title>Only a title</title>
    <duration>00:30</duration></event></room></day></schedule>"""
    run = files.preview(files.lab_to_fill(), content)
    assert files.errors(run) == [
        "event 1, guid: The event has no guid. Without it, it would be a new session each time.",
        "event 1, duration: “” is not a duration. Enter minutes, or 1:30.",
        "event 1, title: Enter a title.",
        "event 2 (x), date: The event has neither a date nor a day and an hour.",
    ]
    assert failed(b"<schedule><conference/></schedule>") == ["The schedule has no events."]
    assert failed(b"<rss/>") == ["The file is XML, but not a schedule: it begins with <rss>."]
    assert failed(b"<schedule>\n<day></schedule>") == [
        "line 2: The file is not XML: something is wrong at column 8 of this line."
    ]
    assert failed(b'{"schedule": {"conference": {"days": {}}}}') == [
        "schedule.conference.days: A list is expected here."
    ]
    assert failed(b'{"schedule": {}}') == ["schedule.conference: An object is expected here."]
    assert failed(b'{"schedule": ') == ["The file is not JSON: line 1, column 14: Expecting value."]


def test_rows_with_errors_do_not_keep_the_others_out():
    lab = files.lab_to_fill()
    run = files.do(lab, files.csv(HEADER, GOOD, ["b", "", *GOOD[2:]]))
    assert run.counts == {"session.new": 1}
    assert [session.slug for session in lab.sessions.all()] == ["a"]
    assert not Room.objects.exists()


def test_numbers_and_choices_that_are_wrong():
    header = [*HEADER, "room_capacity", "waiting_list", "format", "speakers", "join_link"]
    assert row_errors(
        [*GOOD, "many", "perhaps", "by post", "Jane (boss); Ann; Ann", "javascript:alert(1)"],
        ["b", *GOOD[1:], "-1", "да", "онлайн", "", ""],
        header=header,
    ) == [
        "row 2, E2 (room_capacity): “many” is not a whole number from 0 to 1,000,000.",
        "row 2, F2 (waiting_list): “perhaps” is neither yes nor no.",
        "row 2, G2 (format): “by post” is not one of online, in-person, hybrid.",
        "row 2, H2 (speakers): “boss” is not one of speaker, moderator, panellist, host.",
        "row 2, H2 (speakers): “Ann” stands twice in the cell.",
        "row 2, I2 (join_link): Enter a web address like https://example.org/page.",
        "row 3, E3 (room_capacity): “-1” is not a whole number from 0 to 1,000,000.",
    ]


# Memory

LIMITED = """
import resource, sys, time
from pathlib import Path
import django
django.setup()
from django.conf import settings
from labs.models import Lab, Programme
from sessions.schedule_import import files
from sessions.schedule_import.document import UnreadableFile
content = Path(sys.argv[1]).read_bytes()
lab = Lab(slug="x", languages=["en"], time_zone="Europe/Sofia", programme=Programme())
try:
    format = files.format_of(content)
    columns = {}
    if format.is_table:
        from sessions.schedule_import import tables
        for sheet in files.table_of(content, format).sheets:
            columns[sheet.name] = tables.guess(tables.model_of(sheet), sheet.header, lab, {})
    document = files.document_of(content, format, lab, columns)
    print("read", len(document.rows))
except UnreadableFile as error:
    print("refused", error.findings[0])
status = open("/proc/self/status").read()  # getrusage counts what the tests' own process held before this one began
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def bomb_of_rows():
    return book(**{SHEET: sheet('<row r="1"/>' * 3_000_000)})


def bomb_of_cells():
    return book(**{SHEET: sheet("<row>" + '<c t="b"><v>1</v></c>' * 700_000 + "</row>")})


def bomb_of_strings():
    return book(**{"xl/sharedStrings.xml": "<sst>" + "<si/>" * 6_000_000 + "</sst>"})


def bomb_of_text():
    return book(**{SHEET: sheet('<row><c t="inlineStr"><is><t>' + "a" * 60_000_000 + "</t></is></c></row>")})


def bomb_of_lines():
    return b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"".join(b"X-%d:x\n" % number for number in range(700_000))


def bomb_of_elements():
    return b"<schedule>" + b"<a/>" * 1_900_000 + b"</schedule>"


def bomb_of_lists():
    return b'{"schedule": {"conference": {"days": [' + b"[]," * 2_500_000 + b"[]]}}}"


def bomb_of_attributes():
    return b"<schedule " + b" ".join(b'a%d=""' % number for number in range(700_000)) + b"/>"


@pytest.mark.parametrize(
    "bomb",
    [
        bomb_of_rows, bomb_of_cells, bomb_of_strings, bomb_of_text, bomb_of_lines, bomb_of_elements, bomb_of_lists,
        bomb_of_attributes,
    ],
)  # fmt: skip
def test_memory_stays_bounded(bomb, tmp_path):
    content = bomb()
    assert len(content) <= formats.MAX_BYTES
    (tmp_path / "file").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "file")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1500 * MEGABYTE, 1500 * MEGABYTE)),
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcome, used = done.stdout.strip().splitlines()[-2:]
    assert int(used) < 400, (outcome, used)


def test_what_a_program_sends_as_json_is_no_more_trusted():
    with pytest.raises(UnreadableFile):
        formats.document_of(json.dumps([1, 2]).encode(), formats.Format.PRETALX, files.lab_to_fill())
