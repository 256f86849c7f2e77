// Keys of the reading pages; `?` opens the list that the page itself holds. Never while somebody types.
export function keyboardNav(element) {
  const help = element.querySelector("[data-keys]");
  const toggle = element.querySelector("[data-keys-switch]");
  let off = localStorage.getItem("keys") === "off";

  const say = () => { toggle.textContent = off ? "Turn these keys on" : "Turn these keys off"; };
  if (toggle) {
    toggle.hidden = false;
    say();
    toggle.addEventListener("click", () => {
      off = !off;
      localStorage.setItem("keys", off ? "off" : "on");
      say();
    });
  }

  document.addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select")) return;
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
