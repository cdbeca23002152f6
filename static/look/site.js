// Saves a click here and there. Every page works without it; all words come from the page, in its language.
"use strict";

// A form of choices (zone, track, filter) is sent as soon as one of its lists changes.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
}

// The bar of chosen sessions counts along. data-one and data-many hold the words behind the number.
for (const form of document.querySelectorAll("form[data-count]")) {
  const bar = form.querySelector(".choicebar");
  const number = bar?.querySelector("[data-number]");
  const words = bar?.querySelector("[data-one]");
  if (!number || !words) continue;
  const rule = new Intl.PluralRules(document.documentElement.lang || "en");
  const count = () => {
    const chosen = form.querySelectorAll(`input[name="${form.dataset.count}"]:checked`).length;
    number.textContent = String(chosen);
    words.textContent = rule.select(chosen) === "one" ? words.dataset.one : words.dataset.many;
  };
  form.addEventListener("change", count);
  form.addEventListener("reset", () => setTimeout(count));
  count();
}

// Where no zone was chosen and the device lives in another one, offer it. data-suggest-zone names the page's zone;
// the link inside carries data-words with {city} in it.
for (const place of document.querySelectorAll("[data-suggest-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const link = place.querySelector("a[data-words]");
  const offset = (zone) =>
    new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
      .formatToParts(new Date(place.dataset.at || Date.now()))
      .find((part) => part.type === "timeZoneName").value;
  try {
    if (!link || !own || own === "UTC" || offset(own) === offset(place.dataset.suggestZone)) continue;
  } catch {
    continue; // a zone that one side does not know
  }
  const address = new URL(location.href);
  address.searchParams.set("tz", own);
  link.href = address.pathname + address.search + address.hash;
  // A list of zones on the page has the city in the reader's language.
  const listed = document.querySelector(`select[data-zones] optgroup option[value="${CSS.escape(own)}"]`);
  const city = listed?.textContent ?? own.split("/").pop().replaceAll("_", " ");
  link.textContent = link.dataset.words.replace("{city}", city);
  place.hidden = false;
}

// Printing is the browser's own affair; the button only saves the way to its menu.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Buttons that copy the content of a field beside them.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  if (!field || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    const status = button.parentElement.querySelector("[role=status]");
    if (status) status.textContent = button.dataset.done;
    button.querySelector("span").textContent = button.dataset.done;
  });
}

// A form that is on its way is not sent twice. (Were it, the server would carry it out once all the same.)
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});
