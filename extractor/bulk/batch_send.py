"""A part on its way to the provider, from whatever point an earlier run was cut off at.

A batch is made only by who knows that there is none: whoever does not know looks for it first.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from extractor.batch_wire import Batch, Provider
from extractor.bulk.batch_parts import Part, Parts, State
from extractor.bulk.batch_walk import line
from extractor.bulk.patience import Terms, insist, pause
from extractor.bulk.stop import Stop
from extractor.errors import ConfigError
from extractor.faults import FaultError

STALE = 7 * 86_400.0  # seconds; a file is kept there for 30 days


@dataclass(frozen=True)
class Sender:
    """Sends parts. Their files are written in ``folder`` and are gone when this process is."""

    provider: Provider
    parts: Parts
    folder: Path
    terms: Terms
    stop: Stop

    async def find(self, part: Part) -> Part:
        """A part whose batch was perhaps made: with its batch, or known to have none."""
        if batch := await self._found(part):
            return self.parts.reached(part, State.SUBMITTED, batch=batch.id)
        return self.parts.reached(part, State.UPLOADED)

    async def send(self, part: Part, is_new: bool) -> Part:
        """Upload the part's file and have its batch made.

        ``is_new``: no run before has uploaded it. Any other is looked for first.

        Raises:
            FaultError: the provider does not take it; it has no batch.
        """
        if part.state is State.INTENDED:
            part = self.parts.reached(part, State.UPLOADED, file=await self._upload(part, is_new))
        part = self.parts.reached(part, State.CREATING)
        try:
            batch = await self._create(part)
        except FaultError as failed:
            if not failed.fault.retry:
                self.parts.reached(part, State.UPLOADED)
            raise
        return self.parts.reached(part, State.SUBMITTED, batch=batch.id)

    def is_stale(self, part: Part) -> bool:
        """Whether its uploaded file is too old to be relied on."""
        return time.time() - part.made_at > STALE

    async def _upload(self, part: Part, is_new: bool) -> str:
        may_be_there = not is_new

        with temporary(self.folder) as file:

            async def step() -> str:
                nonlocal may_be_there
                if may_be_there and (found := await self.provider.file_named(part.name)):
                    return found
                may_be_there = True
                if not file.tell():
                    file.writelines(line(key, body) for key, body in self.parts.lines(part))
                return await self.provider.upload(file, part.name)

            return await insist(step, self.terms, self.stop)

    async def _create(self, part: Part) -> Batch:
        may_be_there = False

        async def step() -> Batch:
            nonlocal may_be_there
            if may_be_there and (found := await self._found(part)):
                return found
            may_be_there = True
            return await self.provider.create(part.file or "", part.token)

        return await insist(step, self.terms, self.stop)

    async def _found(self, part: Part) -> Batch | None:
        """Its batch. What was made just now may not be listed yet: none is found only twice."""

        async def step() -> Batch | None:
            return await self.provider.batch_of(part.file or "", part.token)

        for is_last in (False, True):
            if found := await insist(step, self.terms, self.stop):
                return found
            if not is_last:
                await pause(self.terms.second_look, self.stop)
        return None


def temporary(folder: Path) -> BinaryIO:
    """A file without a name in ``folder``, where there is room for the ledger too."""
    try:
        return cast("BinaryIO", TemporaryFile(dir=folder))
    except OSError as error:
        raise ConfigError(f"No file can be made beside the output ({error.strerror}).") from None
