// Copies the few files we serve out of node_modules, compressed, with their licences; writes manifest.json.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const FILES = {
  "web/static/vendored": [
    "graphiql/graphiql.min.js",
    "graphiql/graphiql.min.css",
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css",
  ],
  "tests/browser/vendored": ["axe-core/axe.min.js"],
};
// A bundle carries parts of what it depends on, so the licences of all of it go along.
const LICENCE = /^(licen[cs]e|notice|copying)|\.licen[cs]e\.txt$/i;

const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
const manifest = {};
for (const [folder, files] of Object.entries(FILES)) {
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  for (const file of files) copy(file, `${folder}/${basename(file)}.gz`);
}
writeLicences("web/static/vendored", ([, entry]) => !entry.dev);
writeLicences("tests/browser/vendored", ([, entry]) => entry.dev);
writeFileSync(join(here, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

function copy(file, target) {
  const content = readFileSync(join(here, "node_modules", file));
  const name = file.split("/")[0];
  const sha256 = createHash("sha256").update(content).digest("hex");
  manifest[target] = { package: name, version: packages[`node_modules/${name}`].version, file, sha256 };
  writeFileSync(join(root, target), gzipSync(content, { level: 9 }));
}

function writeLicences(folder, isWanted) {
  const owners = new Map();
  for (const [path, entry] of Object.entries(packages).filter(([path]) => path).filter(isWanted)) {
    const name = `${path.split("node_modules/").pop()} ${entry.version}`;
    for (const file of readdirSync(join(here, path)).filter((file) => LICENCE.test(file))) {
      const text = readFileSync(join(here, path, file), "utf8").replace(/\r/g, "").replace(/[ \t]+$/gm, "").trim();
      owners.set(text, [...(owners.get(text) ?? []), name]);
    }
  }
  const sections = [...owners].map(([text, names]) => `${[...new Set(names)].join("\n")}\n\n${text}\n`);
  writeFileSync(join(root, folder, "LICENSES.txt"), sections.join(`\n${"=".repeat(80)}\n\n`));
}
