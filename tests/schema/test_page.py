import base64
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.errors import ValidationFailed
from is0k.schema.page import Page, connection, decode_cursor, encode_cursor

whole = st.integers(-(2**63), 2**63 - 1)


async def none_counted() -> int:
    raise AssertionError("counted without being asked")


@given(st.lists(st.one_of(whole, st.text(st.characters(exclude_categories=["Cs"]))), max_size=5))
def test_a_cursor_leads_back_to_its_key(key: list[int | str]) -> None:
    assert decode_cursor(encode_cursor(key), *(type(part) for part in key)) == key


@given(st.lists(whole, min_size=1, max_size=3))
def test_a_cursor_can_stand_in_an_address_as_it_is(key: list[int]) -> None:
    assert set(encode_cursor(key)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def cursor_of(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "!!!",
        "é",
        "\x00",
        "A" * 10_000,
        cursor_of(None),
        cursor_of({}),
        cursor_of("mon_1"),
        cursor_of([]),
        cursor_of([1]),
        cursor_of([1, 2, 3]),
        cursor_of([1, "2"]),
        cursor_of([1, True]),
        cursor_of([1, None]),
        cursor_of([1, 2.0]),
        cursor_of([1, 2**63]),  # more than a database's whole numbers hold
        cursor_of([1, 2**64 - 1]),
        base64.urlsafe_b64encode(b"[1, 1e99]").decode(),
        base64.urlsafe_b64encode(b"[1, " + b"9" * 100 + b"]").decode(),
    ],
)
def test_what_is_not_a_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        decode_cursor(text, int, int)

    [fault] = refused.value.faults
    assert (fault.field, fault.code, fault.message) == (["cursor"], "BAD_CURSOR", "Is not a cursor of this list")


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with suppress(ValidationFailed):
        assert [type(part) for part in decode_cursor(text, int, str)] == [int, str]


def test_a_page_with_more_behind_it_leads_to_the_next() -> None:
    page = Page(items=["a", "b"], keys=[[1, 2], [3, 4]], has_next=True, count_all=none_counted)

    assert page.next_cursor == encode_cursor([3, 4])


def test_the_last_page_leads_nowhere() -> None:
    assert Page(items=["a"], keys=[[1]], has_next=False, count_all=none_counted).next_cursor is None


def test_a_connection_has_an_edge_for_each_item_and_its_ends() -> None:
    page = Page(items=["a", "b"], keys=[[1], [2]], has_next=True, count_all=none_counted)
    shown = connection(page, is_first=True)

    assert [(edge.node, edge.cursor) for edge in shown.edges] == [("a", encode_cursor([1])), ("b", encode_cursor([2]))]
    info = shown.page_info
    assert (info.has_next_page, info.has_previous_page) == (True, False)
    assert (info.start_cursor, info.end_cursor) == (encode_cursor([1]), encode_cursor([2]))


def test_an_empty_connection_has_no_ends() -> None:
    info = connection(Page(items=[], keys=[], has_next=False, count_all=none_counted), is_first=False).page_info

    assert (info.has_next_page, info.has_previous_page) == (False, True)
    assert (info.start_cursor, info.end_cursor) == (None, None)
