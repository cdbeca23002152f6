// Pages where something long is edited: says what is not saved, counts what is missing, moves rows. Every page works
// without it; all words come from the page, in its language.
"use strict";

const forms = [...document.querySelectorAll("form[data-edits]")];

// What is not saved is said beside the button, and asked about before the page is left.
for (const form of forms) {
  const state = form.querySelector("[data-save-state]");
  const say = () => {
    form.dataset.unsaved = "";
    if (state && state.textContent !== state.dataset.unsaved) state.textContent = state.dataset.unsaved;
  };
  const isText = (field) => field.name === "edit"; // which language is shown is no change
  form.addEventListener("input", (event) => isText(event.target) || say());
  form.addEventListener("change", (event) => isText(event.target) || say());
  form.addEventListener("rows:changed", say);
  form.addEventListener("submit", () => (form.dataset.leaving = ""));
}
addEventListener("beforeunload", (event) => {
  if (forms.some((form) => "unsaved" in form.dataset && !("leaving" in form.dataset))) event.preventDefault();
});
addEventListener("pageshow", () => forms.forEach((form) => delete form.dataset.leaving));

// Which languages lack a text is said beside each text and beside each language, and follows what is typed.
const countMissing = (form) => {
  const missing = {};
  for (const text of form.querySelectorAll(".field > .languages")) {
    const fields = [...text.querySelectorAll(".in-language")];
    const empty = fields.filter((one) => !one.querySelector("input, textarea").value.trim());
    const lacking = empty.length < fields.length ? empty.map((one) => one.dataset.in) : [];
    for (const code of lacking) missing[code] = (missing[code] ?? 0) + 1;
    const said = text.parentElement.querySelector(":scope > [data-lacking]");
    if (!said) continue;
    said.hidden = lacking.length === 0;
    said.querySelector("[data-codes]").textContent = lacking.join(", ").toUpperCase();
  }
  for (const mark of form.querySelectorAll("[data-missing]")) {
    const count = missing[mark.dataset.missing] ?? 0;
    mark.hidden = count === 0;
    mark.querySelector("[data-count]").textContent = String(count);
  }
};
for (const form of forms) form.addEventListener("input", () => countMissing(form));

// A link to a text in another language (from the list of errors) shows that language.
const show = (id) => {
  const code = document.getElementById(id)?.closest(".in-language")?.dataset.in;
  const choice = code && document.getElementById(`edit-${code}`);
  if (choice) choice.checked = true;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) show(decodeURIComponent(link.hash.slice(1)));
}, { capture: true });
show(decodeURIComponent(location.hash.slice(1)));

// Rows are moved by buttons; the numbers that the server reads follow.
const prepareRows = (within) => {
  for (const move of within.querySelectorAll("[data-rows] [data-move]")) move.hidden = false;
  for (const order of within.querySelectorAll("[data-rows] [data-order]")) order.hidden = true;
};
// Two rows that changed places change the words that name their places, too.
const exchangePlaces = (one, other) => {
  const label = one.getAttribute("aria-label");
  one.setAttribute("aria-label", other.getAttribute("aria-label"));
  other.setAttribute("aria-label", label);
  const words = (row) => [...row.querySelectorAll(".row-move .vh, summary .vh, td:last-child label")];
  const others = words(other);
  words(one).forEach((each, place) => {
    [each.textContent, others[place].textContent] = [others[place].textContent, each.textContent];
  });
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move] button");
  const row = button?.closest("[data-row]");
  if (!row) return;
  const other = button.dataset.by === "1" ? row.nextElementSibling : row.previousElementSibling;
  if (!other) return;
  if (button.dataset.by === "1") other.after(row);
  else other.before(row);
  exchangePlaces(row, other);
  const rows = [...row.parentElement.children];
  rows.forEach((one, place) => (one.querySelector('[name$="-ORDER"]').value = String(place + 1)));
  button.focus();
  const table = row.closest("[data-rows]");
  const said = table.parentElement.querySelector("[data-said]");
  if (said) said.textContent = table.dataset.moved.replace("{place}", String(rows.indexOf(row) + 1));
  row.dispatchEvent(new Event("rows:changed", { bubbles: true }));
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.row-menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.row-menu[open]")) {
    if (!menu.contains(event.target) && !menu.querySelector(".field-error")) menu.open = false;
  }
});
prepareRows(document);

// Another row is fetched without leaving the page. An answer that is not the form (signed out, no connection) changes
// nothing: the button is pressed again, and the browser shows what the server says.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (target.id && !String(serverResponse).includes(`id="${target.id}"`)) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  prepareRows(document);
  event.target.closest?.("form")?.dispatchEvent(new Event("rows:changed", { bubbles: true }));
});
for (const failed of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failed, (event) => {
    const button = event.detail.elt;
    button.removeAttribute("data-hx-post");
    button.form?.requestSubmit(button);
  });
}

// The section that is read is marked in the index.
const links = new Map();
for (const link of document.querySelectorAll(".section-index a")) {
  const part = document.getElementById(link.hash.slice(1));
  if (part) links.set(part, link);
}
if (links.size) {
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? seen.add(target.id) : seen.delete(target.id);
    let marked = false;
    for (const [part, link] of links) {
      const isHere = !marked && seen.has(part.id);
      if (isHere) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      marked ||= isHere;
    }
  }, { rootMargin: "-80px 0px -40% 0px" });
  for (const part of links.keys()) watch.observe(part);
}
