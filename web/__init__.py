"""What is served beside REST: GraphQL, health, and (later) the pages for people."""
