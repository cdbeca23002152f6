// Reads a calendar with a program that other people wrote: node readers.mjs ical.js|node-ical <calendar
// Standard output: {uid: [start, end]} in seconds since 1970.
import { readFileSync } from "node:fs";

const ics = readFileSync(0, "utf8");
const found = {};

if (process.argv[2] === "ical.js") {
  const { default: ICAL } = await import("ical.js");
  // As Thunderbird does: the zones of the calendar are known before its entries are read.
  const calendar = new ICAL.Component(ICAL.parse(ics));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  for (const component of calendar.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(component);
    found[event.uid] = [event.startDate.toUnixTime(), event.endDate.toUnixTime()];
  }
} else {
  const { default: ical } = await import("node-ical");
  for (const event of Object.values(ical.sync.parseICS(ics))) {
    if (event.type === "VEVENT") found[event.uid] = [event.start.getTime() / 1000, event.end.getTime() / 1000];
  }
}

process.stdout.write(JSON.stringify(found));
