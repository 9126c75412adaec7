// Reads the page in a browser: `node page.mjs <url of the overview> <folder for screenshots>`. The service has the routes
// `/turn`, which changes the status of `db`, `/slow`, which delays reports, `/drain` and `/restart`. Ends with an error
// that names the failed expectation.
import assert from "node:assert/strict";

import { isTooWide, launch, phone } from "./browser.mjs";

const [url, shots] = process.argv.slice(2);
const root = new URL(url).origin;
const { browser, complaints, open, judge, shoot } = await launch(shots);

// Reads to the end: a connection with half a response would keep this process from ending.
async function get(address, headers = {}) {
  const answer = await fetch(address, { headers });
  await answer.text();
  return answer.status;
}

const status = (page) => page.$eval('[data-check="db"]', (check) => check.dataset.status);

try {
  const page = await open(url);
  await page.waitForFunction(() => document.getElementById("live").textContent.startsWith("Live"));
  await judge(page, "light");
  await shoot(page, "light");

  // Ages replace times, and still form a sentence.
  assert.match(await page.$eval('[data-check="legacy-partner"] .facts', (facts) => facts.textContent), /muted\s*ends in \d+ hr/);

  // State that a reload would lose.
  await page.evaluate(() => { window.isStillHere = true; });
  await page.click('[data-check="storage"] summary');
  await page.click('[data-check="billing"] .card > summary');
  await page.focus('[data-check="db"] summary');
  await page.evaluate(() => scrollTo(0, 200));
  const before = await page.evaluate(() => ({
    y: scrollY,
    open: ["storage", "billing"].map((name) => document.querySelector(`[data-check="${name}"] .card`).open),
  }));
  assert.deepEqual(before.open, [true, false], "a person opened one and closed the other");
  assert.equal(await status(page), "pass");
  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "fail", { timeout: 10_000 });
  const after = await page.evaluate(() => ({
    isStillHere: window.isStillHere,
    y: scrollY,
    open: ["storage", "billing"].map((name) => document.querySelector(`[data-check="${name}"] .card`).open),
    focus: document.activeElement.closest("[data-check]")?.dataset.check,
    opened: document.querySelector('[data-check="db"] .card').open,
    news: document.getElementById("news").textContent,
    title: document.title,
    icon: document.getElementById("icon").href,
    verdict: document.querySelector(".verdict").textContent,
  }));
  assert.equal(after.isStillHere, true, "it was not reloaded");
  assert.deepEqual([after.y, after.open, after.focus], [before.y, before.open, "db"]);
  assert.equal(after.opened, true, "a check that begins to fail unfolds");
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

  // Changes while the page waits for a response are in the next one.
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
  await page.setViewport(phone);
  await judge(page, "phone, dark");
  await shoot(page, "phone-dark");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await judge(page, "phone");
  await shoot(page, "phone");
  assert.equal(await isTooWide(page), false, "a phone scrolls one way");

  for (const [name, address] of [
    ["check", `${url}/checks/db`], ["level", `${url}/levels/1`], ["group", `${url}/ready?format=html`],
    ["problem", `${url}/nothing`],
  ]) {
    const other = await open(address);
    await judge(other, name);
    await shoot(other, name);
    await other.setViewport(phone);
    assert.equal(await isTooWide(other), false, name);
    await shoot(other, `phone-${name}`);
    await other.close();
  }

  // Filters stay when the page changes.
  const visible = () => page.$$eval(".checks > li:not([hidden]) [data-check]", (checks) => checks.map((check) => check.dataset.check));
  await page.type("#filter-words", "memory");
  assert.deepEqual(await visible(), ["memory"]);
  assert.equal(await page.$eval("#filter-count", (count) => count.textContent), "1 of 9 checks");
  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "pass", { timeout: 10_000 });
  assert.deepEqual(await visible(), ["memory"]);
  await get(`${root}/turn`);
  await page.waitForFunction(() => document.querySelector('[data-check="db"]').dataset.status === "fail", { timeout: 10_000 });
  await page.$eval("#filter-words", (words) => { words.value = ""; });
  await page.click("#filter-troubled");
  assert.ok(!(await visible()).includes("memory") && (await visible()).includes("db"));
  await page.click("#filter-troubled");
  assert.equal((await visible()).length, 9);

  // Every link of the page leads somewhere.
  const hrefs = await page.$$eval("a[href]", (links) => links.map((link) => link.href));
  for (const href of new Set(hrefs.map((href) => href.split("#")[0]))) {
    const status = await get(href, { accept: "text/html" });
    assert.ok([200, 503].includes(status), `${href}: ${status}`);
  }

  // Without scripts only live changes are missing.
  const plain = await browser.newPage();
  await plain.setJavaScriptEnabled(false);
  await plain.goto(url);
  assert.equal(await status(plain), "fail");
  assert.match(await plain.$eval("time", (time) => time.textContent), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  assert.equal(await plain.$eval("#live", (live) => live.textContent), "Refresh");
  await shoot(plain, "plain");

  // The service stops, and the page shows it.
  await page.bringToFront();
  await get(`${root}/drain`);
  await page.waitForFunction(() => document.querySelector(".note")?.textContent.startsWith("Draining"), { timeout: 10_000 });
  assert.match(await page.$eval(".groups", (groups) => groups.textContent), /ready\s*fail\s*draining/);
  await judge(page, "draining");
  await shoot(page, "draining");
  // The next one starts, and stops as well.
  await get(`${root}/restart`);
  await page.waitForFunction(() => !document.querySelector(".note"), { timeout: 15_000 });
  await get(`${root}/drain`);
  await page.waitForFunction(() => document.querySelector(".note"), { timeout: 10_000 });
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
