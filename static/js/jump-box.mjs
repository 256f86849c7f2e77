// `/` leads to the jump box of every page, `?` to the list of keys where the page holds none itself. Never while somebody types.
import { ElementError } from "./element-error.mjs";

export function jumpBox(form) {
  const box = form.querySelector("input[type=search]");
  const help = document.querySelector("[data-keys-help]");
  if (!box || !help) throw new ElementError("jump-box", "a search field, and a link to the keys on the page");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (localStorage.getItem("keys") === "off" || event.target.closest("input, textarea, select")) return;
    if (event.key === "/") {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "?" && !document.querySelector("[data-keys]")) help.click();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !box.value) box.blur();
  });
}
