// The schedule's grid: sessions are dragged, resized, moved by keys and dropped in from the list of those without a
// place. What is sent is the page's own form for one session; its answer says what is stored. Hours are those of the
// lab's clocks, kept as texts and reckoned in UTC, so that the zone of this device plays no part.
"use strict";
{
  const section = document.getElementById("schedule");
  const source = document.getElementById("schedule-data");
  if (section && source && window.EventCalendar) start(section, JSON.parse(source.textContent));

  function start(page, data) {
    const words = data.words;
    const grid = document.getElementById("schedule-grid");
    const formPlace = document.getElementById("schedule-form");
    const beside = document.getElementById("schedule-beside");
    const unplacedList = document.getElementById("schedule-unplaced");
    const status = document.getElementById("schedule-status");
    const sessions = new Map(); // as they are drawn
    for (const one of data.sessions) sessions.set(one.slug, { ...one, placed: true });
    for (const one of data.unplaced) sessions.set(one.slug, { ...one, placed: false });
    const stored = new Map([...sessions].map(([slug, one]) => [slug, { ...one }])); // as the service last said
    const columnName = new Map(data.columns.map((column) => [column.id, column.title]));
    const MINUTE = 60_000, DAY = 24 * 60 * MINUTE, SAVE_AFTER = 900;
    const undo = "form[action*='undo'] button";
    let shown = data.day;
    let focused = null; // the session on which the keyboard is to stay, whatever is drawn anew
    let waiting = null; // a session moved by keys and not saved yet
    let sending = Promise.resolve();

    const ms = (text) => Date.parse(`${text}Z`);
    const text = (at) => new Date(at).toISOString().slice(0, 16);
    const dayOf = (one) => one.start.slice(0, 10);
    const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
    const dayName = (on) => data.dayNames[data.days.indexOf(on)] ?? on;
    const columnOf = (one) => one[data.by];
    const hours = (one) => `${one.start.slice(11)}–${one.end.slice(11)}`;
    const facts = (one) => ({ title: one.title, day: dayName(dayOf(one)), time: hours(one), column: columnName.get(columnOf(one)) ?? "" });
    const say = (sentence) => { status.textContent = ""; requestAnimationFrame(() => (status.textContent = sentence)); };

    // --- What is drawn -----------------------------------------------------------------------------------------
    const span = (className, content, lang) => {
      const made = document.createElement("span");
      made.className = className;
      made.textContent = content;
      if (lang) made.lang = lang;
      return made;
    };
    const marksOf = (one) => [
      one.errors ? words.errors : one.warnings ? words.warnings : "",
      one.state === "public" ? "" : words[one.state],
    ].filter(Boolean);
    const toEvent = (one) => ({
      id: one.slug,
      resourceIds: [columnOf(one)],
      start: one.start,
      end: one.end,
      title: one.title,
      classNames: [`slot-${one.state}`, one.errors ? "slot-conflict" : one.warnings ? "slot-warning" : "slot-quiet"],
    });
    const content = ({ event }) => {
      const one = sessions.get(event.id);
      if (!one) return event.title;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "slot-button";
      const where = facts(one);
      button.append(span("slot-time", hours(one)), " ", span("slot-title", one.title, one.lang), span("vh", `, ${where.day}, ${where.column}. `));
      if (one.own) button.append(span("slot-own", fill(words.own, { time: one.own })));
      for (const mark of marksOf(one)) button.append(span("slot-mark", mark), " ");
      return { domNodes: [button] };
    };
    const elementOf = (slug) => grid.querySelector(`.ec-event[data-slug="${CSS.escape(slug)}"] .slot-button`);
    const unplacedOf = (slug) => unplacedList.querySelector(`[data-slug="${CSS.escape(slug)}"] a`);
    const settle = () => {
      // The calendar calls itself a table, without the rows and cells of one.
      for (const part of grid.querySelectorAll(".ec[role], .ec :is([role], [aria-colindex], [aria-rowindex], [aria-colspan], [aria-rowspan])")) {
        for (const name of ["role", "aria-colindex", "aria-rowindex", "aria-colspan", "aria-rowspan", "aria-colcount", "aria-rowcount"]) part.removeAttribute(name);
      }
      if (focused && (document.activeElement === document.body || !document.activeElement)) (elementOf(focused) ?? unplacedOf(focused))?.focus();
    };

    const daysShown = () => {
      if (shown) return [shown];
      const last = ms(`${data.days.at(-1)}T00:00`), found = [];
      for (let at = ms(`${data.days[0]}T00:00`); at <= last; at += DAY) found.push(text(at).slice(0, 10));
      return found;
    };
    const rulerAt = (ruler, hour) => {
      const kinds = new Set(daysShown().map((on) => ruler.days[on]).filter((kind) => kind !== undefined));
      return [...new Set([...kinds].map((kind) => ruler.hours[kind][hour]))].join(" · ");
    };
    const slotLabel = () => (time) => {
      const hour = time.getHours();
      const own = span("hour-own", `${String(hour).padStart(2, "0")}:00`);
      const others = data.rulers.map((ruler) => {
        const made = span("hour-other", rulerAt(ruler, hour));
        made.title = ruler.name;
        return made;
      });
      return { domNodes: [own, ...others] };
    };
    const range = () => {
      let first = 8, last = 19;
      for (const one of sessions.values()) {
        if (!one.placed) continue;
        if (dayOf(one) !== one.end.slice(0, 10)) return { slotMinTime: "00:00", slotMaxTime: "24:00" };
        first = Math.min(first, Number(one.start.slice(11, 13)) - 1);
        last = Math.max(last, Number(one.end.slice(11, 13)) + 2);
      }
      const two = (hour) => String(Math.min(24, Math.max(0, hour))).padStart(2, "0");
      return { slotMinTime: `${two(first)}:00`, slotMaxTime: `${two(last)}:00` };
    };

    const firstHour = () => {
      const hours = [...sessions.values()].filter((one) => one.placed && daysShown().includes(dayOf(one))).map((one) => Number(one.start.slice(11, 13)) - 1);
      return `${String(Math.max(0, hours.length ? Math.min(...hours) : 8)).padStart(2, "0")}:00`;
    };

    page.hidden = false;
    document.getElementById("schedule-tables").hidden = true;
    const calendar = EventCalendar.create(grid, {
      view: "resourceTimeGridDay",
      date: shown ?? data.days[0],
      duration: { days: daysShown().length },
      datesAboveResources: true,
      columnWidth: daysShown().length > 1 || data.columns.length > 6 ? "9rem" : undefined,
      headerToolbar: { start: "", center: "", end: "" },
      height: "44rem",
      allDaySlot: false,
      nowIndicator: false,
      editable: true,
      eventResizableFromStart: false,
      eventLongPressDelay: 250,
      slotEventOverlap: false,
      slotDuration: "00:15",
      slotLabelInterval: "01:00",
      slotHeight: 17,
      snapDuration: "00:05",
      scrollTime: firstHour(),
      ...range(),
      slotLabelFormat: slotLabel(),
      dayHeaderFormat: (date) => {
        const two = (number) => String(number).padStart(2, "0");
        return dayName(`${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`);
      },
      resources: data.columns,
      events: data.sessions.map(toEvent),
      eventContent: content,
      eventDidMount: ({ el, event }) => { el.dataset.slug = event.id; },
      eventAllUpdated: settle,
      viewDidMount: () => requestAnimationFrame(settle),
      eventDrop: ({ event, delta, newResource }) => {
        const one = sessions.get(event.id);
        const at = ms(one.start) + delta.days * DAY + delta.seconds * 1000;
        commit(one, { start: text(at), column: newResource ? newResource.id : columnOf(one) });
      },
      eventResize: ({ event, endDelta }) => {
        const one = sessions.get(event.id);
        commit(one, { minutes: one.minutes + endDelta.days * 24 * 60 + Math.round(endDelta.seconds / 60) });
      },
    });

    function draw(one) {
      if (!one.placed) calendar.removeEventById(one.slug);
      else if (calendar.getEventById(one.slug)) calendar.updateEvent(toEvent(one));
      else calendar.addEvent(toEvent(one));
      const now = range();
      for (const name of ["slotMinTime", "slotMaxTime"]) if (calendar.getOption(name) !== now[name]) calendar.setOption(name, now[name]);
      requestAnimationFrame(() => requestAnimationFrame(settle));
    }

    function show(on) {
      if (!shown || shown === on) return;
      shown = on;
      calendar.setOption("date", on);
      if (data.rulers.length) calendar.setOption("slotLabelFormat", slotLabel());
      const select = document.getElementById("day");
      if (select?.querySelector(`option[value="${on}"]`)) select.value = on;
    }

    // --- Saving ------------------------------------------------------------------------------------------------
    const withMinutes = (one, minutes) => ({ ...one, minutes, end: text(ms(one.start) + minutes * MINUTE) });

    /** Send where a session is to be, after all that is on its way; a move that was refused takes back those after it. */
    function commit(one, { start = one.start, minutes = one.minutes, column = columnOf(one), fold } = {}) {
      const values = new FormData(document.getElementById("schedule-post"));
      values.set("time_zone", data.zone);
      values.set("start_date", start.slice(0, 10));
      values.set("start_time", start.slice(11));
      values.set("minutes", String(minutes));
      values.set("room", one.room);
      values.set("track", one.track);
      values.set(data.by, column);
      const sure = fold ?? (one.placed && start === one.start ? one.fold : null);
      if (sure !== null && sure !== undefined) values.set("start_fold", String(sure));
      return post(one.slug, values);
    }

    function post(slug, values, { own = false } = {}) {
      const turn = sessions.get(slug).turn ?? 0;
      say(words.saving);
      sending = sending.then(async () => {
        const one = sessions.get(slug);
        if ((one.turn ?? 0) !== turn) return;
        // A form carries the version that it showed; a drag that of what is drawn.
        if (!own) values.set("version", String(one.version));
        let answer, body;
        try {
          answer = await fetch(`${one.move}?${query()}`, { method: "POST", body: values, headers: { Accept: "application/json" } });
          body = await answer.json();
        } catch {
          const { errors, warnings } = one;
          if (waiting?.slug === slug) forget();
          sessions.set(slug, { ...one, ...stored.get(slug), errors, warnings, turn: turn + 1 });
          if (sessions.get(slug).placed) show(dayOf(sessions.get(slug)));
          draw(sessions.get(slug));
          fail(words.failed);
          return;
        }
        take(slug, body, answer.ok ? turn : turn + 1);
        if (answer.ok) {
          closeForm();
          say(body.said);
        } else {
          showForm(slug, body.form);
          say(words.refused);
        }
      });
      return sending;
    }

    const query = () => {
      const said = new URLSearchParams(data.query);
      if (shown) said.set("day", shown);
      return said;
    };

    /** Take over what is stored: the session, the numbers of conflicts, and what stands beside the grid. */
    function take(slug, body, turn) {
      const was = sessions.get(slug), now = { ...body.session, turn };
      stored.set(slug, body.session);
      if (waiting?.slug === slug && (was.turn ?? 0) === turn) {
        // Keys moved it on while this was on its way: that stays, and is saved in its turn.
        waiting.before = now;
        sessions.set(slug, { ...now, start: was.start, end: was.end, minutes: was.minutes, [data.by]: columnOf(was) });
      } else {
        if (waiting?.slug === slug) forget();
        sessions.set(slug, now);
      }
      for (const one of sessions.values()) {
        const [errors, warnings] = body.conflicts[one.slug] ?? [0, 0];
        if (one.slug === slug || errors !== one.errors || warnings !== one.warnings) {
          Object.assign(one, { errors, warnings });
          draw(one);
        }
      }
      renew(beside, () => (beside.innerHTML = body.beside));
      renew(unplacedList, listUnplaced);
    }

    /** Change what stands in a place; the keyboard stays on what says the same there. */
    function renew(place, change) {
      const said = place.contains(document.activeElement) ? document.activeElement.textContent : null;
      change();
      if (said !== null) [...place.querySelectorAll("a, button")].find((one) => one.textContent === said)?.focus();
    }

    function fail(sentence) {
      const had = formPlace.contains(document.activeElement);
      formPlace.replaceChildren(Object.assign(document.createElement("p"), { className: "notice notice-bad", textContent: sentence }));
      formPlace.hidden = false;
      if (had) formPlace.focus();
      say(sentence);
    }

    // --- The form beside the grid ------------------------------------------------------------------------------
    async function openForm(slug) {
      await flush();
      const one = sessions.get(slug);
      try {
        const answer = await fetch(`${one.move}?${query()}`, { headers: { Accept: "application/json" } });
        const body = await answer.json();
        take(slug, body, one.turn ?? 0);
        showForm(slug, body.form);
      } catch {
        location.assign(`${one.move}?${query()}`);
      }
    }

    function showForm(slug, html) {
      const one = sessions.get(slug);
      formPlace.innerHTML = html;
      const head = document.createElement("h2");
      head.textContent = one.title;
      if (one.lang) head.lang = one.lang;
      formPlace.prepend(head);
      formPlace.dataset.slug = slug;
      formPlace.hidden = false;
      formPlace.focus();
      formPlace.scrollIntoView({ block: "nearest" });
    }

    function closeForm() {
      if (formPlace.hidden) return;
      const slug = formPlace.dataset.slug;
      const had = formPlace.contains(document.activeElement);
      formPlace.hidden = true;
      formPlace.replaceChildren();
      if (had && slug) { focused = slug; (elementOf(slug) ?? unplacedOf(slug))?.focus(); }
    }

    formPlace.addEventListener("submit", (event) => {
      event.preventDefault();
      const slug = formPlace.dataset.slug;
      const values = new FormData(event.target, event.submitter);
      focused = slug;
      if (values.get("start_date") && shown && !values.has("take_out") && data.days.includes(values.get("start_date"))) {
        post(slug, values, { own: true }).then(() => { if (formPlace.hidden && sessions.get(slug).placed) show(dayOf(sessions.get(slug))); });
      } else {
        post(slug, values, { own: true });
      }
    });
    formPlace.addEventListener("click", (event) => {
      if (!event.target.closest("[data-close]")) return;
      event.preventDefault();
      closeForm();
    });
    formPlace.addEventListener("keydown", (event) => { if (event.key === "Escape") closeForm(); });
    beside.addEventListener("click", (event) => {
      const link = event.target.closest("[data-goto]");
      const one = link && sessions.get(link.dataset.goto);
      if (!one?.placed) return;
      event.preventDefault();
      focused = one.slug;
      show(dayOf(one));
      requestAnimationFrame(() => requestAnimationFrame(() => {
        const element = elementOf(one.slug);
        if (!element) return void location.assign(link.href);
        element.scrollIntoView({ block: "center" });
        element.focus();
      }));
    });

    // --- Keys --------------------------------------------------------------------------------------------------
    grid.addEventListener("focusin", (event) => { focused = event.target.closest("[data-slug]")?.dataset.slug ?? focused; });
    let pressed = { x: 0, y: 0 };
    grid.addEventListener("pointerdown", (event) => { pressed = { x: event.clientX, y: event.clientY }; flush(); });
    grid.addEventListener("click", (event) => {
      const slug = event.target.closest(".ec-event[data-slug]")?.dataset.slug;
      // A click that ends a drag is none.
      if (!slug || (event.detail > 0 && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 5)) return;
      focused = slug;
      openForm(slug);
    });
    document.addEventListener("keydown", (event) => {
      // While a session is drawn anew, the keyboard is on nothing: the next key is still for the one that was moved.
      const slug = event.target.closest(".ec-event[data-slug]")?.dataset.slug ?? (event.target === document.body ? waiting?.slug : null);
      if (!slug) return;
      const one = sessions.get(slug);
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
        event.preventDefault();
        flush().then(() => (beside.querySelector(undo) ?? document.querySelector(undo))?.click());
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.shiftKey ? 5 : 15;
      const keys = {
        ArrowUp: () => shift(one, -step * MINUTE),
        ArrowDown: () => shift(one, step * MINUTE),
        ArrowLeft: () => across(one, -1),
        ArrowRight: () => across(one, 1),
        PageUp: () => toDay(one, -1),
        PageDown: () => toDay(one, 1),
        "+": () => hold(withMinutes(one, one.minutes + 5), one),
        "=": () => hold(withMinutes(one, one.minutes + 5), one),
        "-": () => (one.minutes > 5 ? hold(withMinutes(one, one.minutes - 5), one) : say(words.edge)),
        Enter: () => openForm(one.slug),
        " ": () => openForm(one.slug),
        Delete: () => takeOut(one),
        Backspace: () => takeOut(one),
        Escape: () => letGo(),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    }, { capture: true });

    const shift = (one, by) => hold({ ...one, start: text(ms(one.start) + by), end: text(ms(one.end) + by) }, one);
    function across(one, by) {
      const next = data.columns[data.columns.findIndex((column) => column.id === columnOf(one)) + by];
      if (!next) return say(words.edge);
      hold({ ...one, [data.by]: next.id }, one);
    }
    function toDay(one, by) {
      const next = data.days[data.days.indexOf(dayOf(one)) + by];
      if (!next) return say(words.edge);
      shift(one, ms(`${next}T00:00`) - ms(`${dayOf(one)}T00:00`));
    }

    /** Draw a session where a key put it, and save that a moment after the last key. */
    function hold(changed, before) {
      if (waiting && waiting.slug !== changed.slug) flush();
      waiting ??= { slug: changed.slug, before };
      clearTimeout(waiting.timer);
      waiting.timer = setTimeout(flush, SAVE_AFTER);
      focused = changed.slug;
      sessions.set(changed.slug, changed);
      show(dayOf(changed));
      draw(changed);
      say(fill(words.now, facts(changed)));
    }

    /** Save nothing of what keys moved and is not on its way yet. */
    function forget() {
      const moved = waiting;
      clearTimeout(moved.timer);
      waiting = null;
      return moved;
    }

    function flush() {
      if (!waiting) return sending;
      const { slug, before } = forget();
      const one = sessions.get(slug);
      const unmoved = one.start === before.start;
      return commit(one, { fold: unmoved ? before.fold : null });
    }

    function letGo() {
      if (!waiting) return closeForm();
      const { slug, before } = forget();
      sessions.set(slug, before);
      show(dayOf(before));
      draw(before);
      say(words.cancelledKey);
    }

    function takeOut(one) {
      if (one.state !== "draft") return say(words.taken);
      const values = new FormData(document.getElementById("schedule-post"));
      values.set("take_out", "1");
      post(one.slug, values);
    }

    // --- Sessions without a place ------------------------------------------------------------------------------
    function listUnplaced() {
      const rows = [...sessions.values()].filter((one) => !one.placed);
      unplacedList.replaceChildren(...rows.map((one) => {
        const row = document.createElement("li");
        row.dataset.slug = one.slug;
        const link = document.createElement("a");
        link.href = `${one.move}?${query()}`;
        link.textContent = one.title;
        if (one.lang) link.lang = one.lang;
        row.append(link, " ", span("sub", one.length));
        return row;
      }));
      document.getElementById("schedule-nothing").hidden = rows.length > 0;
    }

    let dragged = null;
    unplacedList.addEventListener("dragstart", (event) => event.preventDefault());
    unplacedList.addEventListener("pointerdown", (event) => {
      const row = event.target.closest("[data-slug]");
      if (!row || event.button !== 0) return;
      dragged = { row, slug: row.dataset.slug, x: event.clientX, y: event.clientY, ghost: null };
    });
    document.addEventListener("pointermove", (event) => {
      if (!dragged) return;
      if (!dragged.ghost) {
        if (Math.hypot(event.clientX - dragged.x, event.clientY - dragged.y) < 6) return;
        dragged.ghost = span("schedule-ghost", sessions.get(dragged.slug).title);
        document.body.append(dragged.ghost);
      }
      event.preventDefault();
      dragged.ghost.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`;
    });
    const drop = (event) => {
      if (!dragged) return;
      const { slug, ghost } = dragged;
      dragged = null;
      if (!ghost) return;
      ghost.remove();
      // The click that follows would open the form.
      document.addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
      setTimeout(() => document.dispatchEvent(new Event("click")), 0);
      const found = event.type === "pointerup" && calendar.dateFromPoint(event.clientX, event.clientY);
      if (!found || found.allDay) return;
      const two = (number) => String(number).padStart(2, "0");
      const at = found.date;
      const quarter = Math.floor(at.getMinutes() / 15) * 15;
      const where = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(quarter)}`;
      focused = slug;
      commit(sessions.get(slug), { start: where, column: found.resource?.id ?? "" });
    };
    document.addEventListener("pointerup", drop);
    document.addEventListener("pointercancel", drop);
    unplacedList.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openForm(link.closest("[data-slug]").dataset.slug);
    });

    // An undo names the session that it was about: the keyboard is on it when the page is there.
    if (location.hash.startsWith("#session-")) {
      focused = decodeURIComponent(location.hash.slice("#session-".length));
      requestAnimationFrame(() => requestAnimationFrame(settle));
    }
  }
}
