"""The examples in the documentation run."""

import doctest

import pytest
from answering import answering

from extractor import api


def test_the_example_of_extract(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering() as server:
        monkeypatch.setenv("EXTRACTOR_MODEL", "sample-model")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        finder = doctest.DocTestFinder().find(api.extract, "extract", globs={})
        runner = doctest.DocTestRunner()
        for example in finder:
            runner.run(example)
        assert server.asked == []
    assert runner.tries > 0
    assert runner.failures == 0
