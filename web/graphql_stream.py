r"""`/graphql/stream`: GraphQL answered as Server-Sent Events, for clients that have no WebSockets, such as curl.

    curl -N https://…/graphql/stream -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \
         -d '{"query": "subscription { checkRecorded { monitorId status latencyMs } }"}'

The "distinct connections mode" of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md: an operation a
request, `next` events, then `complete`; a query is one `next`. It has a path of its own because clients that ask for
plain queries name this format in Accept too.
"""

from collections.abc import Mapping

from strawberry.http.streaming import SSETransport
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL

from is0k.resolvers.context import Services
from is0k.schema.clock import Clock
from is0k.web.graphql import GraphQLView


class GraphQLStreamView(GraphQLView):
    # Its comments, one in 15 s, keep proxies from closing what is silent.
    transport = SSETransport()

    def __init__(self, clock: Clock, services: Services) -> None:
        super().__init__(clock, services)
        self.protocols = [GRAPHQL_SSE_PROTOCOL]

    def _get_stream_transport(self, protocol: str) -> SSETransport:
        return self.transport

    def _get_stream_transport_from_headers(self, headers: Mapping[str, str]) -> SSETransport:
        # Whoever calls this path wants a stream, whatever its Accept says: curl's is `*/*`.
        return self.transport
