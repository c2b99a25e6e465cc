"""The arithmetic of docs/scale.md: ``python -m evals.bench.scale`` prints its tables.

Every constant says where it is from: a command of this repository that measured it, or a public
page. What is cited are others' figures for others' settings; ``assumed`` marks what nobody
measured. A test holds that the page shows these tables.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from extractor.bulk.asker import Work
from extractor.bulk.plan import BLOCK, MOST_AT_ONCE
from extractor.prices import price_list
from extractor.settings import Settings
from schemas import Usage

MILLION = 1_000_000
COUNTS = (MILLION, 10 * MILLION, 100 * MILLION)
DAY = 86_400.0
SIZES = "measured: `python -m evals.bench.sizes`"
OPENAI_MODELS = "cited: platform.openai.com/docs/models/gpt-4o-mini, tier 5, seen November 2026"
MODELS = ("gpt-4.1-nano", "gpt-4o-mini", "gpt-4.1-mini", "gpt-4.1")
CAPPED = "gpt-4.1-mini"


@dataclass(frozen=True)
class Constant:
    """A figure, what it is of, and where it is from."""

    value: float
    what: str
    source: str


INPUT = Constant(2_826, "tokens in, an article (prompt, schema, 700 words)", SIZES)
OUTPUT = Constant(2_243, "tokens out, an article (all of its gold claims)", SIZES)
TEXT = Constant(4_169, "bytes of text, an article", SIZES)
REQUEST = Constant(11_234, "bytes of a request", SIZES)
ANSWER = Constant(7_500, "bytes of an answer", SIZES)
RESULT = Constant(51_397, "bytes of a result as JSON", SIZES)
ZLIB = Constant(8_582, "bytes of a result in the ledger", SIZES)
PARQUET = Constant(6_515, "bytes of a result in Parquet", SIZES)
CPU = Constant(0.051, "seconds of client CPU, an article", SIZES)
LEDGER = Constant(1_866, "results a second into one ledger", SIZES)
WRITER = Constant(896, "results a second into one Parquet file", SIZES)
DEALT = Constant(
    70,
    "blocks a second that Ray Data deals out (20,000 blocks, one idle actor, 2 cores)",
    "measured: docs/adr/0011-many-machines.md",
)
TPM = Constant(150e6, "tokens a minute, highest public tier", OPENAI_MODELS)
RPM = Constant(30_000, "requests a minute, highest public tier", OPENAI_MODELS)
QUEUE = Constant(15e9, "tokens waiting as batches, highest public tier", OPENAI_MODELS)
CEILING = Constant(
    200_000,
    "US dollars a month, highest public tier",
    "cited: developers.openai.com/api/docs/guides/rate-limits, tier 5, seen November 2026",
)
PACE = Constant(
    75,
    "tokens a second of one answer, gpt-4.1-mini",
    "cited: deploybase.ai/articles/openai-pricing, March 2026",
)
FILE_BYTES = Constant(190e6, "bytes of a batch file", "`extractor/bulk/patience.py`")
FILE_QUESTIONS = Constant(50_000, "questions of a batch file", "`extractor/bulk/patience.py`")
GPU = Constant(
    4_033,
    "tokens out a second: vLLM 0.30.0, Qwen3-8B FP8, one H100, 2,048 in, 2,048 out, 64 at once",
    "cited: github.com/tgarg01/silybench-data, derived/csv/perf_points.csv, run of 2026-09-24",
)
GPU_SHORT = Constant(
    15_264,
    "the same with 128 in, 1,024 out, 256 at once: the best case",
    "cited: the same file",
)
GRAMMAR = Constant(
    1.5,
    "times slower where a JSON schema is enforced: the worst case (40 to 60 % is reported for "
    "nested schemas, under 5 % by the makers of the fastest engine)",
    "cited: spheron.network/blog/structured-output-function-calling-inference-guide",
)
GPU_HOUR = Constant(
    3.0,
    "US dollars an H100-hour, middle of 2.50 to 3.50",
    "cited: mercatus-ai.com/blog/cloud-gpu-pricing, May 2026, specialty providers",
)
GPUS = Constant(64, "GPUs", "assumed")
CORES = Constant(16, "cores of one machine", "assumed")
CORE_HOUR = Constant(0.05, "US dollars a core-hour", "assumed")
OBJECTS = Constant(
    0.023,
    "US dollars a GB and month, object storage",
    "cited: aws.amazon.com/s3/pricing, as quoted by github.com/alphagov/asset-manager",
)
SHARED = Constant(
    0.30,
    "US dollars a GB and month, shared file system",
    "cited: sst.dev/docs/component/aws/efs, EFS in us-east-1",
)
Figure = Callable[[int], str]


def constants() -> Iterator[str]:
    """The constants as a table."""
    yield from _head("constant", "value", "from")
    for each in [value for value in globals().values() if isinstance(value, Constant)]:
        yield f"| {each.what} | {each.value:,.12g} | {each.source} |"


def money() -> Iterator[str]:
    """What the hosted models of the price list cost, by calls and by batches, and a GPU."""
    prices = price_list()
    yield from _head("US dollars", *map(_short, COUNTS))
    for name in MODELS:
        for way, share in (("calls", 1.0), ("batches", prices.batch_share)):
            yield _priced(f"{name}, {way}", prices.models[name].cost(usage()) * share)
    worst, best = GRAMMAR.value, GPU.value / GPU_SHORT.value
    for what, factor in (("", 1.0), (", worst case", worst), (", best case", best)):
        each = gpu_seconds(1) * factor / 3600 * GPU_HOUR.value
        yield _priced(f"vLLM, 8B, H100{what}", each)


def days() -> Iterator[str]:
    """How long it takes at least, by what limits it."""
    capped = price_list().models[CAPPED].cost(usage()) * price_list().batch_share
    seconds: tuple[tuple[str, float], ...] = (  # an article
        ("calls, by tokens a minute", tokens() / TPM.value * 60),
        ("calls, by requests a minute", 60 / RPM.value),
        ("batches, a full queue a day", INPUT.value / QUEUE.value * DAY),
        (f"{CAPPED} in batches, by dollars a month", capped / CEILING.value * 30 * DAY),
        (f"vLLM on {GPUS.value:.0f} H100", gpu_seconds(1) / GPUS.value),
        ("&nbsp;&nbsp;worst case", gpu_seconds(1) * GRAMMAR.value / GPUS.value),
        (f"client, {CORES.value:.0f} cores", CPU.value / CORES.value),
        ("one ledger and one Parquet file", 1 / LEDGER.value + 1 / WRITER.value),
        ("Ray's dealing out of blocks", 1 / DEALT.value / BLOCK),
    )
    yield from _head("days", *map(_short, COUNTS))
    for what, each in seconds:
        yield _line(what, lambda count, each=each: _days(count * each))


def volumes() -> Iterator[str]:
    """What has to be kept, moved and computed here."""
    kept = PARQUET.value / 1e9
    yield from _head("", *map(_short, COUNTS))
    rows: tuple[tuple[str, Figure], ...] = (
        ("texts, GB", lambda n: _rounded(n * TEXT.value / 1e9)),
        ("results in Parquet, GB", lambda n: _rounded(n * kept)),
        (
            "&nbsp;&nbsp;dollars a month, object storage",
            lambda n: _rounded(n * kept * OBJECTS.value),
        ),
        (
            "&nbsp;&nbsp;dollars a month, shared file system",
            lambda n: _rounded(n * kept * SHARED.value),
        ),
        ("results in one ledger, GB", lambda n: _rounded(n * ZLIB.value / 1e9)),
        (f"parts of {BLOCK} articles", lambda n: f"{n / BLOCK:,.0f}"),
        ("sent, GB", lambda n: _rounded(n * REQUEST.value / 1e9)),
        ("received, GB", lambda n: _rounded(n * ANSWER.value / 1e9)),
        ("batch files", lambda n: f"{n / questions_a_file():,.0f}"),
        ("client, core-hours", lambda n: f"{n * CPU.value / 3600:,.0f}"),
        ("&nbsp;&nbsp;dollars", lambda n: f"{n * CPU.value / 3600 * CORE_HOUR.value:,.0f}"),
        ("vLLM, H100-hours", lambda n: f"{gpu_seconds(n) / 3600:,.0f}"),
    )
    yield from (_line(what, figure) for what, figure in rows)


def fleet() -> Iterator[str]:
    """What runs at once where tokens a minute are the limit."""
    rate = TPM.value / 60 / tokens()
    under_way = rate * OUTPUT.value / PACE.value
    actors = int(-(-under_way // MOST_AT_ONCE))
    work = Work(Settings(), False, "", "", BLOCK, actors, MOST_AT_ONCE)
    yield from _head("calls at the highest public tier", "")
    yield f"| articles a second | {rate:,.0f} |"
    yield f"| calls under way | {under_way:,.0f} |"
    yield f"| cores for them | {rate * CPU.value:,.0f} |"
    yield f"| actors (`--workers`) with {MOST_AT_ONCE:,} calls each | {actors:,} |"
    yield f"| blocks under way in each | {work.blocks} |"
    yield f"| journals, GB at most | {actors * work.blocks * BLOCK * RESULT.value / 1e9:,.1f} |"
    yield f"| network, MB a second | {rate * (REQUEST.value + ANSWER.value) / 1e6:,.1f} |"


def usage() -> Usage:
    """The bill of one article."""
    return Usage(calls=1, input_tokens=int(INPUT.value), output_tokens=int(OUTPUT.value))


def tokens() -> float:
    """Of one article, in and out."""
    return INPUT.value + OUTPUT.value


def gpu_seconds(count: int) -> float:
    """Seconds of one GPU for so many articles; what goes in is part of the cited shape."""
    return count * OUTPUT.value / GPU.value


def questions_a_file() -> float:
    """How many fit in a batch file."""
    return min(FILE_QUESTIONS.value, FILE_BYTES.value / REQUEST.value)


def _head(*names: str) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"


def _line(what: str, figure: Figure) -> str:
    return f"| {what} | {' | '.join(figure(count) for count in COUNTS)} |"


def _priced(what: str, each: float) -> str:
    return _line(what, lambda count: f"{count * each:,.0f}")


def _short(count: int) -> str:
    return f"{count // MILLION} million"


def _days(seconds: float) -> str:
    return f"{seconds / DAY:,.2f}" if seconds < 10 * DAY else f"{seconds / DAY:,.0f}"


def _rounded(figure: float) -> str:
    return f"{figure:,.1f}" if figure < 10 else f"{figure:,.0f}"


TABLES = (constants, money, days, volumes, fleet)

if __name__ == "__main__":
    for table in TABLES:
        print("\n".join(table()), end="\n\n")
