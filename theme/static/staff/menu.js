// The menu in the head: closes when something of it was chosen, by Escape, and by a tap elsewhere.
const menu = document.querySelector(".menu");

export const item = (name) => menu.querySelector(`[data-do=${name}]`);

// `meanings`: what is chosen -> what it does.
export function listen(meanings) {
  for (const [name, does] of Object.entries(meanings)) item(name).addEventListener("click", () => does());
}

// Before anything opens: what closes later gives the focus back to where the menu is.
menu.addEventListener("click", ({ target }) => target.closest("button, a") && close(), { capture: true });
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  event.preventDefault();
  close();
});
addEventListener("click", ({ target }) => menu.contains(target) || (menu.open = false));

function close() {
  menu.open = false;
  menu.querySelector("summary").focus();
}
