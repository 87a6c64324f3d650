"""`python -m is0k.resolvers.export` writes schema/schema.graphql; `--check` says whether the file is current."""

import sys
from pathlib import Path

from is0k import schema
from is0k.resolvers.root import graphql_schema

FILE = Path(schema.__file__).with_name("schema.graphql")


def main() -> None:
    current = graphql_schema.as_str() + "\n"
    if "--check" not in sys.argv:
        FILE.write_text(current)
    elif not FILE.exists() or FILE.read_text() != current:
        sys.exit("schema/schema.graphql is not current: run `make schema` and read the diff")


if __name__ == "__main__":
    main()
