"""Nothing that is printed or logged shows an API key, or the password inside a URL."""

import re

API_KEY = re.compile(r"(is0k_live_)\w+")
URL_PASSWORD = re.compile(r"""(://[^\s/:@"'<>]*:)[^\s/"'<>]+@""")
MASK = "••••"


def redacted(text: str) -> str:
    return URL_PASSWORD.sub(rf"\1{MASK}@", API_KEY.sub(rf"\1{MASK}", text))
