// What the house answers again and again: a list below a field, found by typing; a tap puts the words into the field, in
// the guest's language.
import { call, ok, trouble } from "staff/house.js";
import { at, part, plain, put, say, speak } from "staff/words.js";

// `about`: of whom the words speak: `property`, `language`, `stay`, `contact`; `service` is the one that is answered about.
// `insert(text)` takes what is picked. Gives the list, or nothing without anybody to speak to.
export function answers(place, about, insert) {
  const node = part("answers");
  const filter = node.querySelector("input");
  let found;
  node.addEventListener("toggle", async () => {
    if (!node.open) return;
    found ??= await ask(about, node);
    if (!found) return;
    draw(node, found, filter.value, pick);
    filter.focus();
  });
  const pick = (text) => {
    node.open = false;
    filter.value = "";
    insert(text);
  };
  filter.addEventListener("input", () => found && draw(node, found, filter.value, pick));
  node.addEventListener("keydown", (event) => walk(event, node));
  place.replaceChildren(node);
}

async function ask({ property = "", language = "", stay = "", contact = "", service = "" }, node) {
  const wanted = Object.entries({ property, language, stay, contact }).filter(([, value]) => value);
  const answer = await call("GET", `house/answers?${new URLSearchParams(wanted)}`);
  if (!ok(answer.status)) return speak(at(node, "told"), trouble(answer));
  const whole = answer.data.answers.filter(({ open }) => !open.length);
  const isFor = ({ services }) => Boolean(service) && services.includes(service);
  return [...whole.filter(isFor), ...whole.filter((each) => !isFor(each))];
}

function draw(node, found, typed, pick) {
  const words = folded(typed).split(/\s+/).filter(Boolean);
  const shown = found.filter(({ title, text }) => words.every((word) => folded(`${title} ${text}`).includes(word)));
  at(node, "list").replaceChildren(...shown.map((each) => choice(each, pick)));
  speak(at(node, "told"), shown.length ? "" : say(found.length ? "answers_none" : "no_answers"));
}

function choice({ title, text, language }, pick) {
  const row = part("answer");
  put(at(row, "title"), title);
  put(at(row, "text"), text);
  at(row, "text").lang = language;
  row.querySelector("button").addEventListener("click", () => pick(plain(text)));
  return row;
}

const folded = (text) => plain(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function close(node) {
  node.open = false;
  node.querySelector("summary").focus();
}

// Up and down between the field and the answers; Enter in the field takes the first, Escape closes.
function walk(event, node) {
  const stops = [node.querySelector("input"), ...node.querySelectorAll("li button")];
  const place = stops.indexOf(event.target);
  const next = { ArrowDown: stops[place + 1], ArrowUp: stops[place - 1] }[event.key];
  if (event.key === "Enter" && place === 0) stops[1]?.click();
  else if (event.key === "Escape" && node.open) close(node);
  else if (next && place >= 0) next.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
