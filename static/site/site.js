// Saves a click here and there. Every page works without it; all words come from the page, in its language.
"use strict";

// Choices (zone, track, filter) are sent as soon as one of their lists changes, by the button beside them. The keyboard
// is on the same list of the page that comes: arrow keys go from one choice to the next.
for (const place of document.querySelectorAll("[data-submit-on-change]")) {
  place.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement)) return;
    if (target.id && target.form.method === "get" && target.matches(":focus-visible")) {
      const next = new URL(target.form.action);
      next.hash = target.id;
      target.form.action = next.href;
    }
    target.form.requestSubmit(place.querySelector("[type=submit]"));
  });
}

// What is ticked goes along with the links of the page to others of the same lab. data-carries holds the lab's address.
for (const form of document.querySelectorAll("form[data-carries]")) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.origin !== location.origin || !link.pathname.startsWith(form.dataset.carries)) return;
    if (link.hasAttribute("data-carries-nothing") || link.getAttribute("href").startsWith("#") || link.pathname.includes(".")) return;
    const address = new URL(link.href);
    address.searchParams.delete("session");
    for (const chosen of new FormData(form).getAll("session")) address.searchParams.append("session", chosen);
    link.href = address.href;
  }, { capture: true });
}

// The bar of chosen sessions counts along. data-one and data-many hold the words behind the number.
for (const form of document.querySelectorAll("form[data-count]")) {
  const bar = form.querySelector(".choicebar");
  const number = bar?.querySelector("[data-number]");
  const words = bar?.querySelector("[data-one]");
  if (!number || !words) continue;
  // Day and hour of a chosen session, as they stand on the page: "Tue 6, 11:30".
  const list = bar.querySelector("[data-list]");
  const when = (box) => {
    const session = box.closest(".session");
    const day = session?.closest("[data-mark]")?.dataset.mark;
    return [day, session?.querySelector(".session-time time")?.textContent].filter(Boolean).join(", ");
  };
  const rule = new Intl.PluralRules(document.documentElement.lang || "en");
  const count = () => {
    const chosen = new FormData(form).getAll(form.dataset.count).length;
    number.textContent = String(chosen);
    words.textContent = rule.select(chosen) === "one" ? words.dataset.one : words.dataset.many;
    if (list) list.textContent = [...form.querySelectorAll(`input[name="${form.dataset.count}"]:checked`)].map(when).join(" · ");
  };
  form.addEventListener("change", count);
  form.addEventListener("reset", () => setTimeout(count));
  count();
}

// The bar at the foot stands in for the button that it names while that is out of sight.
for (const bar of document.querySelectorAll("[data-stands-in-for]")) {
  const button = document.getElementById(bar.dataset.standsInFor);
  if (button) new IntersectionObserver(([entry]) => (bar.hidden = entry.isIntersecting)).observe(button);
}

// What is chosen in a form stands beside it, and follows the ticks. data-follows names the check boxes.
for (const list of document.querySelectorAll("[data-follows]")) {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${list.dataset.follows}"]`)];
  const none = list.parentElement.querySelector("[data-follows-none]");
  const follow = () => {
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const row of list.children) row.hidden = !chosen.has(row.dataset.value);
    list.hidden = chosen.size === 0;
    if (none) none.hidden = chosen.size > 0;
  };
  for (const box of boxes) box.addEventListener("change", follow);
  follow();
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
  // The names of zones of no place count the other way round: "Etc/GMT-3" is UTC+3.
  const city =
    listed?.textContent ??
    (own.startsWith("Etc/") ? offset(own).replace("GMT", "UTC") : own.split("/").pop().replaceAll("_", " "));
  link.textContent = link.dataset.words.replace("{city}", city);
  place.hidden = false;
  // In a form, what is filled in goes along, and comes back with the other hours.
  const form = place.closest("form[method=post]");
  if (form)
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const button = document.createElement("button");
      button.name = "lang";
      button.value = document.documentElement.lang;
      button.formAction = link.href;
      button.formNoValidate = button.hidden = true;
      form.append(button);
      form.requestSubmit(button);
    });
}

// A form that asks for a zone begins with the device's own, where the reader has chosen none. What was chosen in it is
// kept with the page's place in the history, so that it comes back after a reload and a step back. data-own-zone holds
// the words that say whose zone it is.
for (const list of document.querySelectorAll("select[data-own-zone]")) {
  const note = document.createElement("span");
  note.textContent = ` · ${list.dataset.ownZone}`;
  list.addEventListener("change", () => {
    note.remove();
    history.replaceState({ ...history.state, zone: list.value }, "");
  });
  const kept = history.state?.zone;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const named = (zone) => {
    try {
      return Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      return ""; // a zone that this device does not know
    }
  };
  const offered = [...list.options];
  // Devices may know a place by its old name; the list has the new one.
  const option =
    offered.find((one) => one.value === (kept ?? own)) ?? offered.find((one) => own && named(one.value) === own);
  if (!option || (!kept && (own === "UTC" || !list.selectedOptions[0]?.defaultSelected))) continue;
  if (!kept && !option.selected) document.getElementById(`${list.id}_helptext`)?.append(note);
  option.selected = true;
}

// The registration form says that it was opened, without cookie or identifier. data-seen holds where.
for (const form of document.querySelectorAll("form[data-seen]")) {
  const told = new FormData();
  for (const name of ["form_key", "csrfmiddlewaretoken"]) {
    if (form.elements[name]) told.append(name, form.elements[name].value);
  }
  navigator.sendBeacon(form.dataset.seen, told);
}

// One box ticks all of a list. data-ticks names them.
for (const all of document.querySelectorAll("input[data-ticks]")) {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${all.dataset.ticks}"]`)];
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  for (const box of boxes) box.addEventListener("change", () => (all.checked = boxes.every((one) => one.checked)));
}

// A menu closes when somebody presses Escape, or goes on elsewhere; the summary alone opens and closes it, too.
const menus = document.querySelectorAll("details[data-menu]");
for (const menu of menus) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
if (menus.length) {
  for (const went of ["pointerdown", "focusin"]) {
    document.addEventListener(went, (event) => {
      for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
  }
}

// Where the way through a lab is longer than the screen is wide, the page one is on stands in sight.
document.querySelector(".console-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A colour is typed, or taken from a few or from all of them. data-colours names the field that is sent.
for (const place of document.querySelectorAll("[data-colours]")) {
  const field = document.getElementById(place.dataset.colours);
  const any = place.querySelector("[type=color]");
  const choices = [...place.querySelectorAll("[data-colour]")];
  const show = () => {
    const typed = field.value.trim().toLowerCase();
    if (/^#[0-9a-f]{6}$/.test(typed)) any.value = typed;
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.colour === typed));
  };
  const take = (colour) => {
    field.value = colour;
    show();
  };
  field.addEventListener("input", show);
  any.addEventListener("input", () => take(any.value));
  for (const choice of choices) choice.addEventListener("click", () => take(choice.dataset.colour));
  place.hidden = false;
  show();
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

const release = (form) => {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
};

// A form that is on its way is not sent twice. (Were it, the server would carry it out once all the same.)
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    // What goes into a frame leaves this page and its form as they are.
    if (event.submitter?.formTarget) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    // Where the answer is a file the page stays, and may ask again.
    setTimeout(() => release(form), 5000);
  });
}
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) release(form);
});

// A preview follows what is typed: the button that sends the form into a frame of the page is pressed after a pause.
// What is wrong is said beside its field as well: the frame is a document of its own, which nobody hears change.
for (const form of document.querySelectorAll("form:has(button[formtarget])")) {
  const button = form.querySelector("button[formtarget]");
  if (!button || !document.querySelector(`iframe[name="${button.formTarget}"]`)) continue;
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(button), 600);
  });
  const fields = [...form.elements].filter((one) => one.matches("textarea, input:not([type=hidden])"));
  const tells = fields.map((field) => {
    const said = document.createElement("p");
    said.className = "vh";
    said.id = `${field.id}_status`;
    said.setAttribute("role", "status");
    field.before(said);
    const before = document.getElementById(`${field.id}_error`);
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== before?.id);
    return (words) => {
      // What was wrong with what was sent last is no longer about what stands there.
      if (before) before.hidden = true;
      if (said.textContent !== words) said.textContent = words;
      said.className = words ? "error" : "vh";
      field.setAttribute("aria-describedby", [...(words ? [said.id] : []), ...described].join(" "));
      if (words) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    };
  });
  let latest;
  form.addEventListener("submit", async (event) => {
    if (event.submitter !== button) return;
    latest?.abort();
    latest = new AbortController();
    try {
      const answer = await fetch(button.formAction, {method: "POST", body: new FormData(form), headers: {Accept: "application/json"}, signal: latest.signal});
      const {errors} = await answer.json();
      fields.forEach((field, place) => tells[place]((errors[field.name] ?? []).join(" ")));
    } catch {
      // The frame says it.
    }
  });
}

// A file that is too large is refused beside its field, before it is sent. data-max-bytes holds the limit, data-too-large the words.
for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  const said = document.createElement("p");
  said.className = "error";
  said.id = `${input.id}_size`;
  said.hidden = true;
  said.setAttribute("role", "alert");
  input.before(said);
  const described = input.getAttribute("aria-describedby");
  const isTooLarge = () => [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
  const check = () => {
    const bad = isTooLarge();
    said.hidden = !bad;
    said.textContent = bad ? input.dataset.tooLarge : "";
    const ids = [described, bad && said.id].filter(Boolean).join(" ");
    if (ids) input.setAttribute("aria-describedby", ids);
    else input.removeAttribute("aria-describedby");
    if (bad) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("change", check);
  // A button that takes a file away, or goes elsewhere, sends it as little as a larger one.
  input.form?.addEventListener("submit", (event) => {
    check();
    if (!isTooLarge()) return;
    event.preventDefault();
    input.focus();
  });
}
