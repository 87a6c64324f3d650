"use strict";
// Swagger UI on our own document, with the key of the field above.

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

const ui = SwaggerUIBundle({
  url: "openapi.json",
  domNode: document.getElementById("swagger-ui"),
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  onComplete: () => authorize(apiKey.value),
  requestInterceptor: (request) => Object.assign(request, { userFetch: ask }),
  responseInterceptor: judge,
});

function authorize(key) {
  const schemes = ui.specSelectors.specJson().getIn(["components", "securitySchemes"])?.toJS() ?? {};
  for (const [name, scheme] of Object.entries(schemes)) {
    if (scheme.type !== "http" || scheme.scheme !== "bearer") continue;
    if (key) ui.preauthorizeApiKey(name, key);
    else if (ui.authSelectors.authorized().has(name)) ui.authActions.logout([name]);
  }
}

async function ask(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    apiKey.judge({});
    throw error;
  }
}

function judge(response) {
  if (!response.url.endsWith("/openapi.json")) {
    const error = response.body?.error;
    const retryAfter = response.headers?.["retry-after"];
    apiKey.judge({ status: response.status, code: error?.code, message: error?.message, retryAfter });
  }
  return response;
}

apiKey.onChange = authorize;

// Lists to choose from have no name of their own that a screen reader could say.
function nameLists() {
  for (const list of document.querySelectorAll("#swagger-ui select:not([aria-label])")) {
    list.setAttribute("aria-label", list.closest("tr[data-param-name]")?.dataset.paramName ?? "Example");
  }
}

new MutationObserver(nameLists).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
