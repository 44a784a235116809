// Drives VS Code, served by code-server, in a browser without a screen. Arguments in the environment: MACC, RESULTS, FOLDER,
// HOME, EXTENSION (the folder editors/vscode), PARTS (a folder with node_modules), CHROMIUM.
// What is wrong with the trial itself is in `trouble`, and RESULTS.png shows the window then.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { CHROMIUM, EXTENSION, FOLDER, HOME, MACC, PARTS, RESULTS } = process.env;
const { chromium } = createRequire(path.join(PARTS, "package.json"))("playwright-core");
const FILE = path.join(FOLDER, "policy/web.macc");
const SECONDS = 90; // that a step may take on a busy machine
const results = {};
let page;

// ---- the editor

function settings(changes) {
  const data = path.join(HOME, "data/Machine");
  fs.mkdirSync(data, { recursive: true });
  const always = { "macc.path": MACC, "files.autoSave": "off", "workbench.startupEditor": "none" };
  fs.writeFileSync(path.join(data, "settings.json"), JSON.stringify({ ...always, ...changes }));
}

function install() {
  const folder = path.join(HOME, "extensions/macc.macc-0.1.0");
  fs.cpSync(EXTENSION, folder, { recursive: true, filter: (file) => !file.includes("node_modules") });
  fs.symlinkSync(path.join(PARTS, "node_modules"), path.join(folder, "node_modules"));
}

/** Starts the server; its process and its address. */
async function serve() {
  const config = path.join(HOME, "code-server.yaml");
  fs.writeFileSync(config, "");
  const server = spawn(process.execPath, [path.join(PARTS, "node_modules/code-server/out/node/entry.js"),
    "--auth", "none", "--bind-addr", "127.0.0.1:0", "--config", config, "--user-data-dir", path.join(HOME, "data"),
    "--extensions-dir", path.join(HOME, "extensions"), "--disable-telemetry", "--disable-update-check",
    "--disable-workspace-trust"], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (text) => {
      said += text;
      const found = /listening on http:\/\/(\S+)/.exec(said);
      if (found) resolve(found[1].replace(/\/$/, ""));
    });
    server.on("exit", () => reject(new Error(`code-server ended:\n${said}`)));
  });
  return { server, address };
}

// ---- what a user does and sees

async function until(what, condition) {
  for (let tries = 0; tries < SECONDS * 10; ++tries) {
    const found = await condition();
    if (found) return found;
    await page.waitForTimeout(100);
  }
  throw new Error(`waited in vain for ${what}`);
}

const texts = (selector) => page.evaluate((selector) => [...document.querySelectorAll(selector)]
  .map((element) => element.innerText.replaceAll("\u00a0", " ").replace(/\s+/g, " ").trim()).filter((text) => text), selector);
const some = (what, selector, wanted = "") =>
  until(what, async () => (await texts(selector)).find((text) => text.includes(wanted)));
const key = (name) => page.keyboard.press(name);
/** Presses the key until what it opens is there: what is asked for just after the cursor moved can get lost. */
const opened = (what, name, selector, wanted) => until(what, async () => {
  await key(name);
  await page.waitForTimeout(1000);
  return (await texts(selector)).find((text) => text.includes(wanted));
});
const saved = () => fs.readFileSync(FILE, "utf8");
const squiggles = () => page.locator(".squiggly-error, .squiggly-warning").count();

async function type(text) {
  await page.keyboard.type(text, { delay: 30 });
  await key("Escape"); // closes what completion offers
}

/** Puts the cursor `inside` characters behind the start of the first `mark` of the saved text. */
async function go(mark, inside = 0) {
  const offset = saved().indexOf(mark);
  if (offset < 0) throw new Error(`no ${mark} in ${FILE}`);
  const before = saved().slice(0, offset + inside).split("\n");
  await key("Control+G");
  await page.keyboard.type(`${before.length}:${before.at(-1).length + 1}`);
  await key("Enter");
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

async function save(wanted) {
  await key("Control+S");
  await until(`${wanted} in what is saved`, () => saved().includes(wanted));
}

async function line() {
  const found = /Ln (\d+)/.exec((await texts("#status\\.editor\\.selection"))[0]);
  return saved().split("\n")[found[1] - 1];
}

// ---- the trial

async function colours() {
  await until("colours", async () => (await texts(".view-line span span")).includes("allow"));
  const spans = await page.evaluate(() => [...document.querySelectorAll(".view-line span span")]
    .map((span) => [span.innerText.replaceAll("\u00a0", " ").trim(), /mtk\d+/.exec(span.className)?.[0]]));
  results.colours = Object.fromEntries(spans);
}

async function diagnostics() {
  await go("list config", 1);
  await key("Delete");
  await key("Delete");
  await type("si");
  await until("a diagnostic", squiggles);
  await key("Control+Shift+M");
  results.diagnostic = await some("the problem", ".markers-panel .monaco-list-row", "MACC-");
  await key("Control+Shift+M");
  await page.locator(".monaco-editor .view-lines").click();
  await go("list config", 2);
  await opened("a fix", "Control+.", ".action-widget", "list");
  await key("Enter");
  await until("no diagnostic", async () => (await squiggles()) === 0);
}

async function names() {
  await go("list config", 6);
  await key("Control+K");
  await key("Control+I");
  results.hover = await some("the hover", ".monaco-hover-content", "profiles");
  await key("Escape");
  await key("F12");
  results.definition = await until("the definition", async () => {
    const there = await line();
    return there.includes("resource config") && there;
  });
  await key("Shift+F12");
  results.references = await some("references", ".peekview-title", "eferences");
  await key("Escape");
  await go("resource config", 9);
  await key("F2");
  const name = page.locator(".rename-box input");
  await until("the old name", async () => (await name.count()) > 0 && (await name.inputValue()) === "config");
  await name.fill("settings");
  await key("Enter");
  await some("the new name", ".view-line", "resource settings");
  await save("resource settings");
  results.renamed = saved();
}

async function completion() {
  // For the step behind: VS Code takes a moment to notice.
  settings({ "editor.formatOnSave": true, "editor.codeActionsOnSave": { "source.fixAll.macc": "explicit" } });
  await go("keys, tls");
  await opened("completion", "Control+Space", ".suggest-widget.visible .monaco-list-row", "keys");
  results.completion = await texts(".suggest-widget.visible .monaco-list-row .label-name");
  await key("Escape");
  await key("Control+T");
  await page.keyboard.type("log", { delay: 30 });
  results.symbol = await some("a symbol", ".quick-input-list .monaco-list-row", "logging");
  await key("Escape");
}

async function fixedWhenSaved() {
  await go("import std.tls;", 15);
  await key("Enter");
  await type("import std.log;");
  await until("a finding", squiggles);
  await go("resource settings");
  await type("   ");
  await key("Control+S");
  await until("another text", () => saved() !== results.renamed);
  results.fixed = saved();
  results.formatted = saved().split("\n").find((text) => text.includes("resource settings")) ?? "";
}

async function missing() {
  settings({ "macc.path": "/nowhere/macc" });
  results.missing = await some("a message", ".notification-list-item", "macc.path");
}

async function run() {
  install();
  settings({});
  const { server, address } = await serve();
  const browser = await chromium.launchPersistentContext(path.join(HOME, "browser"), {
    executablePath: CHROMIUM, viewport: { width: 1400, height: 1000 },
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"] });
  try {
    page = await browser.newPage();
    page.setDefaultTimeout(SECONDS * 1000);
    const payload = JSON.stringify([["openFile", `vscode-remote://${address}${FILE}`]]);
    await page.goto(`http://${address}/?folder=${FOLDER}&payload=${encodeURIComponent(payload)}`);
    await page.locator(".monaco-editor .view-lines").click();
    for (const step of [colours, diagnostics, names, completion, fixedWhenSaved, missing]) await step();
  } catch (error) {
    await page?.screenshot({ path: `${RESULTS}.png` });
    throw error;
  } finally {
    await browser.close();
    process.kill(-server.pid);
    await once(server, "exit");
  }
}

await run().catch((error) => (results.trouble = String(error.stack)));
fs.writeFileSync(RESULTS, JSON.stringify(results));
process.exit(0); // what code-server started may hold its output open for a while
