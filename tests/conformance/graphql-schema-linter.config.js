// Every rule of graphql-schema-linter 3.0.1, and why we do without nine of them.
module.exports = {
  rules: [
    "defined-types-are-used",
    "deprecations-have-a-reason",
    "descriptions-are-capitalized",
    "enum-values-all-caps",
    "fields-are-camel-cased",
    "input-object-values-are-camel-cased",
    "relay-connection-arguments-spec",
    "relay-connection-types-spec",
    "relay-page-info-spec",
    "types-are-capitalized",
    // Fields stand in the order people read them (id, name, status …), words of an enum in that of their meaning:
    // - "enum-values-sorted-alphabetically", "input-object-fields-sorted-alphabetically",
    //   "interface-fields-sorted-alphabetically", "type-fields-sorted-alphabetically"
    // A description says what the name cannot. `name: String!` has none, and every root field has one (a test sees to it):
    // - "arguments-have-descriptions", "enum-values-have-descriptions", "fields-have-descriptions",
    //   "input-object-values-have-descriptions", "types-have-descriptions"
  ],
};
