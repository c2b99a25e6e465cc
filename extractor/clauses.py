"""From a small model's pointers (subject, verb) to whole clauses in the words of the article."""

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.edges import Bounds
from extractor.grounding import occurrences
from extractor.rules.attribution import Passage
from extractor.syntax import Parsed, parse
from schemas import ClauseDraft, Source


@dataclass(frozen=True)
class Clause:
    """Offsets of a clause's parts in the article.

    ``lead`` is where its passage begins if this is the first clause there. ``pointed`` says
    whether the model chose it; the others stand by their form.
    """

    passage: Passage
    subject: Bounds
    adverbs: int
    verb: Bounds
    object: Bounds
    lead: int
    pointed: bool

    @property
    def sources(self) -> tuple[Source, ...]:
        """The passage's tellers; in a speech act, of the clause with its verb alone."""
        act = self.passage.act
        own = act is None or self.verb[0] <= act < max(self.verb[1], self.object[1])
        return self.passage.sources if own else ()

    @property
    def core(self) -> tuple[Bounds, ...]:
        """The stretches that make its statement, in order; one where they touch."""
        left, right = self.subject, (self.adverbs, max(self.verb[1], self.object[1]))
        return ((left[0], right[1]),) if left[1] <= right[0] <= left[1] + 1 else (left, right)


@dataclass(frozen=True)
class Unplaced:
    """A draft that is no clause of its passages, and why."""

    draft: ClauseDraft
    reason: str


def place(
    text: str, passages: Sequence[Passage], drafts: Sequence[ClauseDraft]
) -> tuple[tuple[Clause, ...], tuple[Unplaced, ...]]:
    """The clauses of ``passages``: those that assert by their form, and those pointed at.

    A draft counts as pointing at a clause if its verb, found in the passage word for word, holds
    the clause's main verb. The subject and the extent of the clause come from the parse, because
    small models cut them short.
    """
    parsed = [(p, c) for p in passages for c in parse(text[p.start : p.end])]
    pointed: set[int] = set()
    missed: list[Unplaced] = []
    for draft in drafts:
        match = _pointed_at(text, parsed, draft, pointed)
        if match is None:
            missed.append(Unplaced(draft, "points at no verb with a subject"))
        else:
            pointed.add(match)
    found = [
        _clause(passage, clause, parsed, i in pointed)
        for i, (passage, clause) in enumerate(parsed)
        if i in pointed or clause.stands
    ]
    return tuple(found), tuple(missed)


def _pointed_at(
    text: str, parsed: Sequence[tuple[Passage, Parsed]], draft: ClauseDraft, taken: set[int]
) -> int | None:
    for i, (passage, clause) in enumerate(parsed):
        if i in taken:
            continue
        words = text[passage.start : passage.end]
        for start, end in occurrences(words, draft.verb):
            if start <= clause.head[0] and clause.head[1] <= end:
                return i
    return None


def _clause(
    passage: Passage, clause: Parsed, parsed: Sequence[tuple[Passage, Parsed]], pointed: bool
) -> Clause:
    def shifted(bounds: Bounds) -> Bounds:
        return bounds[0] + passage.start, bounds[1] + passage.start

    first = min(c.subject[0] for p, c in parsed if p == passage)
    subject = shifted(clause.subject)
    lead = passage.start if clause.subject[0] == first else subject[0]
    return Clause(
        passage,
        subject,
        clause.adverbs + passage.start,
        shifted(clause.verb),
        shifted(clause.object),
        lead,
        pointed,
    )
