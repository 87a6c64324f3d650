"""The routes of alert channels and of their deliveries."""

from is0k.resolvers.alert_channels import (
    channel_type,
    create_alert_channel,
    delete_alert_channel,
    get_alert_channel,
    list_alert_channels,
    test_alert_channel,
    update_alert_channel,
)
from is0k.resolvers.deliveries import list_deliveries, replay_delivery
from is0k.rest.row import Row
from is0k.schema.enums import ChannelType
from is0k.schema.errors import ChannelDeliveryFailed

REFUSED = (ChannelDeliveryFailed("The receiver answered 500: out of order"),)
ROWS = [
    Row("GET", "/alert-channels", list_alert_channels),
    Row("POST", "/alert-channels", create_alert_channel, status=201, types=ChannelType),
    Row("GET", "/alert-channels/{id}", get_alert_channel),
    Row("PUT", "/alert-channels/{id}", update_alert_channel, types=ChannelType, type_of=channel_type),
    Row("PATCH", "/alert-channels/{id}", update_alert_channel, types=ChannelType, type_of=channel_type),
    Row("DELETE", "/alert-channels/{id}", delete_alert_channel),
    Row("POST", "/alert-channels/{id}/test", test_alert_channel, errors=REFUSED),
    Row("GET", "/deliveries", list_deliveries),
    Row("POST", "/deliveries/{id}/replay", replay_delivery, errors=REFUSED),
]
