// Reads a calendar with ical.js, Thunderbird's engine, and compares what it makes of our zones with zoneinfo.
// Standard input: {"ics": "…", "zones": {"Europe/Sofia": [[instant, offset], …]}, "from": …, "until": …},
// instants and offsets in seconds, each offset valid from its instant on. Standard output: what differs.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const { ics, zones, from, until } = JSON.parse(readFileSync(0, "utf8"));
const calendar = new ICAL.Component(ICAL.parse(ics));
const wrong = [];
let compared = 0;

function offsetAt(switches, instant) {
  let offset = switches[0][1];
  for (const [since, value] of switches) {
    if (since > instant) break;
    offset = value;
  }
  return offset;
}

for (const component of calendar.getAllSubcomponents("vtimezone")) {
  const zone = new ICAL.Timezone(component);
  const switches = zones[zone.tzid];
  for (let instant = from; instant < until; instant += 1800) {
    const wall = new Date((instant + offsetAt(switches, instant)) * 1000);
    const read = new ICAL.Time(
      {
        year: wall.getUTCFullYear(),
        month: wall.getUTCMonth() + 1,
        day: wall.getUTCDate(),
        hour: wall.getUTCHours(),
        minute: wall.getUTCMinutes(),
        second: wall.getUTCSeconds(),
      },
      zone,
    ).toUnixTime();
    compared += 1;
    // An hour that comes twice may be read as either of the two.
    if (read !== instant && read + offsetAt(switches, read) !== wall.getTime() / 1000) {
      wrong.push(`${zone.tzid} ${wall.toISOString().slice(0, 16)} read as ${new Date(read * 1000).toISOString()}`);
    }
  }
}

const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    summary: event.summary,
    description: event.description,
    location: event.location,
    starts: event.startDate.toUnixTime(),
    ends: event.endDate.toUnixTime(),
    status: component.getFirstPropertyValue("status"),
    sequence: event.sequence,
    properties: component.getAllProperties().map((property) => property.name).sort(),
  };
});

process.stdout.write(JSON.stringify({ compared, wrong: wrong.slice(0, 20), zones: calendar.getAllSubcomponents("vtimezone").length, events }));
