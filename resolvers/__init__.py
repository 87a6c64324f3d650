"""The verbs: one function each, called by GraphQL and REST alike, and the GraphQL roots made of them."""
