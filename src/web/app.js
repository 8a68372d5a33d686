// The page's jobs: starts them and follows them by long poll.  Every URL is
// relative, so it works below any path prefix.  Nothing here needs a
// framework.  node.js, the last of the scripts, sets all going.
"use strict";

const WAIT_S = 25;           // how long the server may hold a poll
const POLLS_MAX = 4;         // a browser opens six connections to one host
const POLLS_BESIDE_LISTS = 2; // an operator's page holds three for its lists
const CROWDED_WAIT_S = 2;    // with more jobs than polls they take turns
const GAP_MS = 100;          // between polls of one job
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 8000;
const ENDED = ["ready", "error", "cancelled"];
const WORDS = {
  pending: "waiting", processing: "running", ready: "ready",
  error: "failed", cancelled: "cancelled",
};

const cards = new Map();     // id → card
const held = new Set();      // requests the server may keep waiting
let polls = 0;               // of jobs, under way
let unreachable = false;
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

// A quiet note while the server is away, gone once it answers.
function note_reachable(reachable) {
  if (unreachable === !reachable)
    return;
  unreachable = !reachable;
  document.body.classList.toggle("away", unreachable);
  at("notice").hidden = reachable;
  at("notice").textContent = reachable ? "" :
    "The server does not answer. What is shown is of " +
    `${new Date().toLocaleTimeString()}; trying again …`;
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

// The same for one the server may hold: given up when the page is hidden or
// leave_all() is called; then LEFT is true.
async function ask_held(path, options, asks = ask) {
  const leave = new AbortController();
  held.add(leave);
  const answer = await asks(path, { ...options, signal: leave.signal });
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

function size_of(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 999.95 && unit < 4; unit++)
    bytes /= 1000;
  return `${bytes.toFixed(unit ? 1 : 0)} ${units[unit]}`;
}

function duration_of(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const s = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(s / 60);
  if (minutes < 60)
    return `${minutes}:${two(s % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

function figures_of(job) {
  const progress = job.progress || {};
  const took = (Date.parse(job.updated) - Date.parse(job.created)) / 1000;
  if (has_ended(job))
    return took >= 1 ? `in ${duration_of(took)}` : "";
  const parts = [];
  if (typeof progress.percent === "number")
    parts.push(`${Math.floor(progress.percent)} %`);
  if (typeof progress.eta_s === "number")
    parts.push(
      (progress.eta_from === "history" ? "about " : "") +
        `${duration_of(progress.eta_s)} left`
    );
  return parts.join(" · ");
}

function show_message(line, job) {
  const text = ((job.progress || {}).message || "").replace(/\p{Cc}/gu, "");
  line.title = "";
  if (job.state === "ready" && job.output) {
    line.textContent = `${job.output.name}, ${size_of(job.output.size)}`;
  } else if (job.state === "error" && job.error) {
    const title = document.createElement("strong");
    title.textContent = job.error.title || "";
    line.replaceChildren(title, job.error.detail || "");
  } else {
    line.textContent = text;
    line.title = text;
  }
}

function show_bar(card) {
  const { job, element } = card;
  const bar = element.querySelector(".bar");
  let percent = (job.progress || {}).percent;
  if (job.state === "ready")
    percent = 100;
  const known = typeof percent === "number";
  element.classList.toggle("unknown", !known && job.state === "processing");
  bar.querySelector(".fill").style.transform =
    known ? `translateX(${percent - 100}%)` : "";
  if (known)
    bar.setAttribute("aria-valuenow", Math.floor(percent));
  else
    bar.removeAttribute("aria-valuenow");
  bar.setAttribute("aria-label", `${job.type}, ${WORDS[job.state]}`);
}

function show(card) {
  const { job, element } = card;
  const find = (selector) => element.querySelector(selector);
  const ended = has_ended(job);
  element.dataset.state = job.state;
  find(".state").textContent =
    card.cancelling && !ended ? "cancelling" : WORDS[job.state] || job.state;
  find(".figures").textContent = figures_of(job);
  show_message(find(".message"), job);
  show_bar(card);
  find(".cancel").hidden = ended;
  find(".cancel").disabled = Boolean(card.cancelling);
  find(".forget").hidden = !ended;
  find(".download").hidden = !(job.state === "ready" && job.output);
}

async function remove(card) {
  const url = `v1/jobs/${card.job.id}`;
  const forgets = has_ended(card.job);
  card.cancelling = !forgets;
  show(card);
  const answer = await ask(url, { method: "DELETE" });
  if (answer && (answer.status === 204 || answer.status === 404)) {
    drop(card);
  } else if (!answer || !answer.ok) {
    card.cancelling = false;
    show(card);
  }
}

function drop(card) {
  const next = card.element.nextElementSibling ||
    card.element.previousElementSibling;
  if (card.element.contains(document.activeElement) && next)
    next.focus();
  cards.delete(card.job.id);
  card.element.remove();
  show_sections();
}

function make_card(job) {
  const element = from_template("job-template");
  const card = { job, element, etag: null, cancelling: false };
  const find = (selector) => element.querySelector(selector);
  find("h3").textContent = job.type;
  show_time(find("time"), job.created);
  find(".id").textContent = job.id;
  find(".download").href = `v1/jobs/${job.id}/output`;
  find(".download").setAttribute("download", "");
  find(".cancel").addEventListener("click", () => remove(card));
  find(".forget").addEventListener("click", () => remove(card));
  cards.set(job.id, card);
  // Newest first, whatever order they are heard of in.
  const older = [...at("jobs").children].find(
    (other) => other.querySelector("time").dateTime < job.created);
  at("jobs").insertBefore(element, older || null);
  show_sections();
  return card;
}

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

// One poll; how long to wait before the next.
async function poll(card, backoff) {
  const crowded = [...cards.values()].filter(
    (other) => !has_ended(other.job)).length > polls_max();
  const wait = crowded ? CROWDED_WAIT_S : WAIT_S;
  const { answer, left } = await ask_held(
    `v1/jobs/${card.job.id}` + (card.etag ? `?wait=${wait}s` : ""),
    { headers: card.etag ? { "If-None-Match": card.etag } : {} });
  if (answer && answer.status === 200) {
    card.etag = answer.headers.get("ETag");
    take_job(await answer.json());
    return 0;
  }
  if (answer && answer.status === 304)
    return 0;
  if (answer && answer.status === 404)
    drop(card);
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
