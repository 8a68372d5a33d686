// One job on the page: what its card shows and what its buttons do.
"use strict";

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

function figures_of({ job, reached }) {
  const progress = job.progress || {};
  const took = (Date.parse(job.updated) - Date.parse(job.created)) / 1000;
  if (has_ended(job))
    return took >= 1 ? `in ${duration_of(took)}` : "";
  const parts = [];
  if (job.attempt > 1)
    parts.push(`attempt ${job.attempt}`);
  if (typeof progress.percent === "number" || reached > 0)
    parts.push(`${Math.floor(progress.percent ?? reached)} %`);
  if (typeof progress.eta_s === "number")
    parts.push(
      (progress.eta_from === "history" ? "about " : "") +
        `${duration_of(progress.eta_s)} left`
    );
  return parts.join(" · ");
}

// What a job says of itself that is to have another attempt, or that has begun
// one and did not speak yet; "" of others.
function between_attempts(job) {
  if (job.state === "pending" && job.again)
    return `tried again at ${new Date(job.again).toLocaleTimeString()}`;
  if (job.state === "pending" && job.attempt > 0)
    return clustered ? "moving to another node …" : "goes on in a moment …";
  const progress = job.progress || {};
  if (job.state === "processing" && job.attempt > 1 && !progress.message &&
      typeof progress.percent !== "number")
    return clustered ? `continues on ${job.node} …` : "continues …";
  return "";
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
    line.textContent = text || between_attempts(job);
    line.title = text;
  }
}

// The bar never goes back: what an attempt before this one reached stays, pale,
// until this one is there; its own bar appears in its place.
function show_bar(card) {
  const { job, element } = card;
  const bar = element.querySelector(".bar");
  let percent = (job.progress || {}).percent;
  if (job.state === "ready")
    percent = 100;
  const known = typeof percent === "number";
  const before = card.reached;
  const place = (part, value) => {
    bar.querySelector(part).style.transform = `translateX(${value - 100}%)`;
  };
  if (known)
    card.reached = Math.max(before, percent);
  element.classList.toggle("unknown",
    !known && before === 0 && job.state === "processing");
  if (known)
    place(".fill", percent);
  if (known || before > 0) {
    place(".was", card.reached);
    bar.setAttribute("aria-valuenow", Math.floor(card.reached));
  } else {
    bar.querySelector(".fill").style.transform = "";
    bar.removeAttribute("aria-valuenow");
  }
  void bar.offsetWidth; // placed before it appears
  element.classList.toggle("between", !known && before > 0);
  bar.setAttribute("aria-label", `${job.type}, ${WORDS[job.state]}`);
}

function show(card) {
  const { job, element } = card;
  const find = (selector) => element.querySelector(selector);
  const ended = has_ended(job);
  const moves = clustered && job.state === "pending" && job.attempt > 0 &&
    !job.again;
  element.dataset.state = job.state;
  find(".state").textContent = card.cancelling && !ended ? "cancelling" :
    moves ? "moving" : WORDS[job.state] || job.state;
  find(".figures").textContent = figures_of(card);
  show_message(find(".message"), job);
  show_bar(card);
  show_silence(card);
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
  const card = { job, element, etag: null, cancelling: false, reached: 0,
    unknown_since: null };
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
