"""What the embedded model's settings cost: ``python -m evals.bench.speed [SETTING…]``.

One seed article through the model, once for each setting, each in a process of its own. The
processor's seconds are those of the whole process while the article is walked, all threads added
up, so that a busy machine disturbs them less than the seconds on the clock. A setting that changes
the claims is named.
"""

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evals.bench.ladder import changed
from evals.bench.levers import Change, Real, being, giving
from evals.run import PATIENCE
from extractor import Article, Extraction, Extractor

SEED = Path(__file__).parents[2] / "seeds" / "independent-mosul.txt"
Params = Any  # the runtime ships no types


def tuned(real: Real, **values: object) -> Real:
    """The server's parameters with some of them set; a dot leads into a part of them."""

    def params() -> Params:
        made = real()
        for name, value in values.items():
            *parts, last = name.split("__")
            target = made
            for part in parts:
                target = getattr(target, part)
            setattr(target, last, value)
        return made

    return params


def with_params(**values: object) -> Mapping[str, Change]:
    """Parameters of the server that this project leaves as they are by default."""
    return {"xllamacpp.CommonParams": partial(tuned, **values)}


def settings() -> Mapping[str, Mapping[str, Change]]:
    """Each setting by its name. The runtime is loaded late."""
    import xllamacpp  # pyright: ignore[reportMissingTypeStubs]

    runtime: Any = xllamacpp
    q8 = runtime.ggml_type.GGML_TYPE_Q8_0
    flash = runtime.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    ngram = [runtime.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
    return {
        "as it stands": {},
        "1 slot": {"extractor.local.SLOTS": being(1), "extractor.priming.SLOTS": being(1)},
        "2 slots": {"extractor.local.SLOTS": being(2), "extractor.priming.SLOTS": being(2)},
        "1 thread": {"extractor.local.threads": giving(1)},
        "keys and values in 8 bits": with_params(
            cache_type_k=q8, cache_type_v=q8, flash_attn_type=flash
        ),
        "n-gram speculation": with_params(
            speculative__types=ngram,
            speculative__ngram_simple__size_n=2,
            speculative__ngram_simple__size_m=8,
        ),
    }


def main(wanted: Sequence[str]) -> None:
    """Run each setting in a new process, since a server lives as long as its process."""
    for name in wanted or settings():
        subprocess.run([sys.executable, "-m", __spec__.name, "--here", name], check=True)  # noqa: S603


def measured(name: str) -> None:
    """Walk the article under one setting in this process, and print its row."""
    with tempfile.TemporaryDirectory() as folder:
        states = giving(Path(folder))  # a state read under another setting would be nonsense
        own = {"extractor.local.state_folder": states, "extractor.priming.state_folder": states}
        with changed({**own, **settings()[name]}), Extractor(deadline=PATIENCE) as extractor:
            extractor.extract(Article(text="A test\n\nThe pump works."))  # loads the model
            clock, processor = time.monotonic(), time.process_time()
            extraction = extractor.extract(Article(text=SEED.read_bytes().decode()))
            clock, processor = time.monotonic() - clock, time.process_time() - processor
    usage = extraction.usage
    print(
        f"{name:28}{usage.calls:4} calls {usage.output_tokens:5} tokens {clock:6.0f} s "
        f"{processor:6.0f} s of processor, claims {_digest(extraction)}",
        flush=True,
    )


def _digest(extraction: Extraction) -> str:
    """Equal for equal claims."""
    return hashlib.sha256(" ".join(c.id for c in extraction.claims).encode()).hexdigest()[:8]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        measured(sys.argv[2])
    else:
        main(sys.argv[1:])
