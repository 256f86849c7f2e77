// Keys of the file page; `?` opens the list that the page itself holds. Never while somebody types.
export function keyboardNav(element) {
  const help = element.querySelector("details");
  const follow = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "?" && help) {
      help.open = !help.open;
      help.querySelector("summary").focus();
      return;
    }
    const target = follow(event.key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
  });
}
