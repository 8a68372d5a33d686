// What the node supervises, for operators: services and singletons, a line
// each, with what is known of it and the buttons when opened.
"use strict";

const UNITS_MANY = 12; // of more, only those not at rest are shown
const LOG_LINES = 12;

const AT_REST = ["ready", "done", "stopped", "disabled", "elsewhere"];
const AT_REST_TIMED = [...AT_REST, "waiting", "running"];
const SUMMARY_ORDER = ["failed", "restarting", "waiting", "starting",
  "stopping", "running", "ready", "elsewhere", "done", "stopped", "disabled"];
const OFFERS = {
  disabled: ["enable"], stopped: ["start", "disable"],
  done: ["start", "disable"], failed: ["start", "disable"],
  stopping: ["start", "disable"],
};
const OFFERS_UP = ["restart", "stop", "disable"];
const OFFERS_BETWEEN = ["start", "stop", "disable"]; // runs of a timed one
const FACTS = {
  status: "Says", words: "Last words", exit: "Last exit", when: "Runs",
  last: "Last end", next: "Next start", began: "Assigned",
  started: "Started", starts: "Starts", runs: "Runs so far",
  failures: "Failed runs", missed: "Missed times", node: "Node",
  token: "Token", pid: "Process", address: "Address",
  after: "Starts after", lines: "Lines logged", dropped: "Lines dropped",
};
const STAMP = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const NOT_FACTS = ["name", "state", "since", "slot", "essential"];

const lists = ["services", "singletons"].map((kind) => ({
  kind, section: at(kind), rows: new Map(), all: false, wake: () => {},
}));

function from_list(list, selector) {
  return list.section.querySelector(selector);
}

const is_timed = (unit) => Boolean(unit.when) && unit.when !== "always";
const is_at_rest = (unit) =>
  (is_timed(unit) ? AT_REST_TIMED : AT_REST).includes(unit.state);

function local_time(iso) {
  const element = document.createElement("time");
  show_time(element, iso);
  return element;
}

// What it starts after and is not ready; of services only we know.
function awaited(unit) {
  return (unit.after || []).filter((name) => {
    const row = lists[0].rows.get(name);
    return row && !AT_REST.includes(row.unit.state);
  });
}

// What a unit's line says beside its state.
function message_of(unit) {
  const end = unit.last || unit;
  const how = is_timed(unit) && end.how ? `last run ${end.how}` : "";
  const exit = typeof end.exit === "number" ? `exit ${end.exit}` : "";
  const failed = ["restarting", "failed"].includes(unit.state) ||
    (unit.state === "waiting" && ["failed", "timeout"].includes(end.how));
  const parts = [];
  if (unit.state === "restarting" && unit.next)
    parts.push(`again at ${new Date(unit.next).toLocaleTimeString()}`);
  if (unit.state === "elsewhere")
    parts.push(`on ${unit.node}`);
  if (unit.state === "waiting" && awaited(unit).length > 0)
    parts.push(`for ${awaited(unit).join(", ")}`);
  if (failed)
    parts.push(how, exit, end.words);
  else
    parts.push(unit.status);
  return parts.filter(Boolean).join(" · ");
}

function fact_value(value) {
  if (STAMP.test(value))
    return local_time(value);
  if (Array.isArray(value))
    return value.join(", ");
  if (typeof value !== "object")
    return String(value);
  const element = document.createElement("span");
  element.append(`${value.how}, exit ${value.exit}, `,
    value.ended ? local_time(value.ended) : "",
    value.words ? `: ${value.words}` : "");
  return element;
}

function show_facts(row) {
  const { unit } = row;
  const names = [...Object.keys(FACTS), ...Object.keys(unit).filter(
    (name) => !(name in FACTS) && !NOT_FACTS.includes(name))];
  const facts = row.find(".facts");
  facts.replaceChildren();
  const add = (label, value) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = label;
    dd.append(value);
    facts.append(dt, dd);
  };
  for (const name of names) {
    const value = unit[name];
    const is_there = value && value.length !== 0;
    if (is_there || (value === 0 && name === "exit"))
      add(FACTS[name] || name.replaceAll("_", " "), fact_value(value));
  }
  if (unit.essential)
    add("Essential", "the node ends when this does");
}

function show_actions(row) {
  const between = is_timed(row.unit) && row.unit.state === "waiting";
  const offers = [...between ? OFFERS_BETWEEN :
    OFFERS[row.unit.state] || OFFERS_UP];
  if (has_cluster && row.unit.when && row.unit.node)
    offers.push("handover");
  const buttons = [...row.element.querySelectorAll(".actions button")];
  const focused = buttons.find((button) => button === document.activeElement);
  for (const button of buttons) {
    button.hidden = !offers.includes(button.dataset.action);
    button.setAttribute("aria-disabled", Boolean(row.busy));
  }
  if (focused && focused.hidden)
    buttons.find((button) => !button.hidden).focus();
}

// The latest lines it printed; each with its time as it is here.
async function show_log(list, row) {
  const answer = await ask_node(
    `v1/${list.kind}/${encodeURIComponent(row.unit.name)}/log?tail=${LOG_LINES}`);
  const text = answer && answer.ok ? await answer.text().catch(() => "") : "";
  const lines = text.trimEnd().split("\n").map((line) => line.replace(
    /^(\S+Z) \S+\[\d+\]: /,
    (_, iso) => `${new Date(iso).toLocaleTimeString()}  `));
  row.find("pre").textContent = lines.join("\n");
  row.find("pre").hidden = text === "";
}

function show_details(list, row) {
  if (!row.element.open)
    return;
  show_facts(row);
  show_actions(row);
  show_log(list, row);
}

function show_unit(list, row) {
  const { unit, element, find } = row;
  const message = message_of(unit);
  const from = unit.state === "waiting" ? unit.next : unit.since;
  element.dataset.state = unit.state;
  find(".state").textContent = unit.state;
  find(".message").textContent = message;
  find(".message").title = message;
  find(".since").hidden = !from;
  find(".since span").textContent = from === unit.since ? "since" : "next";
  if (from)
    show_time(find("time"), from);
  show_details(list, row);
}

async function act(list, row, action) {
  if (row.busy)
    return;
  row.busy = true;
  show_actions(row);
  const answer = await ask_node(
    `v1/${list.kind}/${encodeURIComponent(row.unit.name)}/${action}`,
    { method: "POST" });
  row.busy = false;
  show_actions(row);
  show_problem(row.element,
    answer && answer.ok ? null : await problem_of(answer));
}

function make_row(list, unit) {
  const element = from_template("unit-template");
  const find = (selector) => element.querySelector(selector);
  const row = { unit, element, find, busy: false };
  find("h3").textContent = unit.name;
  for (const button of element.querySelectorAll(".actions button")) {
    button.setAttribute("aria-label", `${button.textContent} ${unit.name}`);
    button.addEventListener("click",
      () => act(list, row, button.dataset.action));
  }
  element.addEventListener("toggle", () => show_details(list, row));
  list.rows.set(unit.name, row);
  return row;
}

// Of many, those at rest are not shown until asked for.
function show_rows(list) {
  const many = list.rows.size > UNITS_MANY;
  const more = from_list(list, ".more");
  let shown = 0;
  for (const { unit, element } of list.rows.values()) {
    element.hidden = many && !list.all && is_at_rest(unit) &&
      !element.open && !element.contains(document.activeElement);
    shown += !element.hidden;
  }
  from_list(list, ".list").hidden = shown === 0;
  more.hidden = !many;
  more.textContent = list.all ? "Show fewer" : `Show all ${list.rows.size}`;
  more.setAttribute("aria-expanded", list.all);
}

function show_summary(list) {
  const counts = {};
  for (const { unit } of list.rows.values())
    counts[unit.state] = (counts[unit.state] || 0) + 1;
  from_list(list, ".summary").textContent =
    list.rows.size < 2 ? "" : SUMMARY_ORDER.filter((state) => counts[state])
      .map((state) => `${counts[state]} ${state}`).join(", ");
}

function speak_of(list, changed) {
  const settled = changed.filter((unit) =>
    AT_REST.includes(unit.state) || unit.state === "failed");
  if (settled.length > 3)
    speak(`${settled.length} ${list.kind} changed`);
  else if (settled.length > 0)
    speak(settled.map((unit) => `${unit.name} ${unit.state}`).join(", "));
}

function take_units(list, units) {
  const names = new Set(units.map((unit) => unit.name));
  const place = from_list(list, ".list");
  const changed = [];
  for (const [name, row] of list.rows)
    if (!names.has(name)) {
      row.element.remove();
      list.rows.delete(name);
    }
  units.forEach((unit, n) => {
    const known = list.rows.get(unit.name);
    const row = known || make_row(list, unit);
    const text = JSON.stringify(unit);
    if (known && known.unit.state !== unit.state)
      changed.push(unit);
    if (place.children[n] !== row.element)
      place.insertBefore(row.element, place.children[n] || null);
    row.fresh = row.text !== text;
    row.text = text;
    row.unit = unit;
  });
  // What one waits for is another's state.
  for (const row of list.rows.values())
    if (row.fresh || awaited(row.unit).length > 0)
      show_unit(list, row);
  list.section.hidden = units.length === 0;
  show_rows(list);
  show_summary(list);
  speak_of(list, changed);
}
