"""What the prompt shows is invented, and a model that repeats it brings nothing in."""

import json
import re
from itertools import chain, pairwise

import pytest
import replies as r
from harness import play

from evals.dataset import load_cases
from evals.words import words
from extractor.ask.claims import judge, prefix
from extractor.segment import segment
from extractor.window import Window
from prompts import CLAIMS, load_prompt
from schemas import Article, ClaimDraft

EXAMPLES = load_prompt(CLAIMS).examples()
SHOWN = [claim for example in EXAMPLES for claim in example["claims"]]
LINE = re.compile(r"\[(\d+)\] \((\w+)\) (.+)")
NUMBERED = r"^\[(\d+)\]"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [case.article for case in load_cases() if not case.id.endswith("-dated")]


def parroted(article: Article, numbers: list[int]) -> list[dict]:
    """The examples' answers, as they stand and about every sentence of the article."""
    return [*SHOWN, *({**claim, "s": numbers} for claim in SHOWN)]


def test_a_model_that_repeats_the_examples_brings_no_claim(articles):
    assert len(articles) == 10
    for article in articles:
        document = segment(article.text, article.language)
        window = Window(tuple(s for s in document.sentences if s.can_claim))
        items = parroted(article, [s.number for s in window.sentences])
        result = judge(document, window, items)
        assert result.candidates == ()
        assert len(result.rejected) == len(items)


def test_neither_does_one_behind_a_server():
    def parrot(request):
        numbers = [int(n) for n in re.findall(NUMBERED, request.user, re.MULTILINE)]
        return r.completion(json.dumps({"claims": parroted(r.ARTICLE, numbers)}))

    result = play(parrot).result
    assert (result.status, result.claims, len(result.rejected)) == ("ok", (), 2 * len(SHOWN))


def names_and_figures() -> set[str]:
    """Words with a capital that open no sentence, and figures of three digits or more."""
    texts = [LINE.fullmatch(line)[3] for e in EXAMPLES for line in e["sentences"]]
    inner = chain.from_iterable(re.findall(r"[A-Z][a-z]{3,}", text)[1:] for text in texts)
    figures = chain.from_iterable(re.findall(r"\d{3,}", text) for text in texts)
    common = {"Saturday", "Tuesday", "June", "Radio", "Engineer", "Photo", "According"}
    return {*inner, *figures} - common


def test_no_name_or_figure_of_the_examples_stands_in_an_article(articles):
    shown = names_and_figures()
    assert {"Wissentobel", "Vosskamp", "Okavale", "470", "1971", "Kurvinen"} <= shown
    for article in articles:
        assert shown.isdisjoint(re.findall(r"[^\W\d_]+|\d+", article.text)), article.id


def test_the_examples_and_the_articles_share_no_run_of_words(articles):
    """Shorter runs than `evals check` looks for, and over the whole articles."""
    (system,) = prefix(load_prompt(CLAIMS))
    said = words(system["content"])
    runs = {said[n : n + 5] for n in range(len(said) - 4)}
    for article in articles:
        every = words(article.text)
        assert runs.isdisjoint(every[n : n + 5] for n in range(len(every) - 4)), article.id


@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, 1 + len(EXAMPLES)))
def test_the_examples_are_right_by_the_checks_of_this_project(example):
    lines = [LINE.fullmatch(line) for line in example["sentences"]]
    text = "\n\n".join(line[3] for line in lines)
    document = segment(text)
    renumbered = {int(line[1]): document.sentences[i].number for i, line in enumerate(lines)}
    window = Window(document.sentences)
    assert len(document.sentences) == len(lines)
    items = [{**c, "s": [renumbered[n] for n in c["s"]]} for c in example["claims"]]
    result = judge(document, window, items)
    assert result.rejected == ()
    for claim, found in zip(items, result.candidates, strict=True):
        tellers = [(s.name, s.cue) for s in found.sources]
        assert tellers == [tuple(teller.split(" | ")) for teller in claim["by"]]
        assert found.sentences[0].number == claim["s"][0]


def test_the_examples_show_what_is_hard():
    drafts = [ClaimDraft.model_validate(claim) for claim in SHOWN]
    assert any(len(draft.tellers) == 2 for draft in drafts)
    assert any("not" in draft.parts[1] for draft in drafts)
    assert any("[" in draft.parts[0] for draft in drafts)
    assert any(draft.parts[0].startswith("Between") for draft in drafts)
    couples = [(a, b) for a, b in pairwise(drafts) if a.sentences == b.sentences]
    assert any(a.parts[0] == b.parts[0] for a, b in couples)


def test_the_answer_is_shown_as_short_as_it_should_be():
    (system,) = prefix(load_prompt(CLAIMS))
    answers = re.findall(r"^\{.*\}$", system["content"], re.MULTILINE)
    assert len(answers) == len(EXAMPLES)
    for answer in answers:
        compact = json.dumps(json.loads(answer), ensure_ascii=False, separators=(",", ":"))
        assert answer == compact
