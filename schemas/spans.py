"""Places in an article's text."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Base of every public record: immutable, closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Frozen):
    """Words of the article: ``article.text[start:end] == text``, in code points."""

    start: int = Field(ge=0)
    end: int
    text: str

    @model_validator(mode="after")
    def _length_matches(self) -> "Span":
        if self.end - self.start != len(self.text):
            raise ValueError("end - start must equal the length of text")
        return self
