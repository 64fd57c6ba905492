// Real events of @sentry/node: `npm install @sentry/node` somewhere, then
// NODE_PATH=that/node_modules node tests/corpus/grouping/make_node.cjs /srv/app > tests/corpus/grouping/node.jsonl
const fs = require("fs");
const path = require("path");
const Sentry = require("@sentry/node");

const root = process.argv[2];
const rows = [];
let number = 200000;

function keep(event) {
  for (const value of event.exception.values) {
    const frames = ((value.stacktrace || {}).frames || []).filter((frame) => !String(frame.filename).includes(__filename));
    if (value.stacktrace) value.stacktrace.frames = frames;
    for (const frame of (value.stacktrace || {}).frames || []) {
      delete frame.vars;
      frame.in_app = String(frame.filename || "").startsWith(root);
      frame.filename = String(frame.filename || "").replace(root, "/srv/app");
      for (const side of ["pre_context", "post_context"]) frame[side] = (frame[side] || []).slice(-2);
    }
    if (value.stacktrace) value.stacktrace.frames = value.stacktrace.frames.slice(-8);
  }
  number += 1;
  const { exception, level, platform } = event;
  const event_id = number.toString(16).padStart(32, "0");
  rows.push({ label: event.tags.label, why: event.tags.why, event: { event_id, exception, level, platform, message: "" } });
  return null;
}

Sentry.init({ dsn: "http://k@127.0.0.1:1/1", beforeSend: keep, integrations: (all) => all.filter((one) => one.name !== "Dedupe"), tracesSampleRate: 0 });

function source(name, text) {
  const file = path.join(root, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  delete require.cache[file];
  return require(file);
}

async function add(label, why, call) {
  try {
    await call();
  } catch (error) {
    Sentry.captureException(error, { tags: { label, why } });
    await Sentry.flush(50);
  }
}

const lines = (n) => "\n".repeat(n);

async function main() {
  for (const above of [0, 3, 17]) {
    const cart = source(`releases/2026010${above}/cart.js`, lines(above) + "exports.total = function total(cart) {\n  return cart.sum.value;\n};\nexports.owner = function owner(cart) {\n  return cart.user.name;\n};\n");
    await add("node:sum", "lines moved", () => cart.total({}));
    await add("node:user", "another function", () => cart.owner({}));
  }
  const order = source("order.js", "exports.refuse = function refuse(id) {\n  throw new Error(`order ${id} was refused`);\n};\nexports.fail = function fail(message) {\n  throw new Error(message);\n};\n");
  for (const id of ["a-17", "Ana", "5f0c2b7e9a"]) await add("node:refused-order", "a template literal", () => order.refuse(id));
  for (const text of ["card was declined", "stock ran out"]) {
    for (let n = 0; n < 3; n++) await add(`node:${text}`, "one throw, two messages", () => order.fail(text));
  }
  const walk = source("walk.js", "exports.walk = function walk(node, depth) {\n  if (!depth) return node.leaf.value;\n  return walk(node, depth - 1);\n};\n");
  for (const depth of [0, 2, 6]) await add("node:recursion", "depths of recursion", () => walk.walk({}, depth));
  const rows_ = source("rows.js", "exports.prices = function prices(rows) {\n  return rows.map((row) => row.price.toFixed(2));\n};\nexports.names = function names(rows) {\n  return rows.map((row) => row.name.trim());\n};\n");
  for (let n = 0; n < 2; n++) {
    await add("node:arrow-price", "arrow function", () => rows_.prices([{}]));
    await add("node:arrow-name", "arrow function", () => rows_.names([{}]));
  }
  const parse = source("parse.js", "exports.body = async function body(text) {\n  await null;\n  return JSON.parse(text);\n};\n");
  for (const text of ["{", "<html>", "[1,]"]) await add("node:json", "the text is data", () => parse.body(text));
  const chain = source("chain.js", "class JobError extends Error {}\nexports.run = function run(job) {\n  try {\n    return job();\n  } catch (error) {\n    throw new JobError('job failed', { cause: error });\n  }\n};\nexports.a = function a() {\n  return null.x;\n};\nexports.b = function b() {\n  return undefinedName;\n};\n");
  for (let n = 0; n < 2; n++) {
    await add("node:chain-a", "same wrapper, another cause", () => chain.run(chain.a));
    await add("node:chain-b", "same wrapper, another cause", () => chain.run(chain.b));
  }
  process.stdout.write(rows.map((row) => JSON.stringify(row) + "\n").join(""));
  process.exit(0);
}

main();
