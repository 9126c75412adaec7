(() => {
  "use strict";
  // Milliseconds between two requests, and without any event. Each request may run checks.
  const MIN_INTERVAL = 2000, MAX_INTERVAL = 30000;
  // Smallest number of checks that can be filtered.
  const MIN_FILTERED = 8;
  const events = document.body.dataset.events;
  const live = document.getElementById("live");
  const news = document.getElementById("news");
  let etag = "", askedAt = Date.now(), timer = 0, draining = false, source;
  // The response may lack changes that happen during the request.
  let asking = false, again = false;
  const told = new Map();
  // Only what a person has opened or closed stays so when the page changes.
  const toggled = new Set();
  document.addEventListener("click", (event) => {
    const details = event.target.closest?.("summary")?.parentElement;
    if (details) toggled.add(details.id);
  });

  const statuses = () =>
    new Map([...document.querySelectorAll("[data-check]")].map((check) => [check.dataset.check, check.dataset.status]));

  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const words = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
  function ages() {
    for (const time of document.querySelectorAll("time")) {
      const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
      const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units.at(-1);
      time.title ||= time.textContent;
      const text = seconds ? words.format(Math.round(seconds / length), unit) : "now";
      if (time.textContent !== text) time.textContent = text;
    }
  }

  function later(delay) {
    if (asking) return void (again ||= delay === 0);
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(delay, askedAt + MIN_INTERVAL - Date.now()));
  }

  async function ask() {
    askedAt = Date.now();
    // A refresh would discard the text that a person has selected.
    if (!getSelection().isCollapsed) return later(MIN_INTERVAL);
    asking = true;
    again = false;
    try {
      const url = new URL(location.href);
      url.hash = "";
      url.searchParams.set("format", "html");
      url.searchParams.set("fragment", "true");
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(url, { cache: "no-store", headers, signal: AbortSignal.timeout(MAX_INTERVAL) });
      if (answer.status === 200) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const main = page.querySelector("main");
        if (main) {
          etag = answer.headers.get("etag") ?? "";
          show(main);
        }
      }
    } catch {
      // The server is away. It is asked again.
    }
    asking = false;
    later(again ? 0 : MAX_INTERVAL);
    compare();
  }

  // Asks for what was told and is not shown.
  function compare() {
    if (asking) return;
    const shown = statuses();
    if ([...told].some(([check, status]) => shown.has(check) && shown.get(check) !== status)) later(0);
    told.clear();
  }

  function show(main) {
    const before = statuses();
    const old = document.getElementById("main");
    const kept = [...old.querySelectorAll("details")].filter((details) => toggled.has(details.id));
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const links = (root, href) => [...root.querySelectorAll("a[href]")].filter((link) => link.getAttribute("href") === href);
    const href = focused?.getAttribute("href");
    const place = href ? links(old, href).indexOf(focused) : -1;
    const control = focused?.closest("[data-operate]") ? keyOf(focused) : "";
    const [start, end] = control ? [focused.selectionStart, focused.selectionEnd] : [];
    const typed = [...controls(old)].filter(([, { value, defaultValue }]) => defaultValue !== undefined && value !== defaultValue);
    const { scrollX, scrollY } = window;
    old.replaceWith(document.adoptNode(main));
    const now = controls(main);
    for (const [key, { value }] of typed) if (now.has(key)) now.get(key).value = value;
    for (const { id, open } of kept) document.getElementById(id)?.toggleAttribute("open", open);
    // Before it is scrolled: both change how long the page is.
    filter();
    ages();
    if (focused) {
      const again = control ? now.get(control) ?? now.get(`run ${control.slice(control.indexOf(" ") + 1)}`)
        : href ? links(main, href)[place] : focused.localName === "summary"
        ? document.getElementById(focused.parentElement.id)?.querySelector("summary") : main.querySelector(focused.localName);
      again?.focus({ preventScroll: true });
      if (start !== undefined && again?.localName === "input") again.setSelectionRange(start, end);
    }
    scrollTo(scrollX, scrollY);
    document.title = main.dataset.title;
    document.getElementById("icon").href = main.dataset.icon;
    const changes = [];
    for (const check of main.querySelectorAll("[data-check]")) {
      const was = before.get(check.dataset.check);
      if (was && was !== check.dataset.status) {
        check.classList.add("changed");
        changes.push(`${check.dataset.check}: ${was} to ${check.dataset.status}`);
      }
    }
    if (changes.length) news.textContent = changes.join(". ");
  }

  // The controls of checks that the caller may operate. None works without this script.
  const keyOf = (control) => `${control.name} ${control.closest("[data-check]").dataset.check}`;
  function controls(root) {
    for (const place of root.querySelectorAll("[data-operate]")) place.hidden = false;
    return new Map([...root.querySelectorAll("[data-operate] :is(button, input)")].map((control) => [keyOf(control), control]));
  }

  const said = {
    run: ({ status, muted }) => `ran: ${status}${muted ? ", muted" : ""}.`,
    mute: ({ muted }) => `is muted until ${new Date(muted.until).toLocaleString("en")}: ${muted.reason}`,
    unmute: () => "counts again.",
  };
  const notice = document.getElementById("notice");
  function say(text) {
    notice.textContent = text;
    news.textContent = text;
  }

  async function operate(control, body) {
    const verb = control.getAttribute("name"), place = control.closest("[data-operate]");
    const { check } = control.closest("[data-check]").dataset;
    if (place.getAttribute("aria-busy") === "true") return;
    place.setAttribute("aria-busy", "true");
    // A muted check would fold.
    toggled.add(place.closest("details")?.id);
    say(`${check}: ${verb} …`);
    try {
      const headers = { "Content-Type": "application/json", Accept: "application/json" };
      const signal = AbortSignal.timeout(MAX_INTERVAL);
      const answer = await fetch(`${place.dataset.operate}/${verb}`, { method: "POST", headers, body: JSON.stringify(body), signal });
      const text = await answer.json().catch(() => ({}));
      if (answer.ok) control.reset?.();
      say(`${check} ${answer.ok ? said[verb](text) : `was not changed by ${verb}: ${text.detail ?? answer.statusText}.`}`);
    } catch {
      say(`${check}: no answer to ${verb} from the server.`);
    }
    place.removeAttribute("aria-busy");
    askedAt = 0;
    later(0);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-operate] > button");
    if (button) operate(button, {});
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    operate(event.target, Object.fromEntries(new FormData(event.target)));
  });

  const bar = document.getElementById("filter");
  const [wanted, troubled] = bar.querySelectorAll("input");
  function filter() {
    const checks = [...document.querySelectorAll(".checks > li")];
    bar.hidden = checks.length < MIN_FILTERED;
    const parts = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of checks) {
      const check = item.querySelector("[data-check]");
      const text = item.textContent.toLowerCase();
      const isShown = bar.hidden || (parts.every((part) => text.includes(part)) && !(troubled.checked && check.dataset.status === "pass"));
      item.hidden = !isShown;
      shown += isShown;
    }
    const isFiltering = !bar.hidden && (parts.length > 0 || troubled.checked);
    for (const section of document.querySelectorAll("main > section")) {
      const list = section.querySelector(":scope > .checks, :scope > .empty");
      if (list) section.hidden = isFiltering && !list.querySelector(":scope > li:not([hidden])");
    }
    const count = isFiltering ? `${shown} of ${checks.length} checks` : "";
    const output = document.getElementById("filter-count");
    if (output.textContent !== count) output.textContent = count;
  }

  // A link to a check that is filtered out, or folded, shows it.
  document.addEventListener("click", (event) => {
    const href = event.target.closest?.("a[href^='#']")?.getAttribute("href");
    const target = href && document.getElementById(href.slice(1));
    if (!target) return;
    target.closest("li")?.removeAttribute("hidden");
    target.closest("section")?.removeAttribute("hidden");
    target.querySelector(".card")?.setAttribute("open", "");
  });

  function follow() {
    // Some pages are to be seen by who may not follow the events. And a program that drives a browser to take a picture or
    // to print waits until nothing loads any more, which a stream never comes to.
    if (!events || navigator.webdriver) return void (live.textContent = "Refreshes every 30 seconds.");
    source = new EventSource(events);
    source.onopen = () => { live.textContent = "Live: changes appear as they happen."; };
    source.onerror = () => {
      live.textContent = "Not live at the moment: refreshes every 30 seconds.";
      // The browser does not reconnect after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(follow, MAX_INTERVAL);
    };
    source.addEventListener("state", (event) => {
      const state = JSON.parse(event.data);
      // The sender may be another instance.
      if (draining && !state.draining) later(0);
      draining &&= state.draining;
      for (const [check, { status }] of Object.entries(state.checks)) told.set(check, status);
      compare();
    });
    source.addEventListener("change", (event) => {
      const { check, to } = JSON.parse(event.data);
      told.set(check, to);
      compare();
    });
    source.addEventListener("checks", () => later(0));
    source.addEventListener("missed", () => later(0));
    // The event is repeated after each reconnect.
    source.addEventListener("draining", () => { if (!draining) later(0); draining = true; });
  }

  bar.addEventListener("input", filter);
  filter();
  ages();
  controls(document);
  setInterval(ages, 1000);
  later(MAX_INTERVAL);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) later(0); });
  follow();
})();
