"""Times in news text, seen from the day of publication and never from the clock."""

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractor.normalise.time import date_line, find_times
from extractor.normalise.vocabulary import listed

at = datetime.fromisoformat
THURSDAY = at("2016-11-03T19:04")
PIECES = (
    *listed("on since last next this the Monday March May 2014 3 31 February 29 30 November ago"),
    *listed("two weeks a few years 9999 first quarter of from to between and - – summer 1990s"),
    *listed("recent days will said . , İ earlier week weekend Q3 2016-02-30 31/12/2016"),
    *("\n", "\u00a0"),
)
MANY = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


def one(text, published=THURSDAY):
    (found,) = find_times(text, published)
    return found.time.text, found.time.value, found.time.basis.value


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("on 3 November 2016", "3 November 2016", "2016-11-03"),
        ("on November 3, 2016,", "November 3, 2016", "2016-11-03"),
        ("on Thursday 3 November 2016", "Thursday 3 November 2016", "2016-11-03"),
        ("Thursday 03 November 2016 19:04", "Thursday 03 November 2016", "2016-11-03"),
        ("the 3rd of November 2016", "3rd of November 2016", "2016-11-03"),
        ("Nov. 5, 2024 (Wire)", "Nov. 5, 2024", "2024-11-05"),
        ("2016-11-03", "2016-11-03", "2016-11-03"),
        ("on 13/11/2016", "13/11/2016", "2016-11-13"),
        ("3-5 November 2016", "3-5 November 2016", "2016-11-03/2016-11-05"),
        ("in March 2024", "March 2024", "2024-03"),
        ("early March 2024", "early March 2024", "2024-03"),
        ("in 2014.", "2014", "2014"),
        ("for the first time since 2014", "since 2014", "2014/.."),
        ("until 2014", "until 2014", "../2014"),
        ("no later than mid-2026.", "mid-2026", "2026"),
        ("by 2030", "by 2030", "2030"),
        ("from 2016 to 2021", "2016 to 2021", "2016/2021"),
        ("between 2016 and 2021", "2016 and 2021", "2016/2021"),
        ("the 2016-17 season", "2016-17", "2016/2017"),
        ("the 1990s", "1990s", "199X"),
        ("since the summer of 2014.", "since the summer of 2014", "2014-22/.."),
        ("in summer 2014", "summer 2014", "2014-22"),
        ("the winter of 2014", "winter of 2014", "2014-24"),
        ("the third quarter of 2024", "third quarter of 2024", "2024-07/2024-09"),
        ("Q3 2024", "Q3 2024", "2024-07/2024-09"),
        ("the first half of 2016", "first half of 2016", "2016-01/2016-06"),
    ],
)
def test_explicit(text, words, value):
    assert one(text, None) == (words, value, "explicit")
    assert one(text) == (words, value, "explicit")


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        # weekdays
        ("Troops reached it on Monday but", "Monday", "2016-10-31"),
        ("entered the city on Thursday, adding", "Thursday", "2016-11-03"),
        ("since Monday", "since Monday", "2016-10-31/.."),
        ("next Monday", "next Monday", "2016-11-07"),
        ("next Thursday", "next Thursday", "2016-11-10"),
        ("last Thursday", "last Thursday", "2016-10-27"),
        ("He will speak on Monday.", "Monday", "2016-11-07"),
        ("Results are due by Friday", "by Friday", "2016-11-04"),
        ("are expected to arrive on Friday.", "Friday", "2016-11-04"),
        ("He is to address them on Wednesday.", "Wednesday", "2016-11-09"),
        ("On Monday, he will speak", "Monday", "2016-11-07"),
        ("It is closed until Monday.", "until Monday", "../2016-11-07"),
        # the cue must rule the date, not merely stand in the sentence
        ("He will go, officials said on Monday.", "Monday", "2016-10-31"),
        ("He told reporters on Monday that he will go", "Monday", "2016-10-31"),
        ("It will be announced on Monday.", "Monday", "2016-11-07"),
        ("They will go. He left on Monday.", "Monday", "2016-10-31"),
        ("will meet the team that was beaten on Sunday", "Sunday", "2016-10-30"),
        ("it may have begun on Monday", "Monday", "2016-10-31"),
        ("By Wednesday night there were two", "By Wednesday night", "2016-11-02"),
        ("on Tuesday night", "Tuesday night", "2016-11-01"),
        ("Sunday’s vote", "Sunday", "2016-10-30"),
        ("on Monday last week", "Monday last week", "2016-10-24"),
        # months
        ("since last December to", "since last December", "2015-12/.."),
        ("last November", "last November", "2015-11"),
        ("in March", "March", "2016-03"),
        ("in December", "December", "2015-12"),
        ("It will open in March.", "March", "2017-03"),
        ("whose deal expires in June,", "June", "2017-06"),
        ("next March", "next March", "2017-03"),
        ("in late September", "late September", "2016-09"),
        ("since early May", "since early May", "2016-05/.."),
        # days without a year: the side the words look to, else the nearer
        ("on 3 November", "3 November", "2016-11-03"),
        ("It was replaced on 15 November", "15 November", "2015-11-15"),
        ("will open on 12 January", "12 January", "2017-01-12"),
        ("has until 12 January to respond", "until 12 January", "../2017-01-12"),
        ("set sentencing for Jan. 14 and", "Jan. 14", "2017-01-14"),
        ("DREVNA, Nov. 2 (Wire)", "Nov. 2", "2016-11-02"),
        ("24 February last year", "24 February last year", "2015-02-24"),
        ("in March last year", "March last year", "2015-03"),
        ("29 February", "29 February", "2016-02-29"),
        # near days
        ("this morning", "this morning", "2016-11-03"),
        ("yesterday", "yesterday", "2016-11-02"),
        ("tomorrow night", "tomorrow night", "2016-11-04"),
        ("last night", "last night", "2016-11-02"),
        ("fighting overnight.", "overnight", "2016-11-02/2016-11-03"),
        # distances, as fine as their unit
        ("two weeks ago", "two weeks ago", "2016-10-20"),
        ("three weeks ago", "three weeks ago", "2016-10-13"),
        ("two years ago", "two years ago", "2014"),
        ("five months ago", "five months ago", "2016-06"),
        ("20 hours ago", "20 hours ago", "2016-11-02"),
        ("a decade ago", "a decade ago", "2006"),
        # units of the calendar
        ("next year", "next year", "2017"),
        ("early next year", "early next year", "2017"),
        ("last month", "last month", "2016-10"),
        ("last week", "last week", "2016-10-24/2016-10-30"),
        ("earlier this week", "earlier this week", "2016-10-31/2016-11-03"),
        ("later this month", "later this month", "2016-11-03/2016-11-30"),
        ("last quarter", "last quarter", "2016-07/2016-09"),
        ("at the weekend", "weekend", "2016-10-29/2016-10-30"),
        ("next weekend", "next weekend", "2016-11-05/2016-11-06"),
        # stretches
        ("over the past month that", "past month", "2016-10-03/2016-11-03"),
        ("for the past two weeks.", "past two weeks", "2016-10-20/2016-11-03"),
        ("in the last year", "last year", "2015-11-03/2016-11-03"),
        ("over the next ten days", "next ten days", "2016-11-03/2016-11-13"),
        ("in recent days.", "recent days", "/2016-11-03"),
        ("in the coming weeks", "coming weeks", "2016-11-03/"),
        ("the past few weeks", "past few weeks", "/2016-11-03"),
        # seasons and quarters
        ("last summer", "last summer", "2016-22"),
        ("since the spring", "since the spring", "2016-21/.."),
        ("last winter", "last winter", "2015-24"),
        ("the first quarter", "first quarter", "2016-01/2016-03"),
        ("It will report in the first quarter", "first quarter", "2017-01/2017-03"),
        ("said it expected to apply in the first quarter", "first quarter", "2017-01/2017-03"),
        ("third-quarter profit", "third-quarter", "2016-07/2016-09"),
        ("between March and May 2016", "March and May 2016", "2016-03/2016-05"),
    ],
)
def test_relative(text, words, value):
    assert one(text) == (words, value, "published_at")


@pytest.mark.parametrize(
    "text",
    [
        "on Thursday",
        "since last December",
        "two weeks ago",
        "in March",
        "on 3 November",
        "overnight",
        "in recent days",
        "this year",
        "the past month",
        "the first quarter",
        "last summer",
    ],
)
def test_without_a_date_of_publication_nothing_is_guessed(text):
    assert one(text, None)[1:] == (None, "unresolved")


@pytest.mark.parametrize(
    "text",
    [
        "on 03/11/2016",  # day and month could change places
        "a few weeks ago",
        "three days later",  # seen from another event
        "a year earlier",
        "on 31 February 2016",
        "9999 years ago",
    ],
)
def test_unresolved_even_with_a_date(text):
    assert one(text)[1:] == (None, "unresolved")


@pytest.mark.parametrize(
    "text",
    [
        "for the first time in two years",
        "for two years",
        "within 30 days",
        "It will last three days",
        "He may march on Rome in the fall of the city",
        "Theresa May said",
        "May said that March had gone",
        "even in summer",
        "spring water",
        "Sunday Times, Black Friday, every Friday, Mondays",
        "Iraqi first half, second period, third quarter of the game",
        "7,500 militants and 2014 militants",
        "killed 2000 people",
        "$2016 and 2,014",
        "May 5,000 fans come",
        "the day before yesterday",
        "the next day",
        "the last week of the war",
        "flight 2014A",
        "at 19:04 and 6 a.m.",
        "",
    ],
)
def test_no_time(text):
    assert find_times(text, THURSDAY) == ()


def test_weekday_of_publication_is_today_even_for_the_future():
    assert one("The court will rule on Thursday.")[1] == "2016-11-03"


def test_several_in_order():
    found = find_times("On 15 November, three days after Monday, in 2014", THURSDAY)
    assert [t.time.text for t in found] == ["15 November", "after Monday", "2014"]


def test_the_zone_of_publication_is_kept():
    late = datetime(2016, 11, 3, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert one("today", late)[1] == "2016-11-03"


def test_the_stretch_alone_is_read_but_its_sentence_is_heeded():
    text = "He will speak on Monday."
    (found,) = find_times(text, THURSDAY, 14, len(text))
    assert (found.start, found.time.value) == (17, "2016-11-07")


@given(MANY, st.none() | st.datetimes())
@example("two decades ago last week overnight", at("0001-01-01"))
@example("next year next week tomorrow on Monday will", at("9999-12-31"))
@example("on 29 February", at("9999-12-31"))
def test_spans_are_exact_and_stable(text, published):
    found = find_times(text, published)
    assert all(text[t.start : t.end] == t.time.text for t in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all((t.time.value is None) == (t.time.basis == "unresolved") for t in found)
    assert found == find_times(text, published)


@given(MANY, st.integers(0, 60), st.integers(0, 60))
def test_any_stretch(text, start, end):
    found = find_times(text, THURSDAY, start, end)
    assert all(start <= t.start < t.end <= end for t in found)


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("Thursday 03 November 2016 19:04", at("2016-11-03T19:04")),
        ("Published 12:31, 9 May 2025", at("2025-05-09T12:31")),
        ("May 8, 2025 - 10:15 a.m. GMT", at("2025-05-08T10:15Z")),
        ("Published 16.40, Friday 21 November 2025", at("2025-11-21T16:40")),
        ("9 May 2025 at 12.31 BST", at("2025-05-09T12:31+01:00")),
        ("Monday, 10 June 2024", at("2024-06-10")),
        ("Sept. 12, 2024", at("2024-09-12")),
        ("2016-11-03T19:04:00Z", at("2016-11-03T19:04Z")),
        ("Published: 9 May 2025 | Updated: 10 May 2025", at("2025-05-09")),
        ("13/11/2016", at("2016-11-13")),
        ("  3 November 2016  ", at("2016-11-03")),
    ],
)
def test_date_line(line, moment):
    found = date_line(line)
    assert found == moment
    assert found is not None
    assert found.utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "May",
        "Monday",
        "2016",
        "3 November",
        "November 2016",
        "03/11/2016",
        "31 February 2016",
        "19:04",
        "DREVNA, May 8, 2025",
        "By Ann Lee, 9 May 2025",
        "He was born on 3 November 2016.",
        "-- Reporting by",
        "9 May 2025 10 May 2025",
        "1 2 3 4",
    ],
)
def test_no_date_line(line):
    assert date_line(line) is None


@given(st.text(alphabet="0123456789/:.,-+ MaynovThuGTZpm|") | st.text())
def test_date_line_never_raises(line):
    date_line(line)
