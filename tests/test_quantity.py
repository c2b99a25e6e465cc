"""Figures in news text: values, bounds, units, and the numbers that are no figures."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractor.normalise.quantity import digits_of, find_quantities, unsupported_digits
from extractor.normalise.vocabulary import listed

PIECES = (
    *listed(
        "at least between and 40 55 7,500 1.5 million bn £ $ % two a half third of the hundreds"
    ),
    *listed("several 2014 May - – to people Boeing . , one in ½ ٧ İ quarter m k pounds €"),
    *("up to", "per cent", "or more", "\n", "\n\n", "\u00a0"),
)
MANY = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


def one(text):
    (found,) = find_quantities(text)
    q = found.quantity
    return q.text, q.comparator.value, q.value, q.value_max, q.unit


@pytest.mark.parametrize(
    ("text", "words", "comparator", "value", "unit"),
    [
        # digits, separators, scales
        ("There are 7,500 militants.", "7,500 militants", "exact", 7500, "militants"),
        ("It has 1.5 million residents.", "1.5 million residents", "exact", 1.5e6, "residents"),
        ("a population of 1.5 million, said", "1.5 million", "exact", 1.5e6, None),
        ("some 7\u00a0500 people fled", "some 7\u00a0500 people", "about", 7500, "people"),
        ("1,50,000 farmers marched", "1,50,000 farmers", "exact", 150_000, "farmers"),
        ("٧٬٥٠٠ people fled", "٧٬٥٠٠ people", "exact", 7500, "people"),
        ("users fell to 66m last", "66m", "exact", 66e6, None),
        ("the 100m sprint record", "100m", "exact", 100, "m"),
        ("It took 3.5m tonnes", "3.5m tonnes", "exact", 3.5e6, "tonnes"),
        ("100,000\nforces took part", "100,000\nforces", "exact", 100_000, "forces"),
        # words
        ("Twenty-five people died", "Twenty-five people", "exact", 25, "people"),
        ("two hundred and fifty thousand homes", None, "exact", 250_000, "homes"),
        ("two and a half million homes", None, "exact", 2.5e6, "homes"),
        ("half a million homes", None, "exact", 5e5, "homes"),
        ("a dozen officers", None, "exact", 12, "officers"),
        ("two dozen officers", None, "exact", 24, "officers"),
        ("a hundred soldiers", None, "exact", 100, "soldiers"),
        ("FOURTEEN PEOPLE died", "FOURTEEN PEOPLE", "exact", 14, "PEOPLE"),
        # comparators
        ("up to 7,500 militants in", "up to 7,500 militants", "at_most", 7500, "militants"),
        ("the estimated 5,000 ISIS members holed up", None, "about", 5000, "ISIS members"),
        ("an estimated 5,000 people", "an estimated 5,000 people", "about", 5000, "people"),
        ("No more than 30 people", "No more than 30 people", "at_most", 30, "people"),
        ("no fewer than 30 people", "no fewer than 30 people", "at_least", 30, "people"),
        ("More than 100 gathered on", "More than 100", "more_than", 100, None),
        ("well over 500 cases", "well over 500 cases", "more_than", 500, "cases"),
        ("fewer than 200 had advanced", "fewer than 200", "less_than", 200, None),
        ("below 5C even in summer", "below 5C", "less_than", 5, "C"),
        ("as many as 300 guests", "as many as 300 guests", "at_most", 300, "guests"),
        ("a minimum of 12 votes", "a minimum of 12 votes", "at_least", 12, "votes"),
        ("three storeys or more", "three storeys or more", "at_least", 3, "storeys"),
        ("50 or more people", "50 or more people", "at_least", 50, "people"),
        ("20-odd people", "20-odd people", "about", 20, "people"),
        ("50-plus people", "50-plus people", "at_least", 50, "people"),
        ("300 people or so", "300 people or so", "about", 300, "people"),
        ("up to an estimated 5,000 people", None, "at_most", 5000, "people"),
        ("nearly 40 per cent of mortgages", "nearly 40 per cent", "about", 40, "per cent"),
        ("At least 52 dead as", "At least 52 dead", "at_least", 52, "dead"),
        ("at\nleast 52 dead", "at\nleast 52 dead", "at_least", 52, "dead"),
        # "over" as part of a verb bounds nothing
        ("handed over 5 suspects", "5 suspects", "exact", 5, "suspects"),
        # shares
        ("fell 22% on", "22%", "exact", 22, "per cent"),
        ("fell 22 percent", "22 percent", "exact", 22, "per cent"),
        ("rose 2 percentage points", "2 percentage points", "exact", 2, "percentage points"),
        ("cut by 50 basis points", "50 basis points", "exact", 50, "basis points"),
        ("minus 20 degrees", "minus 20 degrees", "exact", -20, "degrees"),
        ("fell to -0.3% in", "-0.3%", "exact", -0.3, "per cent"),
        # money
        ("worth $2.4bn now", "$2.4bn", "exact", 2.4e9, "USD"),
        ("worth up to £45.5m: it", "up to £45.5m", "at_most", 45.5e6, "GBP"),
        ("cost A$3 million", "A$3 million", "exact", 3e6, "AUD"),
        ("cost US$3m", "US$3m", "exact", 3e6, "USD"),
        ("cost €12", "€12", "exact", 12, "EUR"),
        ("cost 12 €", "12 €", "exact", 12, "EUR"),
        ("EUR 12 billion", "EUR 12 billion", "exact", 12e9, "EUR"),
        ("five million dollars", "five million dollars", "exact", 5e6, "USD"),
        ("3 Australian dollars", "3 Australian dollars", "exact", 3, "AUD"),
        ("5,000 pounds of explosives", "5,000 pounds", "exact", 5000, "pounds"),
        ("420 million crowns a year", "420 million crowns", "exact", 420e6, "crowns"),
        ("more than $10,000 in", "more than $10,000", "more_than", 10_000, "USD"),
        ("22 cents a share", "22 cents", "exact", 22, "cents"),
        ("a 30p stamp", "30p", "exact", 30, "pence"),
        # measures, glued units, attributes
        ("about 14km north", "about 14km", "about", 14, "km"),
        ("a 900,000-koral loan", "900,000-koral", "exact", 900_000, "koral"),
        ("the 84-strong mission said", "84-strong", "exact", 84, None),
        # fractions
        ("Two-thirds of the houses were", "Two-thirds of the houses", "exact", 2 / 3, "houses"),
        ("about a third of postal ballots", None, "about", 1 / 3, "postal ballots"),
        ("a third of the town’s public buildings be", None, "exact", 1 / 3, "public buildings"),
        ("fewer than half of the recommendations", None, "less_than", 0.5, "recommendations"),
        ("less than a tenth of revenue but", None, "less_than", 0.1, "revenue"),
        ("cut by about a quarter over 18 months", "about a quarter", "about", 0.25, None),
        ("They settled on half.", "half", "exact", 0.5, None),
        ("foresaw half a point.", "half a point", "exact", 0.5, "point"),
        ("a quarter-point move", "a quarter-point", "exact", 0.25, "point"),
        ("one in seven patients", "one in seven patients", "exact", 1 / 7, "patients"),
        ("three quarters of voters", "three quarters of voters", "exact", 0.75, "voters"),
        # vague: no figure
        ("hundreds of civilians fleeing", "hundreds of civilians", "vague", None, "civilians"),
        ("tens of thousands of people", "tens of thousands of people", "vague", None, "people"),
        ("Dozens in hospital", "Dozens", "vague", None, None),
        ("several hundred people", "several hundred people", "vague", None, "people"),
        ("scores of arrests", "scores of arrests", "vague", None, "arrests"),
        ("a handful of voters", "a handful of voters", "vague", None, "voters"),
        # "one" counts persons and things, zero too
        ("One soldier was hurt", "One soldier", "exact", 1, "soldier"),
        ("at least one of them", "at least one", "at_least", 1, None),
        ("zero deaths were", "zero deaths", "exact", 0, "deaths"),
        # years and figures look alike
        ("more than 2000 people fled", "more than 2000 people", "more_than", 2000, "people"),
        ("5000 people fled", "5000 people", "exact", 5000, "people"),
        # first plural ends the phrase; determiners are no part of the unit
        ("Three further counts that", "Three further counts", "exact", 3, "counts"),
        ("Two civil protection officials, who", None, "exact", 2, "civil protection officials"),
        ("Of the 14, many have", "14", "exact", 14, None),
        ("“Twelve people looked", "Twelve people", "exact", 12, "people"),
    ],
)
def test_one_figure(text, words, comparator, value, unit):
    found = one(text)
    assert words is None or found[0] == words
    assert found[1] == comparator
    assert found[2] == (None if value is None else pytest.approx(value))
    assert found[3:] == (None, unit)


@pytest.mark.parametrize(
    ("text", "words", "low", "high", "unit"),
    [
        ("between 40 and 55 people", "between 40 and 55 people", 40, 55, "people"),
        ("3.5-4.0 per cent", "3.5-4.0 per cent", 3.5, 4, "per cent"),
        ("from 1.8-2.2 per cent.", "1.8-2.2 per cent", 1.8, 2.2, "per cent"),
        ("5 to 7 officers", "5 to 7 officers", 5, 7, "officers"),
        ("five or six officers", "five or six officers", 5, 6, "officers"),
        ("£1.8m–£2.1m, if", "£1.8m–£2.1m", 1.8e6, 2.1e6, "GBP"),
        ("$4.70-$4.90 a share", "$4.70-$4.90", 4.7, 4.9, "USD"),
        ("£85,000 to 95,000", "£85,000 to 95,000", 85_000, 95_000, "GBP"),
        ("9.0%-9.5% by", "9.0%-9.5%", 9, 9.5, "per cent"),
        ("2.4 billion to 2.9 billion korals", None, 2.4e9, 2.9e9, "korals"),
        # the scale of the second is meant for both, unless that turns the range round
        ("2 to 3 million voters", "2 to 3 million voters", 2e6, 3e6, "voters"),
        ("$5-7bn", "$5-7bn", 5e9, 7e9, "USD"),
        ("between 900,000 and 1 million voters", None, 900_000, 1e6, "voters"),
        ("between 50 and a hundred voters", None, 50, 100, "voters"),
        ("ranging from 5 to 7 officers", "ranging from 5 to 7 officers", 5, 7, "officers"),
        ("75m-90m tonnes", "75m-90m tonnes", 75e6, 90e6, "tonnes"),
    ],
)
def test_range(text, words, low, high, unit):
    found = one(text)
    assert words is None or found[0] == words
    assert found[1:] == ("range", low, high, unit)


@pytest.mark.parametrize(
    "text",
    [
        "in 2014 and since 2016",
        "around 2014 militants arrived",  # a year: nothing bounds a bare 2014 and counts
        "from 2016 to 2021",
        "the 2016-17 season and 2009–2010",
        "on 3 November 2016",
        "on Nov. 5, 2024, and May 8",
        "the 3-5 November talks, or June 3 to 5",
        "2016-11-03 and 03/11/2016",
        "at 19:04, 9.47pm, 6 a.m. and 2am",
        "five o’clock",
        "units of the 9th Armored Division",
        "the 21st, twenty-first and second",
        "a third explosion and a second night",
        "the second half",
        "third-quarter profit",
        "for two years, 18 months, 20 more minutes and half an hour",
        "a two-year bond and a four-and-a-half-year contract",
        "five consecutive weeks",
        "The 23-year-old passed",
        "Arkwell, 61, was convicted",
        "aged 12",
        "#10 and #Mosul2016",
        "COVID-19, F-16, G7, MH370 and 5G",
        "a Boeing 737, Flight 370, page 1 and Pier 9",
        "the DRX 30 share index",
        "at 3 Tannery Lane",
        "24/7 and 9/11",
        "mid-2026",
        "version 1.2.3",
        "call 020 7946 0958",
        "One said: “We heard",
        "no one, this one, one another",
        "split 8-4 in favour, then 2-2",
        "lost 1-3 and a 2-4 defeat",
        "a man, 25, died",
        "two-way talks",
        "a six-figure sum",
        "a one-sided, three-dimensional view",
        "1. School bus route saved",
        "the half-brother",
        "the past two quarters",
        "© 2024 Courier",
        "see https://x.org/2016/11/03/5",
        "",
    ],
)
def test_no_quantity(text):
    assert find_quantities(text) == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("cut from 12 charges to nine.", [12, 9]),
        ("rose from 5 to 7 seats", [5, 7]),  # a change, not a range
        ("lost 1.4 per cent to 8.62 per euro", [1.4, 8.62]),
        ("58 of the 120 seats", [58, 120]),
        ("45 million tamars ($12.6 million)", [45e6, 12.6e6]),
        ("270 korals a quarter and $5 a quarter", [270, 5]),
        ("Of 20 economists, 14 had", [20, 14]),
        ("two million and five others", [2e6, 5]),
        ("1,211 took the pill, 18, or 15.4 percent, died", [1211, 18, 15.4]),
        ("by 22%\n\nPeople came", [22]),  # a blank line ends a phrase
    ],
)
def test_several(text, values):
    assert [q.quantity.value for q in find_quantities(text)] == values


def test_a_blank_line_ends_the_unit():
    assert one("It killed 5\n\nPeople came")[0] == "5"


def test_the_stretch_alone_is_read():
    text = "At least 40 people and 50 dogs"
    (found,) = find_quantities(text, 9, 18)
    assert (found.start, found.end) == (9, 18)
    assert found.quantity.text == "40 people"
    assert found.quantity.comparator.value == "exact"


@given(MANY)
@example("9" * 5000 + " people")
@example("İİ up to 5 people")
def test_spans_are_exact_and_stable(text):
    found = find_quantities(text)
    assert all(text[q.start : q.end] == q.quantity.text for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert found == find_quantities(text)


@given(MANY, st.integers(0, 60), st.integers(0, 60))
def test_any_stretch(text, start, end):
    found = find_quantities(text, start, end)
    assert all(start <= q.start < q.end <= end for q in found)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("7,500 of 1.50 million", ("7500", "1.5")),
        ("٧٬٥٠٠", ("7500",)),
        ("7\u202f500", ("7500",)),
        ("3·5 on 03/11/2016", ("3.5", "3", "11", "2016")),
        ("MH370 at 19:04", ("370", "19", "4")),
        ("5.00 and 0.0", ("5", "0")),
        ("two", ()),
    ],
)
def test_digits_of(text, digits):
    assert digits_of(text) == digits


@pytest.mark.parametrize(
    ("statement", "evidence", "missing"),
    [
        ("7,000 militants", "up to 7,500 militants", ("7,000",)),
        ("75,000 militants", "7,500 militants", ("75,000",)),
        ("5 people", "1.5 million people", ("5",)),
        ("5 people", "5,000 people", ("5",)),
        ("7500 militants", "7,500 militants", ()),
        ("two men", "2 men", ()),
        ("2 men", "Two men", ()),
        ("twenty-five men", "25 men", ()),
        ("1.5 billion", "1.5 million", ("1.5 billion",)),
        ("1,500,000 people", "1.5 million people", ()),
        ("$2.4bn", "2.4 billion dollars", ()),
        ("£5m", "$5m", ("5m",)),
        ("10 per cent of voters", "10 voters", ("10",)),
        ("10 voters", "10 per cent of voters", ("10",)),
        ("10% of voters", "10 percent of voters", ()),
        ("2 percentage points", "2 per cent", ("2",)),
        ("3 per cent to 5 per cent", "from 3 to 5 per cent", ()),
        ("32.8 per cent", "41.3 per cent, against 32.8 for Renewal", ()),
        ("a third of voters", "a third of voters", ()),
        ("a third of voters", "a quarter of voters", ("a third",)),
        ("on 3 November 2016", "on Thursday", ("3", "2016")),
        ("the 9th division", "the ninth division", ()),
        ("the 9th division", "the eighth division", ("9",)),
        ("nine divisions", "the ninth division", ("nine",)),
        ("one soldier", "a soldier", ()),
        ("one soldier", "two soldiers", ("one",)),
        ("hundreds fled", "dozens fled", ("hundreds",)),
        ("hundreds fled", "hundreds fled", ()),
        ("several men", "two men", ()),
        ("flight MH370", "flight MH371", ("370",)),
        ("5.25 per cent", "5.250 per cent", ()),
        ("It fell.", "", ()),
    ],
)
def test_unsupported_digits(statement, evidence, missing):
    assert unsupported_digits(statement, evidence) == missing


@given(MANY)
def test_a_text_supports_itself(text):
    assert unsupported_digits(text, text) == ()


@given(MANY, MANY)
def test_more_evidence_never_refutes(text, more):
    assert unsupported_digits(text, text + "\n\n" + more) == ()
