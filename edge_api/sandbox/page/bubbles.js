// One message as the phone shows it: data in, elements out. Text is set as text, never as markup.
const SVG = "http://www.w3.org/2000/svg";
const TICKS = {
  accepted: ["wait", "on its way"], sent: ["one", "sent"], delivered: ["two", "delivered"],
  read: ["two", "read"], failed: ["cross", "not delivered"],
};
const FORMATS = [["*", "strong"], ["_", "em"], ["~", "s"], ["`", "code"]];
const TOKEN = /(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

export function icon(name, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

// WhatsApp's *bold*, _italic_, ~struck~, `code` and bare links.
export function formatted(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, found.index));
    if (found[1]) parts.push(link(found[1], found[1]));
    else parts.push(make(FORMATS.find(([mark]) => mark === found[2])[1], {}, ...formatted(found[3])));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

const link = (href, ...shown) => make("a", { href, target: "_blank", rel: "noreferrer" }, ...shown);
const words = (text, kind = "text") => text && make("p", { class: kind }, ...formatted(text));

const media = {
  image: (at) => at.id ? make("img", { src: `/sandbox/media/${at.id}`, alt: at.caption || "Photo" }) : away("Photo", at),
  sticker: (at) => at.id ? make("img", { src: `/sandbox/media/${at.id}`, alt: "Sticker", class: "sticker" }) : away("Sticker", at),
  video: (at) => at.id ? make("video", { src: `/sandbox/media/${at.id}`, controls: true }) : away("Video", at),
  audio: (at) => at.id
    ? make("audio", { src: `/sandbox/media/${at.id}`, controls: true, "aria-label": at.voice ? "Voice message" : "Audio" })
    : away("Audio", at),
  document: (at) => {
    const name = at.filename || "Document";
    return make("p", { class: "file" }, icon("paper"), link(at.id ? `/sandbox/media/${at.id}` : at.link, name));
  },
};

// Meta fetches a link itself; the sandbox never goes out, so it shows where the file lies.
const away = (what, at) => make("p", { class: "file" }, icon("paper"), link(at.link, `${what}: ${new URL(at.link).hostname}`));

const kinds = {
  text: (content) => [words(content.text.body)],
  location: ({ location: at }) => [
    make("p", { class: "file" }, icon("place"),
      link(`https://www.openstreetmap.org/?mlat=${at.latitude}&mlon=${at.longitude}`, at.name || "Location")),
    words(at.address || `${at.latitude}, ${at.longitude}`, "soft"),
  ],
  contacts: (content) => content.contacts.map((one) =>
    make("p", { class: "file" }, icon("paper"), `${one.name.formatted_name} ${one.phones?.[0]?.phone ?? ""}`)),
  system: (content) => [words(content.system.body, "soft")],
  order: (content) => [words(`Order: ${content.order.product_items.map((item) => item.product_retailer_id).join(", ")}`)],
  button: (content) => [words(content.button.text)],
  unsupported: () => [words("A kind of message the API does not pass on.", "soft")],
  interactive: (content, bubble, act) => {
    const { interactive: it } = content;
    const reply = it.button_reply ?? it.list_reply;
    return reply ? [words(reply.title), words(reply.description, "soft")] : offered(it, bubble, act);
  },
  template: ({ template: at }, bubble, act) => [
    at.media && media[at.media.type](at.media), words(at.header, "head"), words(at.body), words(at.footer, "soft"),
    ...(at.buttons ?? []).map((button) => templateButton(button, bubble, act)),
  ],
};
for (const kind of Object.keys(media)) {
  kinds[kind] = (content) => [media[kind](content[kind]), words(content[kind].caption)];
}

// Buttons, a list or a link, as the business offered them.
function offered(it, bubble, act) {
  const header = it.header && (it.header.type === "text"
    ? words(it.header.text, "head") : media[it.header.type](it.header[it.header.type]));
  const shown = [header, words(it.body.text), it.footer && words(it.footer.text, "soft")];
  if (it.type === "button") {
    shown.push(...it.action.buttons.map(({ reply }) => choice(reply.title, () => act.tap(bubble, reply.id))));
  } else if (it.type === "list") {
    shown.push(choice(it.action.button, () => act.open(bubble, it.action), "list"));
  } else if (it.type === "cta_url") {
    const { url, display_text: text } = it.action.parameters;
    shown.push(make("p", { class: "choice" }, link(url, text)));
  } else shown.push(choice("Send location", () => act.place(bubble), "place"));
  return shown;
}

function choice(text, act, mark) {
  return make("button", { type: "button", class: "choice", onclick: act }, mark ? icon(mark) : "", text);
}

function templateButton(button, bubble, act) {
  if (button.type === "QUICK_REPLY") return choice(button.text, () => act.tap(bubble, button.payload));
  if (button.type === "URL") return make("p", { class: "choice" }, link(button.url, button.text));
  if (button.type === "PHONE_NUMBER") {
    return make("p", { class: "choice" }, make("a", { href: `tel:${button.phone_number}` }, button.text));
  }
  return make("p", { class: "choice" }, `${button.text || "Code"} ${button.code ?? ""}`);
}

const isChoice = (part) => part?.classList?.contains("choice");

// The whole bubble. `quoted` is the bubble it answers, `act` what taps do.
export function draw(bubble, quoted, act, hour) {
  const inside = bubble.deleted
    ? [words("Deleted", "soft")] : (kinds[bubble.kind] ?? kinds.unsupported)(bubble.content, bubble, act);
  const [mark, told] = TICKS[bubble.status] ?? ["", ""];
  const foot = make("p", { class: `foot ${bubble.status}`, "aria-live": "off" }, bubble.edited ? "edited " : "", hour(bubble.at),
    mark ? icon(mark, told) : "");
  const who = make("span", { class: "unseen" }, bubble.mine ? "You: " : "House: ");
  const item = make("li", { class: bubble.mine ? "mine" : "theirs", "data-id": bubble.id, "data-status": bubble.status },
    make("div", { class: "bubble" }, who, quoted && make("p", { class: "quote" }, gist(quoted)),
      ...inside.filter((part) => !isChoice(part)), foot, ...inside.filter(isChoice)));
  if (bubble.error) {
    const { code, title, error_data: data } = bubble.error;
    item.append(make("p", { class: "wrong" }, `${code}: ${title.replace(/\.$/, "")}. ${data?.details ?? ""}`));
  }
  const reactions = bubble.reactions.filter(Boolean);
  if (reactions.length) item.append(make("p", { class: "reactions", "aria-label": "Reactions" }, reactions.join(" ")));
  return item;
}

// A line for the list of people and for quotes.
export function gist({ kind, content, deleted }) {
  const it = content[kind] ?? {};
  if (deleted) return "Deleted";
  const reply = it.button_reply ?? it.list_reply;
  const text = it.caption || (typeof it.body === "string" ? it.body : it.body?.text) || reply?.title || it.text || it.name;
  const names = { image: "Photo", audio: "Voice message", video: "Video", document: it.filename, location: "Location", sticker: "Sticker" };
  return String(text || names[kind] || kind).slice(0, 80);
}
