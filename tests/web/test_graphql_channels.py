"""Alert channels and deliveries over GraphQL."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.tests.stage.api import Api
from is0k.tests.stage.channels import GOOD, SECRET
from is0k.tests.stage.people import new_channel, new_delivery

pytestmark = pytest.mark.anyio

CREATE = """mutation ($input: CreateAlertChannelInput!) {
    createAlertChannel(input: $input) {
        alertChannel {
            id name type enabled events
            settings {
                ... on EmailSettings { address }
                ... on SlackSettings { webhookUrl }
                ... on WebhookSettings { url secret }
            }
        }
        userErrors { field code message }
    }
}"""
UPDATE = """mutation ($id: ID!, $input: UpdateAlertChannelInput!) {
    updateAlertChannel(id: $id, input: $input) {
        alertChannel { name settings { ... on WebhookSettings { url secret } } }
        userErrors { field code }
    }
}"""
TEST = """mutation ($id: ID!) {
    testAlertChannel(id: $id) { delivery { id status } userErrors { field code message } }
}"""
READ = """query ($id: ID!, $filter: DeliveryFilter!) {
    alertChannel(id: $id) { name monitorCount lastDelivery { status message } }
    alertChannels(filter: {type: WEBHOOK}) { totalCount edges { node { id settings { __typename } } } }
    deliveries(filter: $filter) { edges { node { channelId incidentId kind status attempts } } }
}"""


async def test_a_channel_is_made_with_the_settings_of_its_type(api: Api) -> None:
    data = (await api.graphql(CREATE, input={"name": "Ops", "settings": {"slack": GOOD["slack"]}}))["data"]

    channel = data["createAlertChannel"]["alertChannel"]
    assert data["createAlertChannel"]["userErrors"] == []
    assert (channel["type"], channel["settings"]) == ("SLACK", {"webhookUrl": "••••XXXX"})
    assert channel["events"] == ["DOWN", "UP", "TLS_EXPIRING", "HEARTBEAT_MISSED", "FLAPPING", "INCIDENT"]


async def test_faults_are_told_with_their_paths(api: Api) -> None:
    settings = {"webhook": {"url": "x", "secret": "y"}}
    data = (await api.graphql(CREATE, input={"name": "", "settings": settings, "events": []}))["data"]

    assert data["createAlertChannel"]["alertChannel"] is None
    assert [(error["field"], error["code"]) for error in data["createAlertChannel"]["userErrors"]] == [
        (["name"], "BAD_LENGTH"),
        (["settings", "webhook", "url"], "BAD_URL"),
        (["settings", "webhook", "secret"], "BAD_SECRET"),
        (["events"], "EMPTY"),
    ]


async def test_a_null_rotates_the_secret_of_a_webhook(api: Api, ctx: Context) -> None:
    channel = await new_channel(ctx, type="webhook", url="https://example.com/", secret=SECRET)

    async def edit(**webhook: Any) -> Any:
        input = {"settings": {"webhook": webhook}}
        return (await api.graphql(UPDATE, id=channel.id, input=input))["data"]["updateAlertChannel"]["alertChannel"]

    kept = await edit(url="https://example.com/2", secret="••••LaSw")
    rotated = await edit(secret=None)

    assert kept["settings"] == {"url": "https://example.com/2", "secret": "••••LaSw"}
    settings = (await models.AlertChannel.get()).typed_settings
    assert rotated["settings"]["secret"] == settings.secret != SECRET


async def test_a_test_that_fails_is_a_user_error(api: Api, ctx: Context) -> None:
    channel = await new_channel(ctx, type="slack", **GOOD["slack"])

    data = (await api.graphql(TEST, id=channel.id))["data"]["testAlertChannel"]

    message = "This is0k cannot send through slack yet"
    assert data == {
        "delivery": None,
        "userErrors": [{"field": [], "code": "CHANNEL_DELIVERY_FAILED", "message": message}],
    }


async def test_channels_and_deliveries_are_read(api: Api, ctx: Context) -> None:
    channel = await new_channel(ctx, type="webhook", url="https://example.com/")
    other = await new_channel(ctx)
    await new_delivery(ctx, other)
    await new_delivery(ctx, channel, response="taken")

    data = (await api.graphql(READ, id=channel.id, filter={"channelId": channel.id}))["data"]

    assert data == {
        "alertChannel": {
            "name": "Ops",
            "monitorCount": 0,
            "lastDelivery": {"status": "SENT", "message": "taken"},
        },
        "alertChannels": {
            "totalCount": 1,
            "edges": [{"node": {"id": channel.id, "settings": {"__typename": "WebhookSettings"}}}],
        },
        "deliveries": {
            "edges": [
                {
                    "node": {
                        "channelId": channel.id,
                        "incidentId": None,
                        "kind": "down",
                        "status": "SENT",
                        "attempts": 1,
                    }
                }
            ]
        },
    }


async def test_a_delivery_is_replayed_and_a_channel_deleted(api: Api, ctx: Context) -> None:
    channel = await new_channel(ctx)
    delivery = await new_delivery(ctx, channel)

    replayed = await api.graphql(
        "mutation ($id: ID!) { replayDelivery(id: $id) { delivery { status attempts } userErrors { code } } }",
        id=delivery.id,
    )
    deleted = await api.graphql(
        "mutation ($id: ID!) { deleteAlertChannel(id: $id) { deleted { id } userErrors { code } } }", id=channel.id
    )

    assert replayed["data"]["replayDelivery"] == {"delivery": {"status": "PENDING", "attempts": 0}, "userErrors": []}
    assert deleted["data"]["deleteAlertChannel"] == {"deleted": {"id": channel.id}, "userErrors": []}
    assert (await api.graphql("{ alertChannels { totalCount } }"))["data"] == {"alertChannels": {"totalCount": 0}}
