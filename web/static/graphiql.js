"use strict";
// GraphiQL with a key of ours: without one nothing is asked, with one the docs load at once.

const h = React.createElement;
const text = (element) => (element ? element.textContent.trim() : "");
const examples = [...document.getElementById("examples").content.querySelectorAll("section")].map((section) => ({
  title: text(section.querySelector("h2")),
  about: text(section.querySelector("p")),
  query: text(section.querySelector(".query")),
  variables: text(section.querySelector(".variables")),
}));

function fetcherWith(key) {
  const socket = new URL(location.pathname, location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  return GraphiQL.createFetcher({
    url: location.pathname,
    fetch: (url, request) => ask(key, url, request),
    subscriptionUrl: socket.href,
    wsConnectionParams: { authorization: `Bearer ${key}` }, // a browser cannot set the header of a WebSocket
    enableIncrementalDelivery: false,
  });
}

async function ask(key, url, request) {
  if (!key) throw new Error("No key yet: put one into the field above.");
  let response;
  try {
    response = await fetch(url, { ...request, headers: { ...request.headers, Authorization: `Bearer ${key}` } });
  } catch {
    apiKey.judge({});
    throw new Error("is0k does not answer.");
  }
  const body = await response.json().catch(() => ({ errors: [{ message: "The answer is not JSON" }] }));
  const [error] = body.errors ?? [];
  const retryAfter = response.headers.get("Retry-After");
  apiKey.judge({ status: response.status, code: error?.extensions?.code, message: error?.message, retryAfter });
  return Response.json(body);
}

function Examples() {
  const { tabs, addTab, changeTab, queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
  const open = ({ query, variables }) => {
    const there = tabs.findIndex((tab) => tab.query === query);
    if (there >= 0) return changeTab(there);
    ReactDOM.flushSync(addTab);
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
    if (variables) document.querySelector('[aria-label="Show editor tools"]')?.click();
  };
  const items = examples.map((example) =>
    h("li", { key: example.title },
      h("button", { type: "button", className: "graphiql-un-styled", onClick: () => open(example) },
        h("strong", null, example.title),
        h("span", null, example.about))));
  return h("section", { className: "examples", "aria-label": "Examples" },
    h("div", { className: "graphiql-doc-explorer-title" }, "Examples"),
    h("ul", null, items));
}

const examplesPlugin = {
  title: "Examples",
  icon: () => h("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
    h("path", { d: "M4 6h10M4 12h16M4 18h7M18 3v6M15 6h6", strokeLinecap: "round" })),
  content: Examples,
};

// The names screen readers say; GraphiQL gives its editors none.
function EditorNames() {
  const editors = GraphiQL.React.useEditorContext({ nonNull: true });
  React.useEffect(() => {
    for (const name of ["Query", "Variable", "Response"]) {
      editors[`${name.toLowerCase()}Editor`]?.setOption("screenReaderLabel", name);
    }
  }, [editors.queryEditor, editors.variableEditor, editors.responseEditor]);
  return null;
}

const plugins = [examplesPlugin];
const defaultTabs = [{ query: examples[0].query, variables: examples[0].variables }];

function Explorer() {
  const [key, setKey] = React.useState(apiKey.value);
  React.useEffect(() => {
    apiKey.onChange = setKey;
  }, []);
  const fetcher = React.useMemo(() => fetcherWith(key), [key]);
  return h(GraphiQL, {
    fetcher,
    schema: key ? undefined : null,
    plugins,
    visiblePlugin: matchMedia("(min-width: 60rem)").matches ? examplesPlugin.title : undefined,
    defaultTabs,
    defaultQuery: "# Ctrl-Enter runs it, Ctrl-Space completes what you type.\n\n",
    isHeadersEditorEnabled: false, // what is typed there may be stored; the key goes into the field above
    shouldPersistHeaders: false,
    inputValueDeprecation: true,
    schemaDescription: true,
    toolbar: { additionalComponent: EditorNames },
  });
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(h(Explorer));
