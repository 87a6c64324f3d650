// GraphQL over HTTP, audited by The Guild: node graphql_http_audit.mjs http://127.0.0.1:8000/graphql is0k_live_…
// Needs the npm packages graphql-http and graphql@16 where it runs. One line per finding; exits 1 on an error or a
// warning; a notice is what a server may do and we do not, such as queries by GET.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, key] = process.argv.slice(2);
if (!url || !key) {
  console.error("usage: node graphql_http_audit.mjs URL KEY");
  process.exit(2);
}

// From the folder it is run in, not the one it stands in: the packages are no part of the project.
const here = createRequire(`${process.cwd()}/`);
const { auditServer } = await import(pathToFileURL(here.resolve("graphql-http")).href);

const results = await auditServer({
  url,
  fetchFn: (address, options = {}) =>
    fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${key}` } }),
});
const findings = results.filter((result) => result.status !== "ok");
for (const { status, id, name, reason } of findings) {
  console.log(`${status} ${id} ${name}: ${reason}`);
}
const failed = findings.some((result) => result.status !== "notice");
console.log(`${results.length} audits, ${findings.length} findings`);
process.exit(failed || !results.length ? 1 : 0);
