"""A program that forgets to close its extractors ends in silence, with every connection closed."""

import os
import subprocess
import sys

import replies as r
from scripted import Scripted

FORGETFUL = """
import sys
from extractor import Article, Extractor, extract

text = sys.stdin.read()
assert extract(Article(text=text)).claims
forgotten = Extractor()
assert forgotten.extract(Article(text=text + " ")).claims
del forgotten
"""


def test_a_program_that_forgets_to_close_ends_in_silence():
    with Scripted(r.good) as server:
        environment = {
            "EXTRACTOR_MODEL": "gpt-test",
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": r.KEY,
            "PYTHONWARNINGS": "always::ResourceWarning",
        }
        ended = subprocess.run(
            [sys.executable, "-c", FORGETFUL],
            input=r.ARTICLE.text,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        assert len(server.requests) == 2
