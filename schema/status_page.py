"""A status page: what the public is shown of some monitors."""

from collections.abc import Iterator
from datetime import datetime

import strawberry
from strawberry import UNSET

from is0k.schema.enums import Theme, Visibility
from is0k.schema.faults import Fault
from is0k.schema.node import Node
from is0k.schema.plans import LONGEST_HISTORY_DAYS
from is0k.schema.rules import AtMost, Each, HttpUrl, Range, Text, anything, rule, timezone
from is0k.schema.status_page_rules import domain, locale, page_slug

NAME = Text(1, 100)
DESCRIPTION = Text(0, 2000, is_line=False)
PASSWORD = Text(8, 200)
HISTORY_DAYS = Range(1, LONGEST_HISTORY_DAYS, " days")
COMPONENTS, MONITOR_IDS = AtMost(200), Each(anything, 50)
DEFAULT_HISTORY_DAYS = 90


@strawberry.type(description="A named row of a status page, backed by monitors.")
class Component:
    id: strawberry.ID
    name: str
    description: str | None
    group: str | None = strawberry.field(description="The heading it stands under.")
    position: int = strawberry.field(description="Its place on the page, from 0.")
    monitor_ids: list[strawberry.ID]
    show_latency: bool


@strawberry.type
class StatusPage(Node):
    name: str
    slug: str
    custom_domain: str | None
    description: str | None
    visibility: Visibility
    theme: Theme
    logo_url: str | None
    locale: str
    timezone: str
    history_days: int
    components: list[Component]
    subscriber_count: int = strawberry.field(description="Those who have confirmed.")
    url: str = strawberry.field(description="Where people open it.")
    created_at: datetime
    updated_at: datetime


@strawberry.input
class CreateComponentInput:
    name: str = strawberry.field(metadata=rule(NAME))
    description: str | None = strawberry.field(default=None, metadata=rule(DESCRIPTION))
    group: str | None = strawberry.field(default=None, metadata=rule(NAME))
    monitor_ids: list[strawberry.ID] = strawberry.field(default_factory=list, metadata=rule(MONITOR_IDS))
    show_latency: bool = False


@strawberry.input(description="With an id: what changes of that component. Without one: a new component.")
class UpdateComponentInput:
    id: strawberry.ID | None = None
    name: str | None = strawberry.field(default=UNSET, metadata=rule(NAME))
    description: str | None = strawberry.field(default=UNSET, metadata=rule(DESCRIPTION))
    group: str | None = strawberry.field(default=UNSET, metadata=rule(NAME))
    monitor_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, metadata=rule(MONITOR_IDS))
    show_latency: bool | None = UNSET

    def faults(self) -> Iterator[Fault]:
        if self.name is None or (self.name is UNSET and self.id is None):
            yield Fault(("name",), "REQUIRED", "Is required")


@strawberry.input
class CreateStatusPageInput:
    name: str = strawberry.field(metadata=rule(NAME))
    slug: str | None = strawberry.field(
        default=None, description="Default: made from the name.", metadata=rule(page_slug)
    )
    custom_domain: str | None = strawberry.field(default=None, metadata=rule(domain))
    description: str | None = strawberry.field(default=None, metadata=rule(DESCRIPTION))
    visibility: Visibility = Visibility.PUBLIC
    password: str | None = strawberry.field(
        default=None, description="For visibility PASSWORD. It is never shown.", metadata=rule(PASSWORD)
    )
    theme: Theme = Theme.SYSTEM
    logo_url: str | None = strawberry.field(default=None, metadata=rule(HttpUrl()))
    locale: str = strawberry.field(default="en", metadata=rule(locale))
    timezone: str = strawberry.field(default="UTC", metadata=rule(timezone))
    history_days: int | None = strawberry.field(
        default=None, description="Default: 90, or what the plan keeps if that is less.", metadata=rule(HISTORY_DAYS)
    )
    components: list[CreateComponentInput] = strawberry.field(default_factory=list, metadata=rule(COMPONENTS))

    def faults(self) -> Iterator[Fault]:
        yield from password_faults(self.visibility, bool(self.password), has_stored=False)


@strawberry.input(description="What is present is set, what is absent is kept, null goes back to the default.")
class UpdateStatusPageInput:
    name: str | None = strawberry.field(default=UNSET, metadata=rule(NAME))
    slug: str | None = strawberry.field(default=UNSET, metadata=rule(page_slug))
    custom_domain: str | None = strawberry.field(default=UNSET, metadata=rule(domain))
    description: str | None = strawberry.field(default=UNSET, metadata=rule(DESCRIPTION))
    visibility: Visibility | None = strawberry.field(
        default=UNSET, description="A page that becomes public forgets its password."
    )
    password: str | None = strawberry.field(default=UNSET, metadata=rule(PASSWORD))
    theme: Theme | None = UNSET
    logo_url: str | None = strawberry.field(default=UNSET, metadata=rule(HttpUrl()))
    locale: str | None = strawberry.field(default=UNSET, metadata=rule(locale))
    timezone: str | None = strawberry.field(default=UNSET, metadata=rule(timezone))
    history_days: int | None = strawberry.field(default=UNSET, metadata=rule(HISTORY_DAYS))
    components: list[UpdateComponentInput] | None = strawberry.field(
        default=UNSET,
        description="All of them, in the order they are shown. A component that is left out is deleted.",
        metadata=rule(COMPONENTS),
    )

    def faults(self) -> Iterator[Fault]:
        for name in ("name", "slug"):
            if getattr(self, name) is None:
                yield Fault((name,), "REQUIRED", "Must not be null")
        ids = [component.id for component in self.components or ()]
        for index, id in enumerate(ids):
            if id is not None and id in ids[:index]:
                yield Fault(("components", index, "id"), "DUPLICATE", f"'{id}' stands here twice")


def password_faults(visibility: Visibility, is_given: bool, has_stored: bool) -> Iterator[Fault]:
    if visibility is Visibility.PASSWORD and not (is_given or has_stored):
        yield Fault(("password",), "REQUIRED", "Is required for a page with a password")
    if visibility is Visibility.PUBLIC and is_given:
        yield Fault(("password",), "NOT_ALLOWED", "A public page has no password; its visibility must be password")


@strawberry.input
class StatusPageFilter:
    q: str | None = strawberry.field(
        default=None, description="Part of the name, in any letter case.", metadata=rule(Text(1, 100))
    )
