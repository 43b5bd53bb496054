"use strict";
(() => {
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  // A link to a ticket opens it.
  const open = () => {
    const ticket = location.hash && document.getElementById(location.hash.slice(1));
    if (ticket && ticket.tagName === "DETAILS") { ticket.open = true; ticket.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();

  const table = document.getElementById("table");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows];
  const text = rows.map((row) => row.textContent.toLowerCase());
  const filter = document.getElementById("filter"), grade = document.getElementById("grade");
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      const fits = (!grade.value || row.dataset.grade === grade.value) && words.every((word) => text[number].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    document.getElementById("shown").textContent = shown;
  };
  filter.addEventListener("input", show);
  grade.addEventListener("change", show);
  document.querySelector(".tools").hidden = false;

  const order = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = table.dataset.sortBy;
    button.append(...head.childNodes);
    head.append(button);
    const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...rows].sort((one, other) => order.compare(value(one), value(other)) * (down ? -1 : 1));
      body.append(...sorted);
    });
  });
})();
