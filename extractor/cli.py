"""The ``extractor`` command. Nothing heavy is imported before a command runs: help is quick."""

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.exits import EPILOG, Exit, complain

if TYPE_CHECKING:
    from extractor.settings import Settings

app = typer.Typer(
    help="Checked, quotable claims out of news articles.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

MARKS = {True: "ok", False: "!!", None: "--"}
ModelName = Annotated[
    str | None,
    typer.Option(
        help="local, the path of a GGUF file, or a hosted model's name. Default: EXTRACTOR_MODEL, "
        "else local: then no text leaves this machine."
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option(help="An OpenAI-compatible server. Default: OPENAI_BASE_URL.")
]
PromptName = Annotated[
    str | None, typer.Option(help="A prompt's name. Default: by the kind of model.")
]
SecondPass = Annotated[
    bool | None,
    typer.Option(
        "--second-pass/--one-pass",
        help="Ask a hosted model again about sentences without a claim. Default: "
        "EXTRACTOR_SECOND_PASS, else one pass.",
        show_default=False,
    ),
]


@contextmanager
def _told() -> Generator[None]:
    """Turn what the user can mend, stops or no longer reads into one line and an exit code."""
    from extractor.errors import ArticleError, ExtractorError

    # Libraries' warnings are no lines of this command; a handler keeps them off standard error.
    logging.getLogger().addHandler(logging.NullHandler())

    try:
        yield
    except ExtractorError as error:
        complain(str(error))
        code = Exit.UNREADABLE if isinstance(error, ArticleError) else Exit.USAGE
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except BrokenPipeError:
        # What is still buffered must go somewhere when the interpreter flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.PIPE_CLOSED) from None
    except OSError as error:
        complain(f"the output cannot be written: {error.strerror}.")
        raise typer.Exit(Exit.USAGE) from None


def _settings(
    model: str | None,
    base_url: str | None,
    deadline: float | None = None,
    prompt: str | None = None,
    prices: Path | None = None,
    second_pass: bool | None = None,
) -> "Settings":
    from extractor.errors import ConfigError
    from extractor.settings import settings_from_env

    if base_url and not (model or os.environ.get("EXTRACTOR_MODEL")):
        raise ConfigError("--base-url alone does not send a text away: name the --model too.")
    return settings_from_env(
        model=model,
        base_url=base_url,
        deadline=deadline,
        prompt=prompt,
        prices=prices,
        second_pass=second_pass,
    )


@app.command(epilog=EPILOG)
def extract(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help=".txt, .json (an Article), .html; - is standard input."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one Extraction a line, and nothing else.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write them to this file, whole or not at all."),
    ] = None,
    published_at: Annotated[
        str | None,
        typer.Option(help="ISO date of publication, for all files: what 'Thursday' counts from."),
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    deadline: Annotated[
        float | None, typer.Option(help="Seconds for one article. Default: 600 local, 120 hosted.")
    ] = None,
    prompt: PromptName = None,
    second_pass: SecondPass = None,
) -> None:
    """Extract the claims of each FILE; one that cannot be read does not stop the others."""
    with _told():
        from extractor.batch import Batch, run
        from extractor.reading import published

        settings = _settings(model, base_url, deadline, prompt, second_pass=second_pass)
        code = run(Batch(tuple(files), published(published_at), as_json, out), settings)
    raise typer.Exit(code)


@app.command(epilog=EPILOG)
def backfill(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="A folder of .txt .html .json, a .jsonl or .parquet file, or -."
        ),
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A .jsonl or .parquet file, in input order.")
    ],
    concurrency: Annotated[int, typer.Option(help="Articles at once.")] = 16,
    workers: Annotated[
        int, typer.Option(help="Processes; one walks some 130 short articles a second.")
    ] = 1,
    via: Annotated[
        str,
        typer.Option(
            help="calls; or batch: the provider's batches, half price within a day; or ray: many "
            "machines, OUTPUT is a folder of Parquet parts (docs/scale.md)."
        ),
    ] = "calls",
    block: Annotated[
        int, typer.Option(help="With --via ray: articles in a part of the output, at most 1000.")
    ] = 500,
    rpm: Annotated[
        float | None, typer.Option(help="Requests a minute. Default: learned from the server.")
    ] = None,
    tpm: Annotated[float | None, typer.Option(help="Tokens a minute, likewise.")] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="US dollars: no new call once they are spent.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and send nothing.")
    ] = False,
    retry_dead: Annotated[
        bool, typer.Option("--retry-dead", help="Ask about dead letters again, and nothing else.")
    ] = False,
    prices: Annotated[
        Path | None, typer.Option(help="A price list (JSON). Default: the one that comes along.")
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    prompt: PromptName = None,
    second_pass: SecondPass = None,
) -> None:
    """Extract all of INPUT into OUTPUT. The same command again goes on where it ended."""
    with _told():
        from extractor.bulk.command import order, reckon
        from extractor.bulk.plan import Backfill

        settings = _settings(model, base_url, prompt=prompt, prices=prices, second_pass=second_pass)
        plan = Backfill(
            source, output, concurrency, rpm, tpm, max_cost, retry_dead, workers, via, block
        )
        code = (reckon if dry_run else order)(plan, settings)
    raise typer.Exit(code)


@app.command(epilog=EPILOG)
def verify(
    result: Annotated[str, typer.Argument(metavar="RESULT.json", help="What extract has written.")],
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="The article's file.")],
) -> None:
    """Check every offset, word and figure of a result against its article again, with no model."""
    with _told():
        from extractor.batch import verified

        code = verified(result, article)
    raise typer.Exit(code)


@app.command(epilog=EPILOG)
def doctor(
    model: ModelName = None,
    base_url: BaseUrl = None,
    load: Annotated[
        bool, typer.Option("--load", help="Load the embedded model too (seconds, 1.2 GB).")
    ] = False,
) -> None:
    """Say which model would be used, whether it answers, and what to do if not."""
    ready = True
    with _told():
        from extractor.doctor import examine

        for finding in examine(_settings(model, base_url), load):
            ready = ready and finding.ok is not False
            print(f"{MARKS[finding.ok]}  {finding.label:<9} {finding.text}", flush=True)
    raise typer.Exit(Exit.OK if ready else Exit.USAGE)
