"""All looks, one after the other."""

from is0k.cli.checkup.findings import Finding, Level, Look, Surroundings
from is0k.cli.checkup.machine import allowed_networks, data_folder, name_servers, open_files, pings
from is0k.cli.checkup.services import canaries, database, redis

# In the order they are told.
LOOKS: tuple[Look, ...] = (pings, open_files, data_folder, name_servers, allowed_networks, canaries, database, redis)


async def examine(here: Surroundings, looks: tuple[Look, ...] = LOOKS) -> list[Finding]:
    return [finding for look in looks for finding in await _findings(look, here)]


async def _findings(look: Look, here: Surroundings) -> list[Finding]:
    try:
        return await look(here)
    except Exception as error:
        # Whatever it is, it is an answer: the other looks go on.
        name = look.__name__.replace("_", " ")
        return [Finding(name, Level.FAULT, f"This could not be looked at: {type(error).__name__}: {error}.")]
