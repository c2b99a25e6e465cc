import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from extractor.errors import ArticleError, ConfigError
from extractor.reading import BYTE_LIMIT, read_article

# All texts here are invented.
PARAGRAPH = (
    "<p>" + "The old bridge at Samplestadt reopened after two years, the city said. " * 4 + "</p>"
)
HEAD = """<title>Bridge reopens - The Sample Post</title>
<meta property="og:title" content="Bridge reopens">
<meta property="og:site_name" content="The Sample Post">
<meta name="author" content="Ann Writer">
<link rel="canonical" href="https://example.org/news/bridge">
"""
PUBLISHED = '<meta property="article:published_time" content="2021-03-04T10:20:00+02:00">'


def page(head: str = HEAD + PUBLISHED, body: str = PARAGRAPH) -> str:
    return f"<!doctype html><html><head>{head}</head><body><article>{body}</article></body></html>"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"One.\r\nTwo.\rThree.\n\n", "One.\r\nTwo.\rThree.\n\n"),
        (b"\xef\xbb\xbfOne.", "One."),
        ("Ön “é”.".encode("utf-16"), "Ön “é”."),
        ("\ufeffÖn.".encode("utf-16-be"), "Ön."),
        (b"{{7*7}} and {% raw %}", "{{7*7}} and {% raw %}"),
    ],
)
def test_a_text_file_is_the_whole_decoded_file(tmp_path, data, text):
    path = tmp_path / "news.txt"
    path.write_bytes(data)
    article = read_article(path)
    assert article.text == text
    assert article.id == "news.txt"


BAD = {
    "empty": (b"", "no text"),
    "blank": (b" \n\t\r\n ", "no text"),
    "too_large": (b"x" * (BYTE_LIMIT + 1), "larger than 10 MB"),
    "ten_megabytes": (b"word " * (BYTE_LIMIT // 5), "characters"),
    "one_line": (b"x" * 1_000_000, "1,000,000 characters"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
    "nul": (b"Some text.\0", "control character"),
    "invalid_utf8": ("Caf\xe9 closes.".encode("latin-1"), "save it as UTF-8"),
    "odd_utf16": (b"\xff\xfea", "save it as UTF-8"),
}


@pytest.mark.parametrize(("data", "told"), BAD.values(), ids=BAD)
def test_what_is_no_text_is_refused_with_advice(tmp_path, data, told):
    path = tmp_path / "news.txt"
    path.write_bytes(data)
    with pytest.raises(ArticleError, match=told):
        read_article(path)


@pytest.mark.parametrize("name", ["absent.txt", ".", "a\0b"])
def test_what_cannot_be_opened_is_refused(tmp_path, name):
    with pytest.raises(ArticleError, match="cannot be opened"):
        read_article(f"{tmp_path}/{name}")


def test_only_boilerplate_is_an_article_without_sentences_to_ask_about():
    from extractor.segment import segment

    article = read_article(b"Thank you for registering\n\nPlease refresh the page\n")
    assert not [s for s in segment(article.text).sentences if s.can_claim]


def test_a_json_article_keeps_its_own_fields(tmp_path):
    path = tmp_path / "news.json"
    given = {"text": "One.\n", "id": "n1", "title": "T", "published_at": "2020-01-02T03:04:05Z"}
    path.write_text(json.dumps(given))
    article = read_article(path)
    assert (article.id, article.title, article.text) == ("n1", "T", "One.\n")
    assert article.published_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('{"text": 3}', "text: "),
        ('{"title": "T"}', "text: Field required"),
        ('{"text": "One.", "headline": "secret"}', "headline: "),
        ('{"text": "One.", "published_at": "soon"}', "published_at: "),
        ('{"text": "One', "Invalid JSON"),
        (r'{"text": "\ud800"}', "Invalid JSON"),
        ('{"a":' * 100_000, "Invalid JSON"),
        ("[]", "the file: "),
    ],
)
def test_a_json_that_is_no_article_names_the_field_and_quotes_nothing(value, told):
    with pytest.raises(ArticleError, match=told) as caught:
        read_article(value.encode(), name="news.json")
    assert "secret" not in str(caught.value)


def test_a_page_gives_text_title_date_author_and_site(tmp_path):
    path = tmp_path / "bridge.html"
    path.write_text(page())
    article = read_article(path)
    assert article.text.startswith("The old bridge at Samplestadt reopened")
    assert article.title == "Bridge reopens"
    assert article.source == "The Sample Post"
    assert article.author == "Ann Writer"
    assert article.url == "https://example.org/news/bridge"
    zone = timezone(timedelta(hours=2))
    assert article.published_at == datetime(2021, 3, 4, 10, 20, tzinfo=zone)


@pytest.mark.parametrize(
    "mark",
    [
        '<meta name="pubdate" content="2021-03-04">',
        '<meta name="DC.date.issued" content="2021-03-04">',
        '<meta itemprop="datePublished" content="2021-03-04">',
        '<script type="application/ld+json">'
        '{"dateModified":"2022-01-01","datePublished":"2021-03-04"}</script>',
        '<time itemprop="datePublished" datetime="2021-03-04">Today</time>',
    ],
)
def test_a_page_is_dated_by_what_it_calls_its_publication(mark):
    assert read_article(page(mark).encode()).published_at == datetime(2021, 3, 4)  # noqa: DTZ001


@pytest.mark.parametrize(
    "mark",
    [
        '<meta property="article:modified_time" content="2022-01-01">',
        '<meta property="og:updated_time" content="2022-01-01">',
        "<title>Recall of 2018-05-05</title>",
        '<meta name="description" content="On 2019-05-06 it was closed">',
        '<meta name="pubdate" content="yesterday">',
    ],
)
def test_a_page_is_not_dated_by_other_dates(mark):
    body = "<p>Begun on 2019-05-06 and 4 March 2018.</p>" + PARAGRAPH + "<footer>© 2024</footer>"
    assert read_article(page(mark, body).encode()).published_at is None


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "nonsense", "hex"])
def test_a_page_in_an_old_encoding_keeps_its_quotation_marks(label):
    body = PARAGRAPH + "<p>The mayor called it “the best day of the year” for the whole town.</p>"
    data = page(f'<meta charset="{label}">', body).encode("windows-1252")
    assert "“the best day of the year”" in read_article(data).text


@pytest.mark.parametrize(
    "data",
    [
        b"<html></html>",
        b"",
        ("<html><body>" + "<div>" * 100_000).encode(),
        page().encode() + b"\0",
        ("<html><body>" + "<" * 2_000_000).encode(),
        ("<html><body>" + PARAGRAPH * 5_000).encode(),
    ],
    ids=["empty", "nothing", "deep", "nul", "brackets", "long"],
)
def test_a_page_without_an_article_is_refused(data):
    with pytest.raises(ArticleError):
        read_article(data, name="page.html")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'  {"text": "One."}', "One."),
        (b"One.", "One."),
        (b"<3 is not a page", "<3 is not a page"),
        ('{"text": "One."}'.encode("utf-16"), "One."),
    ],
)
def test_without_a_name_the_format_is_told_by_the_first_characters(data, text):
    assert read_article(data).text == text


def test_a_page_without_a_name_is_told_by_its_first_tag():
    assert read_article(page().encode()).title == "Bridge reopens"


def test_the_given_date_wins():
    given = b'{"text": "One.", "published_at": "2020-01-02"}'
    assert read_article(given, published_at="2016-11-03").published_at == datetime(2016, 11, 3)  # noqa: DTZ001
    with pytest.raises(ConfigError, match="ISO date"):
        read_article(given, published_at="soon")
