// A browser for tests of the page: `open` shows an address, `judge` asks axe about accessibility, `shoot` keeps a picture.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

const peers = createRequire(path.resolve(import.meta.dirname, "../../target/peers/package.json"));
const puppeteer = peers("puppeteer-core").default ?? peers("puppeteer-core");
const axe = readFileSync(peers.resolve("axe-core/axe.min.js"), "utf8");

export const phone = { width: 390, height: 844, isMobile: true, deviceScaleFactor: 2 };

export async function launch(shots) {
  mkdirSync(shots, { recursive: true });
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
    // A visible browser, in which the page follows the events.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-blink-features=AutomationControlled"],
    protocolTimeout: 30_000,
  });
  const complaints = [];
  return {
    browser,
    complaints,

    async open(address, credentials) {
      // The browser remembers credentials for all pages of a context.
      const page = await (credentials ? await browser.createBrowserContext() : browser).newPage();
      if (credentials) await page.authenticate(credentials);
      // A browser logs this for every document with such a status.
      const isOwnStatus = (text) => /Failed to load resource.*(503|404|400)/.test(text);
      page.on("console", (message) => {
        if (["error", "warn"].includes(message.type()) && !isOwnStatus(message.text())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("requestfailed", (request) => {
        if (!request.url().endsWith("/events")) complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
      });
      await page.goto(address, { waitUntil: "load" });
      return page;
    },

    // The DevTools protocol is not subject to the policy of the page.
    async judge(page, what) {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      const told = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html} ${node.failureSummary}`));
      assert.deepEqual(told, [], what);
    },

    shoot: (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true }),
  };
}

export const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
