// Looks at the bars of pages in a browser, light, dark and on a phone: `node availability.mjs <origin> <folder for screenshots>`.
// Each page has bars of every kind. Ends with an error that names the failed expectation.
import assert from "node:assert/strict";

import { isTooWide, launch, phone } from "./browser.mjs";

const [origin, shots] = process.argv.slice(2);
const { browser, open, judge, shoot } = await launch(shots);
const kinds = ["unknown", "pass", "warn", "fail"];

// The heights and colours of the bars of each kind, as the browser draws them.
const bars = (page) => page.$$eval(".availability svg", (pictures) => pictures.map((picture) =>
  Object.fromEntries([...picture.querySelectorAll("path")].map((path) =>
    [path.getAttribute("class"), { height: path.getBBox().height, fill: getComputedStyle(path).fill }]))));

try {
  for (const [name, path] of [["levels", "/health/levels"], ["check", "/health/checks/db"]]) {
    const page = await open(origin + path);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await judge(page, `${name}, ${scheme}`);
      await shoot(page, `availability-${name}-${scheme}`);
      const [hour] = await bars(page);
      assert.deepEqual(Object.keys(hour).sort(), [...kinds].sort(), "bars of every kind");
      const heights = kinds.map((kind) => hour[kind].height);
      assert.deepEqual(heights, [...heights].sort((a, b) => a - b), "the worse, the higher");
      assert.equal(new Set(heights).size, kinds.length, "kinds differ without colours");
      assert.equal(new Set(kinds.map((kind) => hour[kind].fill)).size, kinds.length, "and by colours");
    }
    await page.setViewport(phone);
    await judge(page, `${name}, phone`);
    assert.equal(await isTooWide(page), false, `${name}: a phone scrolls one way`);
    await shoot(page, `availability-${name}-phone`);
    await page.close();
  }
} finally {
  await browser.close();
}
