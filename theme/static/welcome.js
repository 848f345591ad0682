// What a tap does on an opened page, and what time does to it. open.js opened the seal; without it all of this still works.
const main = document.querySelector("main");
const page = window.guestlink ?? {};
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const sections = "main > .list > details";
let cards = [];
let nextEnd;

// -- codes end by the phone's clock, and leave the text of the sections --
function mark() {
  const now = Date.now();
  const ends = cards.map((card) => card.dataset.until * 1000).filter((end) => end > now);
  for (const card of cards) {
    const over = card.dataset.until * 1000 <= now;
    card.toggleAttribute("data-over", over);
    all(".valid", card).forEach((line) => (line.hidden = over));
    all(".ended", card).forEach((line) => (line.hidden = !over));
  }
  for (const span of all("span[data-secret]")) {
    span.dataset.words ??= span.textContent;
    const shown = cards.filter((card) => card.dataset.name === span.dataset.secret && !("over" in card.dataset));
    const values = shown.flatMap((card) => all("[data-inline]", card)).map((value) => value.cloneNode(true));
    const listed = values.flatMap((value, at) => (at ? [" / ", value] : [value]));
    span.replaceChildren(...(listed.length ? listed : [span.dataset.words]));
  }
  clearTimeout(nextEnd);
  if (ends.length) nextEnd = setTimeout(mark, Math.min(Math.min(...ends) - now + 500, 3600000));
}

// -- open now, in the house's own time: minutes since its midnight, over yesterday and a week --
const DAY = 1440;
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const clock = (style, minutes) =>
  new Intl.DateTimeFormat(locale, { ...style, timeZone: "UTC" }).format(new Date(minutes * 60000));

// The date and time on the clocks of the house, counted in minutes as if they were UTC.
function minutesThere() {
  const style = { timeZone: main.dataset.zone || undefined, dateStyle: "short", timeStyle: "short" };
  const there = new Intl.DateTimeFormat("sv", style).format(new Date());
  return Date.parse(there.replace(" ", "T") + "Z") / 60000;
}

function isOn(day, from, until) {
  const [at, first, last] = [day, from, until ?? from].map((name) => days.indexOf(name));
  return !from || (first <= last ? first <= at && at <= last : at >= first || at <= last);
}

// The spans from yesterday to a week from now; those that touch are one.
function spans({ hours, closed = "" }, midnight) {
  const lines = hours.split(";").map((line) => /^(?:(\w{3})(?:-(\w{3}))? )?(\d+):(\d+)-(\d+):(\d+)$/.exec(line.trim()));
  const found = [];
  for (let start = midnight - DAY; start < midnight + 8 * DAY; start += DAY) {
    const date = new Date(start * 60000);
    const name = days[date.getUTCDay()];
    if (closed.split(" ").some((word) => word === name || word === date.toISOString().slice(0, 10))) continue;
    for (const [, from, until, ...clock] of lines.filter((line) => line && isOn(name, line[1], line[2]))) {
      const [hour, minute, lastHour, lastMinute] = clock.map(Number);
      const [opens, closes] = [hour * 60 + minute, lastHour * 60 + lastMinute];
      found.push([start + opens, start + closes + (closes <= opens ? DAY : 0)]);
    }
  }
  return found.sort((one, other) => one[0] - other[0]).reduce((merged, span) => {
    const last = merged.at(-1);
    if (last && span[0] <= last[1]) last[1] = Math.max(last[1], span[1]);
    else merged.push(span);
    return merged;
  }, []);
}

function openNow(times) {
  const now = minutesThere();
  const midnight = now - (now % DAY);
  const found = spans(times, midnight);
  const open = found.find(([from, until]) => from <= now && now < until);
  const next = found.find(([from]) => from > now)?.[0];
  const time = (minutes) => clock({ timeStyle: "short" }, minutes);
  if (open) return open[1] - now > 5 * DAY ? ["open_now"] : ["open_until", { time: time(open[1]) }];
  if (next < midnight + DAY) return ["closed_opens", { time: time(next) }];
  const earlier = found.some(([from]) => from >= midnight && from < now);
  if (!earlier || !next) return ["closed_today"];
  return ["closed_until", { moment: clock({ weekday: "long", hour: "numeric", minute: "2-digit" }, next) }];
}

function sayHours() {
  if (!page.words || document.hidden) return;
  for (const entry of all("[data-hours]")) {
    const [name, values] = openNow(entry.dataset);
    let line = entry.querySelector(":scope > .soon");
    if (!line) {
      line = Object.assign(document.createElement("p"), { className: "soon" });
      entry.querySelector("h3").after(line);
    }
    line.dataset.open = name.startsWith("open") ? "yes" : "no";
    const text = say(name, values);
    if (line.textContent !== text) line.textContent = text;
  }
}

function say(name, values = {}) {
  return (page.words?.[name] ?? "").replace(/\{(\w+)\}/g, (hole, key) => values[key] ?? hole);
}

// -- search: without accents, case, hyphens; the two kana are one, so are the forms of alef, ya and ta --
function plain(text) {
  return text
    .normalize("NFKD")
    .replace(/(?![\u3099\u309a])\p{M}|[\p{Pd}\p{Cf}\u0640'’.]/gu, "")
    .toLowerCase()
    .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 96))
    .replace(/ß/g, "ss")
    .replace(/ى/g, "ي")
    .replace(/ة/g, "ه");
}

// Which sections were open when the search began.
let before = null;

function search(field) {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  const has = (element) => {
    const parts = [...(element?.childNodes ?? [])].filter((node) => !node.matches?.(".order, form"));
    const text = plain(parts.map((node) => node.textContent).join(" "));
    return words.every((word) => text.includes(word));
  };
  before ??= new Map(all(sections).map((section) => [section, section.open]));
  let count = 0;
  for (const section of all(sections)) {
    const entries = all(".entries > li", section);
    const whole = has(section.querySelector("summary h2"));
    const hits = entries.filter(has);
    const hit = words.length === 0 || whole || hits.length > 0 || (!entries.length && has(section));
    entries.forEach((entry) => (entry.hidden = !whole && hits.length > 0 && !hits.includes(entry)));
    section.hidden = !hit && section.parentElement.id === "House";
    section.open = (words.length && hit) || (before.get(section) ?? false);
    section.toggleAttribute("data-hit", hit && words.length > 0);
    if (hit) count += hits.length || 1;
  }
  if (!words.length) before = null;
  for (const section of all("#Emergency")) {
    const hit = words.length > 0 && has(section);
    section.toggleAttribute("data-hit", hit);
    if (hit) count += 1;
  }
  const found = field.form.querySelector("[data-of=found]");
  const values = { n: count.toLocaleString(locale), text: field.value.trim() };
  found.textContent = words.length ? say(count ? "found" : "nothing", values) : "";
}

function endSearch() {
  const field = document.querySelector("[data-slot=search] input");
  if (!field?.value) return;
  field.value = "";
  search(field);
}

const searched = (event) => event.target.closest?.("[data-slot=search] input");
addEventListener("input", (event) => searched(event) && search(event.target));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !searched(event) || !event.target.value) return;
  event.preventDefault();
  endSearch();
});
addEventListener("submit", (event) => {
  if (!event.target.closest("[data-slot=search]")) return;
  event.preventDefault();
  const first = document.querySelector("[data-hit]");
  if (first) go(first.querySelector("summary") ?? first);
});

// -- what a tap does --
function reveal(link) {
  const wanted = cards.find((card) => card.dataset.name === link.dataset.first && !("over" in card.dataset));
  const target = wanted ?? document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) return;
  if (target.closest("[hidden]")) endSearch();
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  go(target, wanted ? "center" : "start");
}

function go(target, block = "start") {
  if (!target.matches("a, button, input, summary")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block });
}

async function copy(button) {
  const value = button.closest(".code")?.querySelector(".value");
  if (!value) return;
  const label = (button.dataset.label ??= button.textContent);
  let copied = true;
  try {
    await navigator.clipboard.writeText(value.textContent);
  } catch {
    // The marked text is also what the guest sees when nothing else helps.
    getSelection().selectAllChildren(value);
    copied = document.execCommand("copy");
  }
  button.textContent = copied ? button.dataset.copy : say("copy_yourself") || label;
  setTimeout(() => (button.textContent = label), copied ? 2000 : 8000);
}

// A place opens in the phone's own map; everywhere else the link stays what it is.
const isTablet = navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1;

function toMap(link) {
  const { mlat, mlon, query } = Object.fromEntries(new URL(link.href).searchParams);
  const at = mlat && mlon ? `${mlat},${mlon}` : "";
  if (!at && !query) return;
  const name = link.closest("li")?.querySelector("h3")?.textContent.trim() ?? "";
  const encoded = encodeURIComponent;
  if (/Android/.test(navigator.userAgent)) {
    link.href = at ? `geo:${at}?q=${at}${name && `(${encoded(name)})`}` : `geo:0,0?q=${encoded(query)}`;
  } else if (/iPhone|iPad|iPod/.test(navigator.userAgent) || isTablet) {
    link.href = "https://maps.apple.com/?" + (at ? `ll=${at}&q=${encoded(name || at)}` : `q=${encoded(query)}`);
  }
}

addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link?.getAttribute("href")?.startsWith("#")) {
    // The address keeps its key.
    event.preventDefault();
    reveal(link);
  }
  if (link?.href.startsWith("https://www.openstreetmap.org/")) toMap(link);
  const button = event.target.closest("button");
  if (button?.dataset.copy) copy(button);
  if (button?.dataset.print) paper(button.dataset.print);
  const fold = event.target.closest("summary")?.parentElement;
  if (fold?.id && fold.matches(sections) && !before) remember(fold.id, !fold.open);
});

// -- which sections a guest left open --
const folds = `guestlink:${main.dataset.slug}:folds`;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(folds)) ?? {};
  } catch {
    return {};
  }
}

// A browser that keeps nothing folds as the page does.
function remember(id, open) {
  try {
    localStorage.setItem(folds, JSON.stringify({ ...remembered(), [id]: open }));
  } catch {}
}

// -- paper: the arrival card, or everything --
let unfolded = [];

function paper(what) {
  if (what === "guide") document.documentElement.dataset.print = what;
  print();
}

addEventListener("beforeprint", () => {
  if (!document.documentElement.dataset.print) return;
  endSearch();
  unfolded = all("main .list details:not([open], .order)").filter((fold) => !fold.closest(".code"));
  unfolded.forEach((section) => (section.open = true));
});
addEventListener("afterprint", () => {
  unfolded.splice(0).forEach((section) => (section.open = false));
  delete document.documentElement.dataset.print;
});

// -- opening --
function refresh() {
  mark();
  sayHours();
}

addEventListener("visibilitychange", refresh);
addEventListener("pageshow", refresh);
addEventListener("hashchange", () => location.reload());
addEventListener("guestlink:sheet", sayHours);
setInterval(sayHours, 30000);

const opened = (await page.opened) ?? {};
if (page.key) all("a[hreflang]").forEach((link) => (link.hash = page.key));
cards = opened.cards ?? [];
for (const [id, open] of Object.entries(remembered())) {
  const section = document.getElementById(id);
  if (section?.matches(sections)) section.open = open;
}
refresh();
