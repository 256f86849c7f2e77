// Choose a line number, shift-choose another: the region goes into the address and into the form's fields.
import { ElementError } from "./element-error.mjs";

export function lineSelect(table) {
  const rows = new Map([...table.querySelectorAll("tr[id^=L]")].map((row) => [Number(row.id.slice(1)), row]));
  if (!rows.size) throw new ElementError("line-select", "rows with ids L1, L2, …");
  const asked = /^([0-9]+)/.exec(new URL(location.href).searchParams.get("lines") ?? "");
  let first = asked ? Number(asked[1]) : null;

  const select = (start, end) => {
    for (const body of table.tBodies) body.classList.remove("is-selected");
    for (const [number, row] of rows) row.classList.toggle("is-selected", number >= start && number <= end);
    for (const field of document.querySelectorAll("[data-line-start]")) field.value = start;
    for (const field of document.querySelectorAll("[data-line-end]")) field.value = end;
    const address = new URL(location.href);
    address.searchParams.delete("part");
    address.searchParams.delete("deleted");
    address.searchParams.set("lines", start === end ? String(start) : `${start}-${end}`);
    address.hash = "";
    history.replaceState(null, "", address);
  };

  table.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const number = Number(link.dataset.line);
    if (event.shiftKey && first !== null) {
      getSelection()?.removeAllRanges();
      select(Math.min(first, number), Math.max(first, number));
    } else {
      first = number;
      select(number, number);
    }
  });
}
