"""What has an id of its own, and can be read by it alone."""

import strawberry


@strawberry.interface(description="A noun with an id of its own; the prefix of the id tells which.")
class Node:
    id: strawberry.ID
