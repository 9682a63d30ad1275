// Tables of the page: sort by a column, filter by a word. Numbers as the page prints them.
"use strict";

const LONG = 8; // rows from which a table can be sorted and filtered

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// "\u22127.3 (\u221212.2 to \u22122.5)" is -7.3, "<0.5%" 0.5, "n.s." nothing, "1,234" 1234.
function numberIn(text) {
  const found = text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").match(/^[<>]?\s*(-?\d+(\.\d+)?)/);
  return found ? Number(found[1]) : NaN;
}

function compare(a, b) {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1; // words after numbers
  return a.localeCompare(b);
}

function sortBy(table, column, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const key = (row) => row.cells[column].textContent.trim();
  const nothing = (row) => ["", "n.s."].includes(key(row)); // not stated: last either way
  const rows = [...body.rows].sort((a, b) => nothing(a) - nothing(b) || (down ? -1 : 1) * compare(key(a), key(b)));
  body.append(...rows);
}

function sortable(table) {
  if (!table.tHead || table.tHead.rows.length !== 1) return;
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = make("button", { type: "button", class: "sort" });
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sortBy(table, column, header));
  });
}

function filterable(table) {
  const rows = [...table.tBodies[0].rows];
  const told = make("span", { role: "status", text: `${rows.length} rows` });
  const input = make("input", { type: "search" });
  const box = make("div", { class: "filter" }, make("label", { text: "Rows that contain" }, input), told);
  input.addEventListener("input", () => {
    const word = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(word);
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = `${shown} of ${rows.length} rows`;
  });
  (table.closest(".scroll") || table).before(box);
}

for (const table of document.querySelectorAll("main table")) {
  if (table.closest("#explorer") || !table.tBodies.length || table.tBodies[0].rows.length < LONG) continue;
  sortable(table);
  filterable(table);
}
for (const box of document.querySelectorAll("main .scroll")) {
  // What scrolls must be reached from the keyboard.
  if (!box.hasAttribute("tabindex")) {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "group");
    const title = box.closest("details")?.querySelector("summary") || box.previousElementSibling;
    box.setAttribute("aria-label", `Table: ${(title?.textContent || "results").trim().slice(0, 60)}`);
  }
}
