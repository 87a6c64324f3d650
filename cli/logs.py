"""One format for all that is logged, ours and the libraries': lines for people, or JSON for machines."""

import logging
import os
import sys
from typing import IO, Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import Processor, WrappedLogger

from is0k.cli.printing import silence
from is0k.cli.redaction import redacted
from is0k.settings import Settings

# uvicorn says so of every WebSocket that is answered with a refusal of HTTP, as ours are: a flood would fill the log.
DENIED = "ASGI callable returned without completing handshake."
LIBRARIES = ("uvicorn", "arq", "tortoise", "aiosqlite", "asyncio")


def configure(settings: Settings, process: str) -> None:
    """`process` is who logs: several share one terminal."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda logger, method, event: {**event, "process": process},
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = Handler(sys.stderr)
    handler.setLevel(settings.log_level.upper())
    handler.addFilter(lambda record: record.msg != DENIED)
    handler.setFormatter(ProcessorFormatter(processors=_rendering(settings.log_format), foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # What libraries tell in passing is for debugging; their warnings are for everybody.
    for library in LIBRARIES:
        logging.getLogger(library).setLevel("INFO" if settings.log_level == "debug" else "WARNING")


def _rendering(log_format: str) -> list[Processor]:
    colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    # Plain tracebacks: the pretty ones print local variables, and with them secrets.
    console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
    renderer: Processor = structlog.processors.JSONRenderer() if log_format == "json" else console
    return [ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, renderer, redact]


def redact(logger: WrappedLogger, method: str, line: Any) -> Any:
    """The last step, on the finished text, so that nothing has a way around it, tracebacks included."""
    return redacted(line)


class Handler(logging.StreamHandler[IO[str]]):
    def handleError(self, record: logging.LogRecord) -> None:
        """A reader that went away (`is0k up 2>&1 | head`) is no reason to stop; whoever is left reads nothing."""
        if isinstance(sys.exc_info()[1], BrokenPipeError):
            silence(self.stream)
        else:
            super().handleError(record)
