// A button beside a digest or a command that copies its text. The button is in the page but hidden until this runs.
export function copyDigest(element) {
  const button = element.querySelector("button");
  const source = element.querySelector("[data-copy]");
  if (!button || !source) throw new Error("copy-digest needs a button and [data-copy]");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent.trim());
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}
