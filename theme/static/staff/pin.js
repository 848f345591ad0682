// A device that several people share: a PIN for coming back, and somebody else who goes on by theirs.
import { call, ok, trouble } from "staff/house.js";
import { at, part, put, say, speak } from "staff/words.js";

const form = document.querySelector("#account [data-form=pin]");
const forget = form.querySelector("[data-do=forget-pin]");
const slot = (name) => form.querySelector(`[data-slot=${name}]`);
const dialog = document.querySelector("#switch");
const change = dialog.querySelector("form");
const told = dialog.querySelector("[data-slot=switch-told]");
const list = dialog.querySelector("[data-slot=others]");
let whenOther; // told who is here now

export const whenChanged = (tell) => (whenOther = tell);

// -- one's own -----------------------------------------------------------------------------------------
export async function show(words = "") {
  form.reset();
  speak(slot("pin-told"), words);
  const { status, data } = await call("GET", "session");
  if (!ok(status)) return;
  slot("set-pin").textContent = say(data.has_pin ? "pin_change" : "pin_set");
  forget.hidden = !data.has_pin;
}

export function close() {
  form.reset();
  dialog.close();
  change.reset();
  list.replaceChildren();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await call("PUT", "session/pin", { pin: form.elements.pin.value });
  if (ok(answer.status)) return show(say("pin_kept"));
  return speak(slot("pin-told"), answer.status === 422 ? say("pin_weak") : trouble(answer));
});

forget.addEventListener("click", async () => {
  const answer = await call("DELETE", "session/pin");
  await show(ok(answer.status) ? say("pin_forgotten") : trouble(answer));
  slot("set-pin").focus();
});

// -- somebody else -------------------------------------------------------------------------------------
export async function ask() {
  change.reset();
  speak(told, "");
  const answer = await call("GET", "session");
  draw(answer.data.others ?? []);
  if (!ok(answer.status)) speak(told, trouble(answer));
  dialog.showModal();
  if (list.querySelector("input")) change.elements.pin.focus();
}

function draw(others) {
  const chosen = chosenOne();
  list.replaceChildren(...others.map(({ id, name }, place) => {
    const row = part("other");
    const box = row.querySelector("input");
    put(at(row, "name"), name);
    [box.value, box.checked] = [id, chosen ? id === chosen.id : place === 0];
    return row;
  }));
  for (const node of [change.querySelector("fieldset"), change.querySelector(".field"), change.querySelector(".main")]) node.hidden = !others.length;
  if (!others.length) speak(told, say("nobody_has_pin"));
}

function chosenOne() {
  const box = list.querySelector(":checked");
  return box && { id: box.value, name: box.closest("label").textContent.trim() };
}

change.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { id, name } = chosenOne();
  speak(told, "");
  const answer = await call("POST", "session/switch", { user_id: id, pin: change.elements.pin.value });
  change.elements.pin.value = "";
  if (ok(answer.status)) return whenOther(answer.data);
  if (answer.status !== 401) return speak(told, answer.status === 429 ? say("too_many_tries") : trouble(answer));
  const now = await call("GET", "session");
  const others = now.data.others ?? [];
  const isGone = ok(now.status) && !others.some((each) => each.id === id);
  if (ok(now.status)) draw(others);
  speak(told, isGone ? say("pin_gone", { name }) : say("pin_wrong"));
  return (list.querySelector("input") ? change.elements.pin : dialog.querySelector("[data-do=close]")).focus();
});
dialog.querySelector("[data-do=close]").addEventListener("click", () => dialog.close());
