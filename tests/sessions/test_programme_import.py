"""The programme file: what it may say, and how each wrong value is named."""

from datetime import date, datetime
from pathlib import Path

import pytest
from django.conf import settings

from sessions.programme_import import read
from tests.sessions.programme_documents import a_document, as_bytes, lab_of, session_of
from tests.sessions.programme_problems import paths_of, problems_of

LAB = "programmes[0].labs[0]"
SESSION = f"{LAB}.sessions[0]"


def test_a_file_in_order_becomes_facts():
    facts = read(as_bytes(a_document()))

    assert [city.slug for city in facts.cities] == ["sofia", "rome"]
    [programme] = facts.programmes
    assert programme.organiser == {"en": "European Commission"}
    assert programme.cities == ("sofia", "rome")
    assert [group.slug for group in programme.stakeholder_groups] == ["local-government", "businesses"]
    assert [(s.slug, s.name) for s in programme.speakers] == [("demo-speaker", {"en": "Demo Speaker"})]
    [lab] = programme.labs
    assert [(day.on, day.title) for day in lab.days] == [(date(2027, 3, 30), {"en": "Reskilling"})]
    assert lab.tracks[0].name == {"en": "Tourism", "bg": "Туризъм"}
    dialogue, peers = lab.sessions
    assert dialogue.starts == datetime(2027, 3, 30, 15, 30)
    assert (dialogue.time_zone, dialogue.track, dialogue.room) == ("Europe/Sofia", "tourism", "plenary")
    assert [(a.speaker, a.role) for a in dialogue.appearances] == [("demo-speaker", "moderator")]
    assert dialogue.agenda is not None
    assert [(a.speaker, a.role) for a in dialogue.agenda[1].appearances] == [("demo-speaker", "speaker")]
    assert peers.audience == ("sofia", "rome")
    assert peers.agenda is None


def test_the_projects_own_file_is_in_order_and_leaves_no_time_open():
    facts = read((Path(settings.BASE_DIR) / "data" / "programmes.json").read_bytes())

    assert facts.notices == ()
    assert len(facts.cities) == 18
    assert [[lab.slug for lab in programme.labs] for programme in facts.programmes] == [
        ["city-lab-4"],
        ["academy-seminar-1"],
    ]


def test_a_session_whose_times_the_file_leaves_open_takes_free_hours_of_the_lab_and_says_so():
    document = a_document()
    lab = lab_of(document)
    lab["starts_on"] = lab["ends_on"] = "2027-03-30"
    lab["sessions"] = [
        {"slug": "taken", "starts": "2027-03-30T10:00", "ends": "2027-03-30T10:30", "title": "Taken"},
        {"slug": "one", "title": "One", "assumed": "times"},
        {"slug": "two", "title": "Two", "assumed": "times and that it was internal"},
    ]

    facts = read(as_bytes(document))

    _taken, one, two = facts.programmes[0].labs[0].sessions
    assert (one.starts, one.ends) == (datetime(2027, 3, 30, 9), datetime(2027, 3, 30, 10))
    assert (two.starts, two.ends) == (datetime(2027, 3, 30, 11), datetime(2027, 3, 30, 12))
    assert one.times_assumed
    assert [notice.path for notice in facts.notices] == [f"{LAB}.sessions[1]", f"{LAB}.sessions[2]"]


def test_times_that_are_missing_without_a_word_are_refused():
    document = a_document()
    for name in ("starts", "ends"):
        del session_of(document, 1)[name]

    [problem] = problems_of(document)

    assert problem.startswith(f"{LAB}.sessions[1].starts: is missing.")


def test_open_times_are_refused_where_no_hour_is_free():
    document = a_document()
    lab = lab_of(document)
    lab["starts_on"] = lab["ends_on"] = "2027-03-30"
    lab["sessions"] = [
        {"slug": "all-day", "starts": "2027-03-30T00:00", "ends": "2027-03-30T23:00", "title": "All day"},
        {"slug": "open", "title": "Open", "assumed": "times"},
    ]

    assert paths_of(document) == [f"{LAB}.sessions[1].starts"]


def test_all_problems_of_a_file_are_listed_at_once():
    document = a_document()
    document["surprise"] = 1
    document["programmes"][0]["name"] = ""
    lab_of(document)["time_zone"] = "Europe/Atlantis"
    session_of(document)["title"] = {"xx": "?"}
    session_of(document, 1)["capacity"] = "many"

    assert sorted(paths_of(document)) == [
        f"{LAB}.sessions[0].title.xx",
        f"{LAB}.sessions[1].capacity",
        f"{LAB}.time_zone",
        "programmes[0].name",
        "surprise",
    ]


@pytest.mark.parametrize(
    ("name", "value", "path", "words"),
    [
        ("slug", "Not a slug", "slug", "slug"),
        ("slug", "s" * 81, "slug", "80"),
        ("slug", 7, "slug", "A text is expected here, not the number 7."),
        ("title", "t" * 301, "title", "Use at most 300 characters"),
        ("title", {"en": "two\nlines"}, "title", "one line"),
        ("title", {"en": "turned \u202e round"}, "title", "U+202E"),
        ("title", {"en": "bell \u0007"}, "title", "U+0007"),
        ("title", None, "title", "is missing."),
        ("title", {"en": " "}, "title", "is empty."),
        ("title", ["t"], "title", "not a list"),
        ("title", {"en": 1}, "title.en", "A text is expected here"),
        ("visibility", "secret", "visibility", "One of draft, public, internal"),
        ("starts", "2027-03-30", "starts", "2027-04-06T11:30"),
        ("starts", "2027-03-30T15:30+03:00", "starts", "without an offset"),
        ("starts", "2027-02-30T15:30", "starts", "2027-04-06T11:30"),
        (
            "starts",
            "2027-03-28T03:30",
            "starts",
            "does not exist in Sofia: clocks go from 03:00 to 04:00",
        ),
        ("ends", "2027-03-30T15:30", "ends", "The end is not after the start."),
        ("ends", "2027-03-30T14:00", "ends", "The end is not after the start."),
        ("ends", "2027-04-03T10:00", "ends", "outside the lab, which lasts from 2027-03-27 to 2027-04-02"),
        ("starts", "2027-03-26T23:59", "starts", "outside the lab"),
        ("time_zone", "Asia/Calcutta", "time_zone", "is not in the list of time zones"),
        ("time_zone", "../../etc/passwd", "time_zone", "is not in the list of time zones"),
        ("track", "no-such-track", "track", "is not a track of this lab"),
        ("room", "no-such-room", "room", "is not a room of this lab"),
        ("audience_cities", ["sofia"], "audience_cities", "Only internal sessions"),
        ("audience_cities", "sofia", "audience_cities", "A list is expected here"),
        ("capacity", -1, "capacity", "A whole number"),
        ("capacity", 1.5, "capacity", "A whole number"),
        ("capacity", True, "capacity", "not true"),
        ("capacity", 10**30, "capacity", "A whole number"),
        ("waiting_list", "yes", "waiting_list", "true or false is expected here"),
        ("join_link", "javascript:alert(1)", "join_link", "web address"),
        ("join_link", "ftp://example.org/", "join_link", "web address"),
        ("speakers", [{"speaker": "nobody"}], "speakers[0].speaker", "is not a speaker of this programme"),
        ("speakers", [{"name": "Demo", "role": "king"}], "speakers[0].role", "One of speaker"),
        ("speakers", [{"name": {"bg": "…"}}], "speakers[0].slug", "is missing"),
        ("speakers", ["Demo"], "speakers[0]", "An object is expected here"),
        ("source", "gossip", "source", "is not among the file's sources"),
        ("agenda", [{"title": "t", "starts": "2027-03-30T15:30"}], "agenda[0].ends", "Enter both times"),
        ("tittle", "t", "tittle", "Did you mean “title”?"),
    ],
)
def test_a_wrong_value_of_a_session_is_named_with_its_place(name, value, path, words):
    document = a_document()
    session = session_of(document)
    # The agenda refers to the session's times and speakers.
    session.pop("agenda")
    session[name] = value

    [problem] = problems_of(document)

    place, _colon, message = problem.partition(": ")
    assert place == f"{SESSION}.{path}"
    assert words in message


def test_an_audience_has_only_cities_that_are_known():
    document = a_document()
    session_of(document, 1)["audience_cities"] = ["sofia", "atlantis", "rome", "rome"]

    assert paths_of(document) == [
        f"{LAB}.sessions[1].audience_cities[1]",
        f"{LAB}.sessions[1].audience_cities[3]",
    ]
    session_of(document, 1)["audience_cities"] = ["sofia", "atlantis"]
    facts = read(as_bytes(document), known_cities={"atlantis"})
    assert facts.programmes[0].cities == ("sofia", "atlantis")


@pytest.mark.parametrize(
    ("times", "path"),
    [
        (("2027-03-30T15:00", "2027-03-30T16:00"), "starts"),
        (("2027-03-30T16:00", "2027-03-30T18:00"), "ends"),
        (("2027-03-30T17:00", "2027-03-30T16:00"), "ends"),
        (("2027-03-31T15:30", "2027-03-31T16:30"), "starts"),
    ],
)
def test_an_agenda_item_stays_inside_its_session(times, path):
    document = a_document()
    session_of(document)["agenda"] = [{"title": "Panel", "starts": times[0], "ends": times[1]}]

    assert f"{SESSION}.agenda[0].{path}" in paths_of(document)


def test_a_time_that_comes_twice_is_asked_about_and_a_fold_answers():
    document = a_document()
    lab_of(document).update(starts_on="2027-10-30", ends_on="2027-11-01", days=[])
    lab_of(document)["sessions"] = [
        {"slug": "night", "title": "Night", "starts": "2027-10-31T03:30", "ends": "2027-10-31T05:00"}
    ]

    [problem] = problems_of(document)
    assert problem.startswith(f"{SESSION}.starts: ")
    assert "occurs twice in Sofia" in problem
    assert "starts_fold" in problem

    session_of(document)["starts_fold"] = 1
    assert read(as_bytes(document)).programmes[0].labs[0].sessions[0].starts_fold == 1


def test_a_session_may_last_until_the_midnight_that_ends_the_lab_and_counts_in_the_labs_own_days():
    document = a_document()
    session_of(document).update(starts="2027-04-02T22:00", ends="2027-04-03T00:00", agenda=[])
    assert read(as_bytes(document)).programmes[0].labs[0].sessions[0].ends == datetime(2027, 4, 3)

    # 23:30 in Rome on the lab's last day is half past midnight of the next day in Sofia.
    session_of(document).update(starts="2027-04-02T22:00", ends="2027-04-02T23:30", time_zone="Europe/Rome")
    assert paths_of(document) == [f"{SESSION}.ends"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d["cities"].append(dict(d["cities"][0])), "cities[2].slug"),
        (lambda d: d["programmes"].append({**d["programmes"][0], "labs": []}), "programmes[1].slug"),
        (
            lambda d: d["programmes"][0]["labs"].append({**lab_of(d), "sessions": []}),
            "programmes[0].labs[1].slug",
        ),
        (lambda d: session_of(d, 1).update(slug="dialogue"), f"{LAB}.sessions[1].slug"),
        (
            lambda d: d["programmes"][0]["tracks"].append({"slug": "tourism", "en": "T"}),
            "programmes[0].tracks[1].slug",
        ),
        (lambda d: lab_of(d)["rooms"].append({"slug": "plenary", "name": "Other"}), f"{LAB}.rooms[1].slug"),
        (lambda d: lab_of(d)["rooms"].append({"slug": "other", "name": "Plenary"}), f"{LAB}.rooms[1].name"),
        (lambda d: lab_of(d)["days"].append({"on": "2027-03-30", "title": "T"}), f"{LAB}.days[1].on"),
        (lambda d: lab_of(d)["days"].append({"on": "2027-05-30", "title": "T"}), f"{LAB}.days[1].on"),
        (lambda d: session_of(d).update(speakers=[{"name": "A"}, {"name": "A"}]), f"{SESSION}.speakers[1]"),
        (
            lambda d: d["programmes"][0]["stakeholder_groups"]["list"].append("Businesses"),
            "programmes[0].stakeholder_groups.list[2].slug",
        ),
    ],
)
def test_what_stands_twice_or_out_of_place_is_refused(change, path):
    document = a_document()
    change(document)

    assert path in paths_of(document)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("ends_on", "2027-03-26", "ends_on"),
        ("ends_on", "27.03.2027", "ends_on"),
        ("time_zone", None, "time_zone"),
        ("format", "telepathy", "format"),
        ("languages", ["en", "de"], "languages[1]"),
        ("languages", [], "languages"),
        ("languages", ["en", "en"], "languages[1]"),
        ("colour", "reddish", "colour"),
        ("contact_email", "a@b\r\nBcc: all@example.org", "contact_email"),
        ("registration", {"closes": "2027-03-01T09:00"}, "registration.opens"),
        ("registration", {"opens": "2027-03-02T09:00", "closes": "2027-03-01T09:00"}, "registration.closes"),
        ("registration", {"opens": "2027-03-28T03:30"}, "registration.opens"),
        ("venue", {"city": "Brussels", "country": "XX"}, "venue.country"),
        ("certificate_min_sessions", 0, "certificate_min_sessions"),
        ("consent", "c" * 2001, "consent"),
        ("participating_cities", ["atlantis"], "participating_cities[0]"),
        ("sessions", {"slug": "one"}, "sessions"),
    ],
)
def test_a_wrong_value_of_a_lab_is_named_with_its_place(name, value, path):
    document = a_document()
    lab_of(document)[name] = value

    assert paths_of(document) == [f"{LAB}.{path}"]
