// Keys of the reading pages; `?` opens the list that the page itself holds. Never while somebody types.
import { isForPage, keysAreOff, turnKeys } from "./keys-off.mjs";

export function keyboardNav(element) {
  const help = element.querySelector("[data-keys]");
  const toggle = element.querySelector("[data-keys-switch]");

  const say = () => { toggle.textContent = keysAreOff() ? "Turn these keys on" : "Turn these keys off"; };
  if (toggle) {
    toggle.hidden = false;
    say();
    toggle.addEventListener("click", () => {
      turnKeys(!keysAreOff());
      say();
    });
  }

  document.addEventListener("keydown", (event) => {
    if (!isForPage(event)) return;
    if (event.key === "?" && help) {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
      return;
    }
    const target = element.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    // A key leads to a button or a field; only links are followed at once. Nothing is stated by one key.
    if (target.matches("a")) target.click();
    else target.focus();
  });
}
