"""`python -m is0k.rest.openapi` prints the document."""

import sys

from is0k.rest.document import Document
from is0k.rest.routes import PREFIX, ROWS

sys.stdout.buffer.write(Document(ROWS, PREFIX).body + b"\n")
