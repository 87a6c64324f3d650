"""The public tools, none of them ours: how each is run, and when it is content."""

import json
import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from is0k.tests.conformance.server import Subject
from is0k.tests.conformance.workshop import FOLDER, HERE, LOGS, NODE, ROOT, Missing, node, python, version

DOCUMENT = FOLDER / "openapi.json"
# What graphql-cop finds with a key, and we mean. All else it calls HIGH or MEDIUM fails, and without a key this too.
COP_WAIVERS = {
    "Introspection": "who holds a key may read the schema: GraphiQL, code generators and its docs live on it",
}


@dataclass(frozen=True)
class Finding:
    passed: bool
    summary: str


@dataclass(frozen=True)
class Tool:
    name: str
    version: Callable[[], str]
    command: Callable[[Subject, int], Sequence[str]]  # the number is that of examples an operation
    judge: Callable[[int, str], Finding]  # exit code and output
    needs_document: bool = False
    folder: Path = LOGS  # where it is run


def by_exit_code(pattern: str) -> Callable[[int, str], Finding]:
    """The last line of the output that `pattern` finds is the summary."""

    def judge(code: int, output: str) -> Finding:
        lines = [line.strip(" =\n") for line in output.splitlines() if re.search(pattern, line)]
        return Finding(code == 0, lines[-1] if lines else f"exit code {code}")

    return judge


def schemathesis_finding(code: int, output: str) -> Finding:
    """How many cases there were, and each kind of failure with its number."""
    cases = re.findall(r"^ +(\d+ generated.*)$", output, re.MULTILINE)
    kinds = re.findall(r"^  (?:❌|🚫) (.+: \d+)$", output, re.MULTILINE)
    return Finding(code == 0, "; ".join([*cases[-1:], *kinds]) or f"exit code {code}")


def redocly_finding(code: int, output: str) -> Finding:
    """It exits with 0 on warnings. Before its JSON it may tell of new versions, after it how long it took."""
    totals = json.JSONDecoder().raw_decode(output, output.index("{\n"))[0]["totals"]
    return Finding(code == 0 and totals["warnings"] == 0, f"{totals['errors']} errors, {totals['warnings']} warnings")


def cop_finding(waivers: Collection[str] = ()) -> Callable[[int, str], Finding]:
    """It exits with 0 whatever it finds. Before its JSON it may say that it does not take this for GraphQL."""

    def judge(code: int, output: str) -> Finding:
        found = [item for item in json.loads(output[output.index("[{") :]) if item["result"]]
        grave = {item["title"] for item in found if item["severity"] in ("HIGH", "MEDIUM")}
        unwaived = sorted(grave - set(waivers))
        words = unwaived or ["0 HIGH, 0 MEDIUM"]
        words += [f"{title} (waived)" for title in sorted(grave & set(waivers))]
        return Finding(code == 0 and not unwaived, ", ".join([*words, f"{len(found) - len(grave)} low or info"]))

    return judge


def _cop() -> Path:
    given = os.environ.get("GRAPHQL_COP")
    if not given:
        raise Missing("it is on no package registry; give a checkout: GRAPHQL_COP=/path/to/graphql-cop")
    return Path(given) / "graphql-cop.py"


def _cop_version() -> str:
    found = re.search(r"VERSION = '(.+)'", (_cop().parent / "version.py").read_text())
    return found[1] if found else "unknown"


def _cop_command(subject: Subject, *headers: str) -> Sequence[str]:
    return [python("python"), str(_cop()), "-f", "-o", "json", "-t", subject.graphql, *headers]


def _schemathesis(location: str, subject: Subject, examples: int, *options: str) -> Sequence[str]:
    given = ["--header", f"Authorization: {subject.bearer}", "--max-examples", str(examples), "--seed", "1"]
    return [
        python("schemathesis"),
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        location,
        *given,
        "--no-color",
        *options,
    ]


def _schemathesis_rest(subject: Subject, examples: int) -> Sequence[str]:
    phases = "examples,coverage,fuzzing,stateful"
    return _schemathesis(subject.document, subject, examples, "-c", "all", "--phases", phases)


def _schemathesis_graphql(subject: Subject, examples: int) -> Sequence[str]:
    return _schemathesis(subject.graphql, subject, examples, "-c", "not_a_server_error")


def _spectral(subject: Subject, examples: int) -> Sequence[str]:
    return [node("spectral"), "lint", "--fail-severity", "hint", "-r", str(HERE / "spectral.yaml"), str(DOCUMENT)]


def _redocly(subject: Subject, examples: int) -> Sequence[str]:
    return [node("redocly"), "lint", "--format", "json", "--config", str(HERE / "redocly.yaml"), str(DOCUMENT)]


def _audit(subject: Subject, examples: int) -> Sequence[str]:
    node("")  # the packages it imports
    return ["node", str(HERE / "graphql_http_audit.mjs"), subject.graphql, subject.key]


def _linter(subject: Subject, examples: int) -> Sequence[str]:
    schema = ROOT / "schema" / "schema.graphql"
    return [node("graphql-schema-linter"), "--config-directory", str(HERE), str(schema)]


def _cop_with_key(subject: Subject, examples: int) -> Sequence[str]:
    return _cop_command(subject, "-H", json.dumps({"Authorization": subject.bearer}))


TOOLS = [
    Tool(
        "graphql-schema-linter",
        lambda: version("graphql-schema-linter"),
        _linter,
        by_exit_code(r"\d+ errors? detected"),
    ),
    Tool(
        "openapi-spec-validator",
        lambda: version("openapi-spec-validator"),
        lambda subject, examples: [python("openapi-spec-validator"), str(DOCUMENT)],
        by_exit_code(r"\S"),
        needs_document=True,
    ),
    Tool("spectral", lambda: version("@stoplight/spectral-cli"), _spectral, by_exit_code(r"problem|No results"), True),
    Tool("redocly", lambda: version("@redocly/cli"), _redocly, redocly_finding, True),
    Tool(
        "graphql-http",
        lambda: version("graphql-http"),
        _audit,
        by_exit_code(r"\d+ audits"),
        folder=NODE,
    ),
    Tool("graphql-cop", _cop_version, lambda subject, examples: _cop_command(subject), cop_finding()),
    Tool("graphql-cop-with-key", _cop_version, _cop_with_key, cop_finding(COP_WAIVERS)),
    Tool("schemathesis-graphql", lambda: version("schemathesis"), _schemathesis_graphql, schemathesis_finding),
    Tool("schemathesis-rest", lambda: version("schemathesis"), _schemathesis_rest, schemathesis_finding, True),
]
