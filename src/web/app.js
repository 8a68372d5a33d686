// The page's jobs: starts them and follows them by long poll.  Every URL is
// relative, so it works below any path prefix.  Nothing here needs a
// framework.  node.js, the last of the scripts, sets all going.
"use strict";

const WAIT_S = 25;           // how long the server may hold a poll
const RUNNING_WAIT_S = 5;    // of a job that runs: its node may be cut off
const GRACE_S = 4;           // beyond that, before a request is given up
const POLLS_MAX = 4;         // a browser opens six connections to one host
const POLLS_BESIDE_LISTS = 2; // an operator's page holds three for its lists
const CROWDED_WAIT_S = 2;    // with more jobs than polls they take turns
const GAP_MS = 100;          // between polls of one job
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 3000;
const AWAY_MS = 1500;        // without any answer, before that is said
const UNKNOWN_MS = 5000;     // a node that begins may not know a job yet
const ENDED = ["ready", "error", "cancelled"];
const WORDS = {
  pending: "waiting", processing: "running", ready: "ready",
  error: "failed", cancelled: "cancelled",
};

const cards = new Map();     // id → card
const held = new Set();      // requests the server may keep waiting
let polls = 0;               // of jobs, under way
let unreachable = false;
let silent_since = null;     // when an answer first failed to come
let clustered = false;       // jobs may go on on another node
let first_list = null;       // of jobs, on its way
let offers_jobs = true;      // until the node has told

const at = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const has_ended = (job) => ENDED.includes(job.state);

function from_template(id) {
  return at(id).content.firstElementChild.cloneNode(true);
}

function speak(text) {
  at("spoken").textContent = text;
}

// A quiet note while the server is away, gone once it answers.  Not for a
// moment's silence: whoever is asked next may answer.
function note_reachable(reachable) {
  if (reachable)
    silent_since = null;
  else
    silent_since = silent_since ?? Date.now();
  if (unreachable === !reachable)
    return;
  if (!reachable && Date.now() - silent_since < AWAY_MS)
    return;
  unreachable = !reachable;
  document.body.classList.toggle("away", unreachable);
  at("notice").hidden = reachable;
  at("notice").textContent = reachable ? "" :
    "The server does not answer. What is shown is of " +
    `${new Date(silent_since).toLocaleTimeString()}; trying again …`;
  if (reachable)
    want_status();
}

function visible() {
  if (!document.hidden)
    return Promise.resolve();
  return new Promise((done) => document.addEventListener(
    "visibilitychange", done, { once: true })).then(visible);
}

// The answer to a request; null when there is none.
async function ask(path, options = {}) {
  try {
    const answer = await fetch(path, { cache: "no-store", ...options });
    note_reachable(![502, 503, 504].includes(answer.status));
    return answer;
  } catch (error) {
    if (error.name !== "AbortError")
      note_reachable(false);
    return null;
  }
}

// The same for one the server may hold, for WAIT_S at most: given up when it is
// held longer, since a node without power says nothing, when the page is hidden
// or leave_all() is called; then LEFT is true.
async function ask_held(path, wait_s, options, asks = ask) {
  const leave = new AbortController();
  const timer = setTimeout(() => {
    note_reachable(false);
    leave.abort();
  }, (wait_s + GRACE_S) * 1000);
  held.add(leave);
  const answer = await asks(path, { ...options, signal: leave.signal });
  clearTimeout(timer);
  held.delete(leave);
  return { answer, left: leave.signal.aborted };
}

function leave_all() {
  for (const leave of held)
    leave.abort();
}

// The JSON of PATH, however long that takes.
async function ask_until_answered(path, asks = ask) {
  for (let backoff = BACKOFF_MS; ; backoff = Math.min(backoff * 2, BACKOFF_MAX_MS)) {
    await visible();
    const answer = await asks(path);
    if (answer && answer.ok)
      return answer.json();
    await pause(backoff);
  }
}

// What a refusal says, as one sentence or two.
async function problem_of(answer) {
  if (!answer)
    return { detail: "The server does not answer. Try again in a moment." };
  try {
    return await answer.json();
  } catch {
    return { detail: `The server answered ${answer.status}.` };
  }
}

// The time at ISO as it is here; all of it when pointed at.
function show_time(element, iso) {
  const time = new Date(iso);
  element.dateTime = iso;
  element.textContent =
    time.toDateString() === new Date().toDateString() ?
      time.toLocaleTimeString() : time.toLocaleString();
  element.title =
    time.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
}

// ---- forms ----

function show_problem(form, problem) {
  const line = form.querySelector(".problem");
  line.hidden = !problem;
  line.textContent = problem ? problem.detail || problem.title || "" : "";
  for (const input of form.querySelectorAll("input")) {
    if (problem && problem.field === input.name) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
    } else {
      input.removeAttribute("aria-invalid");
    }
  }
}

function random_key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The same key is sent until there is an answer, so that asking again after a
// lost one starts nothing twice.
async function start(form, type) {
  const button = form.querySelector(".start");
  const params = {};
  for (const input of form.querySelectorAll("input"))
    if (input.value !== "")
      params[input.name] = input.value;
  form.dataset.key = form.dataset.key || random_key();
  button.disabled = true;
  await first_list; // which may say who we are: not two at once
  const answer = await ask("v1/jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type, params, key: form.dataset.key }),
  });
  button.disabled = false;
  if (answer)
    delete form.dataset.key;
  if (!answer || !answer.ok) {
    const problem = await problem_of(answer);
    show_problem(form, problem);
    if (answer && answer.status === 409 && problem.instance)
      notice_job(problem.instance.split("/").pop());
    return;
  }
  show_problem(form, null);
  const job = await answer.json();
  take_job(job);
  notice_job(job.id);
  speak(job.joined ? `${type} is there already` : `${type} started`);
}

function add_type(type) {
  const form = from_template("type-template");
  form.querySelector("h3").textContent = type.type;
  form.querySelector(".start").setAttribute("aria-label", `Start ${type.type}`);
  for (const param of type.params || []) {
    const label = from_template("field-template");
    const input = label.querySelector("input");
    label.querySelector("span").textContent = param.name;
    input.name = param.name;
    input.required = Boolean(param.required);
    input.value = param.default || "";
    input.title = param.match ? `Has to match ${param.match}` : "";
    form.querySelector(".fields").append(label);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start(form, type.type);
  });
  at("types").append(form);
}

// What has nothing to show is not shown.
function show_sections() {
  at("no-types").hidden = offers_jobs;
  at("types-section").hidden = !offers_jobs && is_operator();
  at("no-jobs").hidden = cards.size > 0;
  at("jobs-section").hidden = !offers_jobs && cards.size === 0;
}

// ---- jobs ----

// "TOKEN.STEP", compared part by part.
function is_older(a, b) {
  const [left, right] = [a, b].map((text) => text.split(".").map(BigInt));
  return left[0] < right[0] || (left[0] === right[0] && left[1] < right[1]);
}

function take_job(job) {
  let card = cards.get(job.id);
  if (!card) {
    card = make_card(job);
    show(card);
    follow(card);
    return;
  }
  if (has_ended(card.job) || is_older(job.version, card.job.version))
    return;
  card.job = job;
  show(card);
  if (has_ended(job))
    speak(`${job.type} ${WORDS[job.state]}`);
}

function notice_job(id) {
  const card = cards.get(id);
  if (!card)
    return;
  card.element.scrollIntoView({ block: "nearest" });
  card.element.classList.remove("noticed");
  void card.element.offsetWidth; // so that the animation begins anew
  card.element.classList.add("noticed");
}

const polls_max = () => is_operator() ? POLLS_BESIDE_LISTS : POLLS_MAX;

function wait_for_poll(card) {
  if ([...cards.values()].filter(
    (other) => !has_ended(other.job)).length > polls_max())
    return CROWDED_WAIT_S;
  return card.job.state === "processing" ? RUNNING_WAIT_S : WAIT_S;
}

// One poll; how long to wait before the next.
async function poll(card, backoff) {
  const wait = card.etag ? wait_for_poll(card) : 0;
  const { answer, left } = await ask_held(
    `v1/jobs/${card.job.id}` + (wait ? `?wait=${wait}s` : ""), wait,
    { headers: card.etag ? { "If-None-Match": card.etag } : {} });
  if (answer && answer.status !== 404)
    card.unknown_since = null;
  if (answer && answer.status === 200) {
    card.etag = answer.headers.get("ETag");
    take_job(await answer.json());
    return 0;
  }
  if (answer && answer.status === 304)
    return 0;
  if (answer && answer.status === 404) {
    card.unknown_since = card.unknown_since ?? Date.now();
    if (!clustered || Date.now() - card.unknown_since > UNKNOWN_MS)
      drop(card);
  }
  return left ? 0 : Math.min(backoff * 2 || BACKOFF_MS, BACKOFF_MAX_MS);
}

async function follow(card) {
  let backoff = 0;
  while (!has_ended(card.job) && cards.has(card.job.id)) {
    await visible();
    if (polls >= polls_max()) {
      await pause(100);
      continue;
    }
    polls++;
    try {
      backoff = await poll(card, backoff);
    } catch {
      backoff = BACKOFF_MAX_MS; // an answer that broke off, or no JSON
    }
    polls--;
    await pause(Math.max(backoff, GAP_MS));
  }
}

async function load_jobs() {
  const list = await ask_until_answered("v1/jobs?limit=50");
  for (const job of list.jobs)
    take_job(job);
  show_sections();
}
