"""A sheet to label an article on: its sentences, numbered, and nothing that a model said."""

from pathlib import Path

from evals.dataset import read_article, sha256
from evals.reference import sentences

INSTRUCTION = (
    "Label by GUIDELINES.md. An evidence span is {start, end, text}: offsets count code points, "
    "end exclusive."
)


def worksheet(path: Path) -> str:
    """Markdown for the article at ``path``: id, hash, date, and each sentence with its offsets."""
    article = read_article(path)
    head = [
        f"# {article.id or path.stem}",
        "",
        INSTRUCTION,
        "",
        f"- sha256: {sha256(article.text)}",
        f"- published_at: {article.published_at or 'unknown'}",
        "",
    ]
    numbered = enumerate(sentences(article.text), start=1)
    lines = [f"{n}. [{s.start}:{s.end}] {s.text}" for n, s in numbered]
    return "\n".join([*head, *lines, ""])
