"""Values of DNS records, as people and `dig +short` write them: which can be of a type, which are the same."""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from is0k.schema.enums import RecordType
from is0k.schema.target_rules import ascii_host, is_ip

EXAMPLES = {
    RecordType.A: "192.0.2.1",
    RecordType.AAAA: "2001:db8::1",
    RecordType.CNAME: "www.example.com.",
    RecordType.MX: "10 mail.example.com.",
    RecordType.NS: "ns1.example.com.",
    RecordType.TXT: '"v=spf1 -all"',
    RecordType.SOA: "ns1.example.com. admin.example.com. 2026112401 7200 3600 1209600 3600",
    RecordType.SRV: "10 5 5060 sip.example.com.",
    RecordType.CAA: '0 issue "letsencrypt.org"',
    RecordType.PTR: "www.example.com.",
}
# Strings between quotes, as many as there are: `"v=DKIM1; " "p=abc"`.
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*', re.DOTALL)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPE = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)

Part = Callable[[str], str]


def _name(text: str) -> str:
    """The final dot and the letter case make no difference."""
    name = ascii_host(text).lower().removesuffix(".")
    if is_ip(name) or re.search(r"^\.|(?<!\\)\.\.", name) or (not name and text != "."):
        raise ValueError(f"not a name: {text}")
    return f"{name}."


def _number(largest: int) -> Part:
    def number(text: str) -> str:
        if not re.fullmatch("[0-9]{1,10}", text) or int(text) > largest:
            raise ValueError(f"not a number up to {largest}: {text}")
        return str(int(text))

    return number


def _tag(text: str) -> str:
    """RFC 8659 §4.1: letters and digits, in any case."""
    if not re.fullmatch("[a-zA-Z0-9]+", text):
        raise ValueError(f"not a tag: {text}")
    return text.lower()


def _text(text: str) -> str:
    """What the strings between quotes say when they are put together, as SPF, DKIM and all others are read. Without
    quotes, the text is what it is. The bytes of UTF-8, each as one letter: an escape stands for a byte."""
    text = text.strip()
    inside = "".join(STRING.findall(text)) if QUOTED.fullmatch(text) else text.replace("\\", "\\\\")
    letters = inside.encode().decode("latin-1")
    return ESCAPE.sub(lambda found: _unescaped(found[1]), letters)


def _unescaped(code: str) -> str:
    return chr(int(code) & 0xFF) if len(code) == 3 else code


u8, u16, u32 = _number(2**8 - 1), _number(2**16 - 1), _number(2**32 - 1)

# What stands one after the other, apart by blanks; the last part takes the rest.
PARTS: dict[RecordType, tuple[Part, ...]] = {
    RecordType.A: (lambda text: str(IPv4Address(text)),),
    RecordType.AAAA: (lambda text: IPv6Address(text).exploded,),
    RecordType.CNAME: (_name,),
    RecordType.MX: (u16, _name),
    RecordType.NS: (_name,),
    RecordType.TXT: (_text,),
    RecordType.SOA: (_name, _name, u32, u32, u32, u32, u32),
    RecordType.SRV: (u16, u16, u16, _name),
    RecordType.CAA: (u8, _tag, _text),
    RecordType.PTR: (_name,),
}


def record_fault(record_type: RecordType, value: str) -> str | None:
    """What is wrong with a value as one of a record of that type, in words."""
    try:
        _comparable(record_type, value)
    except ValueError:
        return f"Cannot be the value of a record of type {record_type.value}, which looks like {EXAMPLES[record_type]}"
    return None


# A monitor expects the same values, and is given the same answers, check after check.
@lru_cache(maxsize=8192)
def comparable(record_type: RecordType, value: str) -> str:
    """The same text for all ways of writing the same value."""
    try:
        return _comparable(record_type, value)
    except ValueError:
        return value


def _comparable(record_type: RecordType, value: str) -> str:
    parts = PARTS[record_type]
    texts = value.strip().split(maxsplit=len(parts) - 1) if len(parts) > 1 else [value.strip()]
    if len(texts) != len(parts) or (parts[-1] is not _text and re.search(r"\s", texts[-1])):
        raise ValueError(f"not the value of a record of type {record_type.value}: {value}")
    return " ".join(part(text) for part, text in zip(parts, texts, strict=True))
