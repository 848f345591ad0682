// What was said, by side: days between, notes of the house among it, files, what became of each message of ours.
import { call, ok } from "staff/house.js";
import { dayOf, kindOf, weight } from "staff/talk_words.js";
import { at, locale, part, plain, put, say, speak } from "staff/words.js";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const ASIDES = ["reaction", "edit", "revoke"]; // stand at the message that they are about
const SHOWN = /^image\/(jpeg|png|webp)$/;
const HEARD = /^audio\//;
const UNSURE = ["dead", "in_doubt"];
const HEAVY = /(?<![\p{L}\d*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\p{L}\d*])/u;
const QUOTED = 120; // characters

const filed = (id) => `/api/house/media/${encodeURIComponent(id)}`;

// Draws `talk` into a list: what stands there already and has not changed stays as it is, playing or selected.
export class Bubbles {
  #list; #decide; #nodes = new Map(); // id -> {key, node}

  // `decide(message, noun)` is called when somebody chooses what becomes of one that could not be sent.
  constructor(list, decide) {
    [this.#list, this.#decide] = [list, decide];
  }

  draw({ thread, messages, pending, isReadOnly }) {
    const kept = new Map();
    let [place, day] = [0, ""];
    const stand = (id, key, make) => {
      const known = this.#nodes.get(id);
      const node = known?.key === key ? known.node : make();
      if (known && known.node !== node) known.node.replaceWith(node);
      if (this.#list.children[place] !== node) this.#list.insertBefore(node, this.#list.children[place] ?? null);
      kept.set(id, { key, node });
      place += 1;
    };
    for (const each of inOrder(thread, messages, pending)) {
      const on = dayOf(each.at);
      if (on !== day) stand(`day ${on}`, on, () => dayLine(on));
      day = on;
      const about = { thread, isReadOnly, ...asides(each, messages) };
      stand(each.id, JSON.stringify([each, about.reaction, about.edited, about.isTakenBack, about.isFollowed, about.quoted?.id, isReadOnly]), () =>
        each.words === undefined ? this.#bubble(each, about) : noteLine(each));
    }
    for (const [id, { node }] of this.#nodes) if (!kept.has(id)) node.remove();
    this.#nodes = kept;
  }

  #bubble(message, about) {
    const node = part("bubble");
    node.id = `said-${message.id}`;
    const isOurs = message.direction === "out";
    node.classList.add(isOurs ? "ours" : "theirs");
    node.classList.toggle("automatic", message.automatic);
    from(node, message, about.thread, isOurs);
    quote(at(node, "quote"), message, about.quoted);
    file(at(node, "file"), message);
    place(at(node, "place"), message.place);
    formatted(at(node, "said"), about.edited || message.text);
    speak(at(node, "kind"), message.media ? "" : kindOf(message));
    speak(at(node, "aside"), about.isTakenBack ? say("taken_back") : about.edited ? say("edited") : "");
    put(at(node, "at"), clock.format(new Date(message.at)));
    at(node, "at").dateTime = new Date(message.at).toISOString();
    if (isOurs) fate(node, message, about);
    if (about.reaction) speak(at(node, "reaction"), say("reacted", { words: about.reaction }));
    else at(node, "reaction").hidden = true;
    const isUnsure = isOurs && (UNSURE.includes(message.state) || message.isUnknown);
    at(node, "choices").hidden = !isUnsure || about.isReadOnly;
    if (isUnsure) for (const button of at(node, "choices").querySelectorAll("button")) button.addEventListener("click", () => this.#decide(message, button.dataset.noun, button));
    return node;
  }
}

// Messages and notes as they came; what is on its way stands last.
function inOrder(thread, messages, pending) {
  const first = messages[0]?.id ?? "";
  const notes = thread.notes.filter(({ id }) => !thread.next || id > first);
  const ids = new Set(messages.map(({ id }) => id));
  const said = messages.filter(({ kind, answers }) => !ASIDES.includes(kind) || !ids.has(answers));
  return [...said, ...notes].sort((one, other) => (one.id < other.id ? -1 : 1)).concat(pending);
}

// What else is known of a message: which one it answers, what a guest did with it afterwards.
function asides({ id, answers }, messages) {
  const about = messages.filter((each) => each.answers === id && ASIDES.includes(each.kind));
  const last = (kind) => about.filter((each) => each.kind === kind).at(-1);
  const quoted = answers ? messages.find((each) => each.id === answers) ?? { id: "" } : undefined;
  const isFollowed = messages.some((each) => each.direction === "out" && each.answers === id);
  return { quoted, isFollowed, reaction: last("reaction")?.text, edited: last("edit")?.text, isTakenBack: Boolean(last("revoke")) };
}

function dayLine(words) {
  const line = document.createElement("li");
  line.className = "day-line";
  line.textContent = words;
  return line;
}

function noteLine({ by, words, at: moment }) {
  const node = part("talk-note");
  speak(at(node, "by"), say("note_of", { name: by, time: clock.format(new Date(moment)) }));
  put(at(node, "words"), words);
  return node;
}

// As WhatsApp shows it: *heavy* words.
function formatted(node, text) {
  const pieces = plain(text).split(HEAVY);
  node.replaceChildren(...pieces.map((words, place) => {
    if (place % 2 === 0) return words;
    const heavy = document.createElement("b");
    heavy.textContent = words;
    return heavy;
  }));
  node.hidden = !text;
}

function from(node, message, thread, isOurs) {
  const name = isOurs ? message.by || (message.automatic ? say("automatic") : say("the_house")) : thread.who.name || say("the_guest");
  put(at(node, "from"), name);
  at(node, "from").classList.toggle("away", !isOurs);
}

function quote(button, { answers, kind }, quoted) {
  button.hidden = !answers || ASIDES.includes(kind);
  if (button.hidden) return;
  const words = plain(quoted.text || (quoted.id ? kindOf(quoted) : say("earlier")));
  put(at(button, "quoted"), words.length > QUOTED ? `${words.slice(0, QUOTED)}…` : words);
  button.disabled = !quoted.id;
  button.addEventListener("click", () => {
    const node = document.getElementById(`said-${quoted.id}`);
    node?.scrollIntoView({ block: "center" });
    node?.focus();
  });
}

// Pictures and sounds where they stand, everything else to be saved. Nothing is fetched before it is looked at.
function file(room, { id, media, kind }) {
  room.hidden = !media;
  if (!media) return;
  const named = plain(media.name) || kindOf({ kind, media, text: "" }) || say("kind_document");
  if (media.state !== "kept") {
    const line = document.createElement("p");
    speak(line, media.state === "waiting" ? say("file_waits", { what: named }) : say("file_refused", { what: named, reason: media.reason }));
    return room.append(line);
  }
  if (SHOWN.test(media.media_type)) return room.append(picture(id, named));
  if (HEARD.test(media.media_type) || media.media_type.startsWith("video/")) room.append(player(id, named, media));
  return room.append(saved(id, say("file_save", { what: named, size: weight(media.size) })));
}

function picture(id, words) {
  const [link, image] = [document.createElement("a"), document.createElement("img")];
  Object.assign(link, { href: filed(id), target: "_blank", rel: "noreferrer", className: "shot" });
  Object.assign(image, { loading: "lazy", decoding: "async", width: 320, height: 240, alt: words });
  image.addEventListener("error", () => again(image), { once: true });
  image.src = filed(id);
  link.append(image);
  return link;
}

function player(id, words, { media_type: type }) {
  const sound = document.createElement(HEARD.test(type) ? "audio" : "video");
  Object.assign(sound, { controls: true, preload: "none" });
  sound.setAttribute("aria-label", words);
  sound.addEventListener("error", () => again(sound), { once: true });
  sound.src = filed(id);
  return sound;
}

function saved(id, words) {
  const link = document.createElement("a");
  Object.assign(link, { href: filed(id), download: "", className: "file" });
  speak(link, words);
  return link;
}

// A file is no call of ours: when the cookie is over, it is renewed by one, and the file asked for once more.
async function again(node) {
  const { status } = await call("GET", "session");
  if (ok(status)) node.src = `${node.src.split("#")[0]}#again`;
}

function place(link, where) {
  link.hidden = !where;
  if (!where) return;
  const spot = `${where.latitude.toFixed(5)},${where.longitude.toFixed(5)}`;
  link.href = `geo:${spot}`;
  speak(link, say("on_the_map", { place: spot }));
}

// What became of a message of ours, in words beside the ticks.
function fate(node, { state, receipt, reason, announced, isUnknown }, { isFollowed }) {
  const known = isUnknown ? "unknown" : announced && !isFollowed ? "announced" : fateOf(state, receipt);
  node.dataset.fate = known;
  speak(at(node, "fate"), say(`fate_${known}`));
  put(at(node, "reason"), reason);
}

function fateOf(state, receipt) {
  if (UNSURE.includes(state) || state === "dropped") return state;
  if (["delivered", "read", "played"].includes(receipt)) return receipt;
  return state === "sent" || state === "" ? "sent" : "waiting";
}
