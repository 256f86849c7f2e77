// Click a line number, shift-click another: the region goes into the address and into the forms' fields.
export function lineSelect(table) {
  const rows = new Map([...table.querySelectorAll("tr[id^=L]")].map((row) => [Number(row.id.slice(1)), row]));
  let first = null;

  const select = (start, end) => {
    for (const [number, row] of rows) row.classList.toggle("is-selected", number >= start && number <= end);
    for (const field of document.querySelectorAll("[data-line-start]")) field.value = start;
    for (const field of document.querySelectorAll("[data-line-end]")) field.value = end;
    const address = new URL(location.href);
    address.searchParams.set("lines", start === end ? String(start) : `${start}-${end}`);
    address.hash = `L${start}`;
    history.replaceState(null, "", address);
  };

  table.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    const number = Number(link.dataset.line);
    if (event.shiftKey && first !== null) {
      select(Math.min(first, number), Math.max(first, number));
    } else {
      first = number;
      select(number, number);
    }
  });
}
