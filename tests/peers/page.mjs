// Reads the page as a browser does: `node page.mjs <url of the overview> <folder for screenshots>`. The service has a route
// `/turn`, which turns the check `db` over, `/slow`, which has reports take a while, and `/drain` and `/restart`. Ends
// with an error that says what was not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

const peers = createRequire(path.resolve(import.meta.dirname, "../../target/peers/package.json"));
const puppeteer = peers("puppeteer-core").default ?? peers("puppeteer-core");
const axe = readFileSync(peers.resolve("axe-core/axe.min.js"), "utf8");

const [url, shots] = process.argv.slice(2);
const root = new URL(url).origin;
mkdirSync(shots, { recursive: true });
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  protocolTimeout: 30_000,
});
const complaints = [];

async function open(address) {
  const page = await browser.newPage();
  // A browser says so of every document with such a status.
  const isOwnStatus = (text) => /Failed to load resource.*(503|404)/.test(text);
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type()) && !isOwnStatus(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    if (!request.url().endsWith("/events")) complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  await page.goto(address, { waitUntil: "load" });
  return page;
}

// By the DevTools protocol, which the page's own policy has no say in.
async function judge(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html} ${node.failureSummary}`));
  assert.deepEqual(told, [], what);
}

// To the end of the answer: a connection with half of one would keep this process from ending.
async function get(address, headers = {}) {
  const answer = await fetch(address, { headers });
  await answer.text();
  return answer.status;
}

const status = (page) => page.$eval('[data-check="db"]', (check) => check.dataset.status);
const shoot = (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });

try {
  const page = await open(url);
  await page.waitForFunction(() => document.getElementById("live").textContent.startsWith("Live"));
  await judge(page, "light");
  await shoot(page, "light");

  // Ages stand where times did, and still make a sentence.
  assert.match(await page.$eval('[data-check="legacy-partner"] .facts', (facts) => facts.textContent), /muted\s*ends in \d+ hr/);

  // What a reload would lose.
  await page.evaluate(() => { window.isStillHere = true; });
  await page.$eval("details", (details) => { details.open = true; });
  await page.focus('[data-check="db"] h3 a');
  await page.evaluate(() => scrollTo(0, 200));
  const before = await page.evaluate(() => ({ y: scrollY, open: document.querySelector("details[open]").id }));
  assert.equal(await status(page), "pass");
  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "fail", { timeout: 10_000 });
  const after = await page.evaluate(() => ({
    isStillHere: window.isStillHere,
    y: scrollY,
    open: document.querySelector("details[open]")?.id,
    focus: document.activeElement.textContent,
    news: document.getElementById("news").textContent,
    title: document.title,
    icon: document.getElementById("icon").href,
    verdict: document.querySelector(".verdict").textContent,
  }));
  assert.equal(after.isStillHere, true, "it was not reloaded");
  assert.deepEqual([after.y, after.open, after.focus], [before.y, before.open, "db"]);
  assert.match(after.news, /db: pass to fail/);
  assert.match(after.title, /^fail: /);
  assert.match(after.icon, /^data:image\/svg/);
  assert.match(after.verdict, /fail/);
  await judge(page, "failing");
  await shoot(page, "failing");

  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "pass", { timeout: 10_000 });
  assert.match(await page.$eval("#news", (news) => news.textContent), /db: fail to pass/);
  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "fail", { timeout: 10_000 });

  // What happens while the page waits for an answer is in the next one.
  const shows = (status) => page.waitForFunction((status) => document.querySelector('[data-check="db"]').dataset.status === status,
    { timeout: 10_000 }, status);
  await get(`${root}/slow`);
  const asks = page.waitForRequest((request) => request.url().includes("fragment"), { timeout: 10_000 });
  await get(`${root}/turn`);
  await asks;
  await new Promise((resolve) => setTimeout(resolve, 500));
  await get(`${root}/turn`);
  await shows("pass");
  await shows("fail");
  await get(`${root}/slow`);

  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await judge(page, "dark");
  await shoot(page, "dark");
  await page.setViewport({ width: 390, height: 844, isMobile: true, deviceScaleFactor: 2 });
  await judge(page, "phone, dark");
  await shoot(page, "phone-dark");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await judge(page, "phone");
  await shoot(page, "phone");
  const isTooWide = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;
  assert.equal(await page.evaluate(isTooWide), false, "a phone scrolls one way");

  for (const [name, address] of [
    ["check", `${url}/checks/db`], ["level", `${url}/levels/1`], ["group", `${url}/ready?format=html`],
    ["problem", `${url}/nothing`],
  ]) {
    const other = await open(address);
    await judge(other, name);
    await shoot(other, name);
    await other.setViewport({ width: 390, height: 844, isMobile: true, deviceScaleFactor: 2 });
    assert.equal(await other.evaluate(isTooWide), false, name);
    await shoot(other, `phone-${name}`);
    await other.close();
  }

  // Every link of the page leads somewhere.
  const hrefs = await page.$$eval("a[href]", (links) => links.map((link) => link.href));
  for (const href of new Set(hrefs.map((href) => href.split("#")[0]))) {
    const status = await get(href, { accept: "text/html" });
    assert.ok([200, 503].includes(status), `${href}: ${status}`);
  }

  // Without scripts nothing is missing but the news.
  const plain = await browser.newPage();
  await plain.setJavaScriptEnabled(false);
  await plain.goto(url);
  assert.equal(await status(plain), "fail");
  assert.match(await plain.$eval("time", (time) => time.textContent), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  assert.equal(await plain.$eval("#live", (live) => live.textContent), "Ask again");
  await shoot(plain, "plain");

  // The service goes away, and the page says so.
  await page.bringToFront();
  await get(`${root}/drain`);
  await page.waitForFunction(() => document.querySelector(".note")?.textContent.startsWith("Draining"), { timeout: 10_000 });
  await judge(page, "draining");
  await shoot(page, "draining");
  // The next one comes, and goes as well.
  await get(`${root}/restart`);
  await page.waitForFunction(() => !document.querySelector(".note"), { timeout: 15_000 });
  await get(`${root}/drain`);
  await page.waitForFunction(() => document.querySelector(".note"), { timeout: 10_000 });
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
