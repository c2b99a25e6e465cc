"""What the ``backfill`` command says: the accounts, the bill, and what to do next."""

from collections.abc import Iterator

from extractor.bulk.estimate import Estimate
from extractor.bulk.plan import RAY, Backfill, Report
from extractor.bulk.run import estimated, run
from extractor.bulk.stop import Stop
from extractor.bulk.watch import duration
from extractor.doctor import host
from extractor.exits import Exit, complain
from extractor.prices import PRICES, price_list, price_of
from extractor.settings import Settings
from extractor.table import counted

AGAIN = "Run the same command again to go on; nothing is paid for twice."


def order(plan: Backfill, settings: Settings) -> Exit:
    """Run the backfill and print its accounts.

    Raises:
        ConfigError: settings, source, output or ledger must be mended first.
    """
    if settings.base_url:
        complain(f"the texts are sent to {host(settings.base_url)} ({settings.model})")
    report = run(plan, settings, Stop())
    print("\n".join(_told(plan, report)))
    if report.error:
        raise report.error
    if report.interrupted:
        return Exit.INTERRUPTED
    return Exit.INCOMPLETE if report.accounts.dead or report.accounts.skipped else Exit.OK


def _told(plan: Backfill, report: Report) -> Iterator[str]:
    accounts, tally = report.accounts, report.tally
    yield (
        f"{counted(accounts.inputs, 'input')} = {counted(accounts.results, 'result')} + "
        f"{counted(accounts.dead, 'dead letter')} + {accounts.skipped:,} skipped"
    )
    cost = f"${tally.cost:,.4f}" + (" or more" if tally.unpriced else "")
    yield (
        f"this run: {counted(tally.calls, 'call')}, {tally.input_tokens:,} tokens in, "
        f"{tally.output_tokens:,} out, {cost}, {duration(tally.seconds)}"
    )
    if report.stopped:
        yield f"stopped early: {report.stopped}. {AGAIN}"
    if not report.is_written and plan.via != RAY:
        yield f"{plan.output} was not written; the results are in {plan.ledger.name}."
        return
    yield f"results: {plan.output}"
    if accounts.dead:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.reasons.items())
        yield f"dead letters: {plan.dead_letters} ({reasons}); --retry-dead asks about them again"


def reckon(plan: Backfill, settings: Settings) -> Exit:
    """Print what the backfill would take. Nothing is sent.

    Raises:
        ConfigError: settings, source, output or ledger must be mended first.
    """
    for line in _reckoned(plan, estimated(plan, settings), settings):
        print(line)
    return Exit.OK


def _reckoned(plan: Backfill, found: Estimate, settings: Settings) -> Iterator[str]:
    accounts, usage = found.accounts, found.usage
    price = price_of(settings, by_batch=plan.via == "batch")
    yield (
        f"{counted(accounts.inputs, 'input')}: {accounts.results:,} done, {accounts.dead:,} dead "
        f"letters, {accounts.skipped:,} to do ({counted(found.texts, 'different text')})"
    )
    yield (
        f"about {counted(usage.calls, 'call')}, {usage.input_tokens:,} tokens in, "
        f"{usage.output_tokens:,} out (reckoned from {found.basis})"
    )
    if price is None:
        yield f"cost unknown: {settings.model} is on no price list; name one with --prices"
    elif settings.is_embedded:
        yield "cost: nothing, the model is on this machine"
    else:
        prices = price_list(settings.prices or PRICES)
        yield f"cost: about ${price.cost(usage):,.4f} at the prices of {prices.as_of}"
