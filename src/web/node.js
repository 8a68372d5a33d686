// The node itself: how it is and, for operators, what happened; and what
// follows both and the units of units.js by long poll.  The operator token is
// typed once and kept for this tab alone.
"use strict";

const STATUS_EVERY_MS = 60000;
const STATUS_SOON_MS = 5000;  // while not all is well
const LIST_WAIT_S = 50;       // below the minute after which proxies give up
const LIST_GAP_MS = 200;      // between polls of a list; doubled while
const LIST_GAP_MAX_MS = 3200; // changes come in a stream
const EVENTS_FEW = 8;
const EVENTS_MAX = 200;
const TOKEN_KEY = `holdfast operator ${location.pathname}`;

const ERRORS = {
  5: "input/output error", 13: "permission denied", 28: "no space left",
  30: "read-only file system", 110: "timed out", 116: "stale file handle",
  122: "quota exceeded",
};
const EVENT_WORDS = {
  drain: "is drained", undrain: "takes jobs again",
  "storage-failed": "lost its storage:",
  "storage-back": "has its storage back",
  "unit-silent": "was silent too long", "unit-missed": "missed its time",
  "node-heard": "is heard", "node-lost": "is heard no more:",
  "node-left": "left",
  "node-one-way": "is heard one way:",
  "node-twin": "is the name of two nodes:",
  "node-elsewhere": "is on other storage, or one node is shown what was:",
  "datagram-refused": "sends what is refused:",
  "lease-held": "holds its lease", "lease-lost": "lost its lease:",
  "lease-released": "gave its lease back",
  "node-dead": "is dead:", "node-released": "gave its lease back",
};
const BAD_EVENTS = ["role-died", "reload-refused", "storage-failed",
  "unit-failed", "unit-silent", "unit-missed", "node-lost", "node-one-way",
  "node-twin", "node-elsewhere", "datagram-refused", "lease-lost", "node-dead"];

let session = null;           // of an operator, an object of its own
let token = null;
let known_types = null;
let status_wanted = false;
let wake_status = () => {};

const is_operator = () => session !== null;
const error_text = (number) => ERRORS[number] || `error ${number}`;

// ---- the operator's session ----

function keep_token(value) {
  token = value;
  try {
    if (value)
      sessionStorage.setItem(TOKEN_KEY, value);
    else
      sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // No storage: it is kept until the page is left.
  }
}

function kept_token() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

// A request that may need the token.
async function ask_node(path, options = {}) {
  const sent = token;
  const headers = { ...options.headers };
  if (sent)
    headers.Authorization = `Bearer ${sent}`;
  const answer = await ask(path, { ...options, headers });
  if (answer && answer.status === 401 && sent && sent === token) {
    sign_out();
    at("operator").open = true;
    show_problem(at("sign-in"),
      { detail: "The node takes this token no more: type the new one." });
  }
  return answer;
}

async function sign_in() {
  const form = at("sign-in");
  const input = form.querySelector("input");
  const given = input.value.trim();
  let problem = { detail: "That is not the operator token." };
  if (/^[\x20-\x7e]+$/.test(given)) {
    const answer = await ask("v1/status",
      { headers: { Authorization: `Bearer ${given}` } });
    if (answer && answer.ok) {
      const status = await answer.json();
      if (status.operator) {
        show_problem(form, null);
        input.value = "";
        keep_token(given);
        take_status(status);
        scrollTo(0, 0);
        at("top").focus();
        speak("Signed in as operator");
        return;
      }
      problem = { detail: "The token did not get to the node: " +
        "does a proxy hold back the Authorization field?" };
    } else if (!answer || answer.status !== 401) {
      problem = await problem_of(answer);
    }
  }
  show_problem(form, problem);
  input.focus();
}

function sign_out() {
  keep_token(null);
  end_session();
  want_status();
  speak("Signed out");
}

function begin_session() {
  session = {};
  for (const list of lists)
    follow_units(list);
  follow_nodes();
  follow_events();
}

function end_session() {
  session = null;
  leave_all();
  for (const list of lists) {
    take_units(list, []);
    list.wake();
  }
  take_nodes(null);
  take_events([], true);
}

// ---- how the node is ----

function troubles_of(status) {
  const troubles = [];
  if (status.storage)
    troubles.push(`The shared storage fails: ${error_text(status.storage)}.`);
  else if (!status.ready && status.jobs.length > 0)
    troubles.push("This node takes no jobs now.");
  if (status.draining)
    troubles.push("This node is drained: it gives up its jobs and takes none.");
  for (const { role, pid, health } of status.roles || [])
    if (!pid)
      troubles.push(`Its process ${role} does not run.`);
    else if (health)
      troubles.push(`Its process ${role} has trouble: ${error_text(health)}.`);
  return troubles;
}

function show_health(status) {
  const parts = [status.node];
  // In a cluster a node's troubles are not those of its users.
  const text = status.operator || !status.clustered ?
    troubles_of(status).join(" ") : "";
  if (status.operator) {
    parts.push(status.ready ? "ready" : "not ready");
    if (status.running || status.pending)
      parts.push(`${status.running} jobs running, ${status.pending} waiting`);
  }
  at("node").textContent = parts.join(" · ");
  at("node").title = `holdfast ${status.version}`;
  document.title = `${status.node} · holdfast`;
  at("health").hidden = !text;
  if (at("health").textContent !== text)
    at("health").textContent = text;
}

function show_types(types) {
  const text = JSON.stringify(types);
  if (text === known_types)
    return;
  known_types = text;
  offers_jobs = types.length > 0;
  at("types").replaceChildren();
  for (const type of types)
    add_type(type);
}

function take_status(status) {
  if (status.operator && !session)
    begin_session();
  else if (!status.operator && session)
    end_session();
  clustered = Boolean(status.clustered);
  show_types(status.jobs);
  show_health(status);
  show_sections();
  at("operator").hidden = status.operator || !status.sign_in;
  at("sign-out").hidden = !token;
}

function want_status() {
  status_wanted = true;
  wake_status();
}

async function watch_status() {
  for (;;) {
    status_wanted = false;
    const status = await ask_until_answered("v1/status", ask_node);
    take_status(status);
    await pause(LIST_GAP_MS);
    if (!status_wanted)
      await new Promise((done) => {
        wake_status = done;
        setTimeout(done, troubles_of(status).length > 0 ?
          STATUS_SOON_MS : STATUS_EVERY_MS);
      });
  }
}

// ---- events ----

function what_of(event) {
  return EVENT_WORDS[event.event] ||
    event.event.replace(/^(unit|node|job|role)-/, "").replaceAll("-", " ");
}

function add_event(event) {
  const element = from_template("event-template");
  const find = (selector) => element.querySelector(selector);
  show_time(find("time"), event.time);
  find("strong").textContent = event.subject;
  find(".what").textContent = what_of(event);
  find(".text").textContent = event.text;
  element.classList.toggle("bad", BAD_EVENTS.includes(event.event));
  at("event-list").prepend(element);
}

// FRESH ones are all there are, others are added to them.
function take_events(events, fresh) {
  const place = at("event-list");
  if (fresh)
    place.replaceChildren();
  events.forEach(add_event);
  while (place.children.length > EVENTS_MAX)
    place.lastElementChild.remove();
  at("events").hidden = place.children.length === 0;
  at("events-more").hidden = place.children.length <= EVENTS_FEW;
  if (fresh || events.some(({ event }) => event === "reloaded"))
    for (const list of lists)
      list.wake();
}

// ---- following ----

// How long to pause after a poll that BEGAN then; longer and longer while the
// answers come at once, since there is a stream of them, or there are none.
function next_gap(gap, began, answered) {
  if (answered && Date.now() - began > LIST_GAP_MAX_MS)
    return LIST_GAP_MS;
  return Math.min(gap * 2, answered ? LIST_GAP_MAX_MS : BACKOFF_MAX_MS);
}

async function json_of(answer) {
  if (!answer || answer.status !== 200)
    return null;
  return answer.json().catch(() => null);
}

async function follow_units(list) {
  const mine = session;
  let etag = null;
  let gap = LIST_GAP_MS;
  while (session === mine) {
    await visible();
    const began = Date.now();
    const { answer } = await ask_held(
      `v1/${list.kind}` + (etag ? `?wait=${LIST_WAIT_S}s` : ""), LIST_WAIT_S,
      { headers: etag ? { "If-None-Match": etag } : {} }, ask_node);
    const body = await json_of(answer);
    if (session !== mine)
      return;
    if (body) {
      etag = answer.headers.get("ETag");
      take_units(list, body[list.kind] || []);
    } else if (answer && [403, 404].includes(answer.status)) {
      take_units(list, []);
    }
    await pause(gap);
    gap = next_gap(gap, began, answer !== null);
    // Nothing to follow: there may be after a reload.
    if (answer && answer.status !== 304 && list.rows.size === 0) {
      etag = null;
      await new Promise((done) => { list.wake = done; });
    }
  }
}

async function follow_events() {
  const mine = session;
  let after = null;           // null: begin anew
  let gap = LIST_GAP_MS;
  while (session === mine) {
    await visible();
    const began = Date.now();
    const { answer } = await ask_held(after === null ?
      `v1/events?limit=${EVENTS_MAX}` :
      `v1/events?after=${after}&wait=${LIST_WAIT_S}s`, LIST_WAIT_S, {},
      ask_node);
    const body = await json_of(answer);
    if (session !== mine)
      return;
    if (body) {
      take_events(body.events, after === null);
      if (body.events.length > 0)
        want_status();
    }
    // A node that was away may count from the start again.
    after = body ? body.after : null;
    await pause(gap);
    gap = next_gap(gap, began, answer !== null);
  }
}

// ---- the page ----

at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sign_in();
});
at("sign-out").addEventListener("click", sign_out);
at("events-more").addEventListener("click", () => {
  const few = at("event-list").classList.toggle("few");
  at("events-more").textContent = few ? "Show more" : "Show fewer";
  at("events-more").setAttribute("aria-expanded", !few);
});
for (const list of lists)
  from_list(list, ".more").addEventListener("click", () => {
    list.all = !list.all;
    show_rows(list);
  });
document.addEventListener("visibilitychange", () => {
  if (document.hidden)
    leave_all();
  else
    load_jobs();
});

token = kept_token();
watch_status();
first_list = load_jobs();
first_list.then(() => notice_job(location.hash.slice(1)));
