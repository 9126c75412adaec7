// Operates checks in a browser: `node operations.mjs <origin> <folder for screenshots>`. Ada may operate the checks of the
// service, and Grace may only look. Ends with an error that names the failed expectation.
import assert from "node:assert/strict";

import { isTooWide, launch, phone } from "./browser.mjs";

const [origin, shots] = process.argv.slice(2);
const { browser, complaints, open, judge, shoot } = await launch(shots);
const ada = { username: "ada", password: "secret" }, grace = { username: "grace", password: "secret" };
const db = "[data-check='db']";
const says = (page, text) =>
  page.waitForFunction((text) => document.getElementById("notice").textContent.includes(text), { timeout: 5000 }, text);

try {
  const looking = await open(`${origin}/health`, grace);
  assert.equal(await looking.$("[data-operate]"), null, "no controls for a caller without the right");
  await looking.close();

  const page = await open(`${origin}/health`, ada);
  assert.ok(await page.$eval(`${db} [data-operate]`, (controls) => controls.checkVisibility()));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await judge(page, `overview, ${scheme}`);
    await shoot(page, `operations-${scheme}`);
  }

  // With the keyboard alone.
  await page.focus(`${db} button[name=run]`);
  await page.keyboard.press("Enter");
  await says(page, "db ran: fail");
  await page.focus(`${db} input[name=for]`);
  await page.$eval(`${db} input[name=for]`, (input) => input.select());
  await page.keyboard.type("soon");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a migration");
  await page.keyboard.press("Enter");
  await says(page, "db was not changed by mute: `for`: `soon` is not a valid duration");
  // The page was loaded anew meanwhile, and nothing that was typed is lost.
  await new Promise((done) => setTimeout(done, 3000));
  const typed = () => page.$$eval(`${db} input`, (inputs) => inputs.map((input) => input.value));
  assert.deepEqual(await typed(), ["soon", "a migration"]);
  assert.equal(await page.evaluate(() => document.activeElement.name), "reason", "the focus stays");
  await judge(page, "with a failure in words");
  await shoot(page, "operations-refused");
  await page.$eval(`${db} input[name=for]`, (input) => { input.value = "2h"; });
  await page.keyboard.press("Enter");
  await says(page, "db is muted until");
  await page.waitForSelector(`${db} button[name=unmute]`, { timeout: 5000, visible: true });
  const text = await page.$eval(db, (check) => check.textContent);
  assert.ok(text.includes("a migration") && text.includes("(by ada)"), text);
  assert.deepEqual(await typed(), ["1h", ""]);
  await judge(page, "muted");
  await shoot(page, "operations-muted");
  await page.focus(`${db} button[name=unmute]`);
  await page.keyboard.press("Space");
  await says(page, "db counts again.");
  await page.waitForSelector(`${db} button[name=unmute]`, { timeout: 5000, hidden: true });
  await page.close();

  const check = await open(`${origin}/health/checks/db`, ada);
  await check.setViewport(phone);
  await check.click(`${db} button[name=run]`);
  await says(check, "db ran: fail");
  await judge(check, "one check, phone");
  assert.equal(await isTooWide(check), false, "a phone scrolls one way");
  await shoot(check, "operations-phone");
  // A page that is closed aborts its requests.
  assert.deepEqual(complaints.filter((text) => !text.includes("ERR_ABORTED")), []);
} finally {
  await browser.close();
}
