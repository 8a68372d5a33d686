// The nodes of the cluster, for operators: a line each, with what is known of
// it when opened.  A node alone shows none.
"use strict";

const NODE_FACTS = {
  address: "Address", from: "Heard from", slot: "Slot",
  generation: "Generation", epoch: "Epoch", version: "Version", tags: "Tags",
};
// Shown as the units' states of these names.
const NODE_LIKE = {
  leads: "ready", silent: "restarting", dead: "failed", out: "failed",
};

const node_rows = new Map();
let has_cluster = false;

// Whom NODE does not hear, though they speak.
const deaf_to = (node) => Object.keys(node.hears).filter((name) =>
  node.hears[name] === false && node_rows.get(name)?.node.heard);

// What a node's line says beside its state.
function message_of_node(node) {
  const parts = [];
  if (node.self)
    parts.push("this node");
  else if (!node.heard)
    parts.push(node.from ? "not heard" : "never heard");
  else if (node.elsewhere)
    parts.push("its lease is not in this node's lease file");
  else if (node.hears_us === false)
    parts.push("does not hear this node");
  const others = deaf_to(node).filter((name) => !is_self(name));
  if (others.length > 0)
    parts.push(`does not hear ${others.join(", ")}`);
  if (node.draining && node.heard)
    parts.push("draining");
  if (node.version && node.heard)
    parts.push(load_text(node.load));
  return parts.join(" · ");
}

function is_self(name) {
  const row = node_rows.get(name);
  return Boolean(row) && row.node.self;
}

function load_text(load) {
  const held = load.singletons + load.running;
  return `load ${load.busy} of ${load.cores}` +
    (held > 0 ? `, ${load.singletons} singletons, ${load.running} jobs` : "");
}

function show_node_facts(row) {
  const { node, find } = row;
  const facts = find(".facts");
  facts.replaceChildren();
  const add = (label, value) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = label;
    dd.textContent = value;
    facts.append(dt, dd);
  };
  for (const [name, label] of Object.entries(NODE_FACTS)) {
    const value = node[name];
    const is_there = value || (value === 0 && name === "slot");
    if (is_there && value.length !== 0)
      add(label, Array.isArray(value) ? value.join(", ") : value);
  }
  const hears = Object.keys(node.hears).filter((name) => node.hears[name]);
  if (hears.length > 0)
    add("Hears", hears.join(", "));
  if (deaf_to(node).length > 0)
    add("Does not hear", deaf_to(node).join(", "));
}

function make_node_row(node) {
  const element = from_template("node-template");
  const find = (selector) => element.querySelector(selector);
  const row = { node, element, find };
  find("h3").textContent = node.name;
  node_rows.set(node.name, row);
  return row;
}

function show_node(row) {
  const { node, element, find } = row;
  const message = message_of_node(node);
  element.dataset.state = NODE_LIKE[node.state] || node.state;
  find(".state").textContent = node.state;
  find(".message").textContent = message;
  find(".message").title = message;
  show_node_facts(row);
}

const seconds_text = (ms) => `${(ms / 1000).toFixed(1)} s`;

function show_cluster(cluster) {
  const leader = cluster.leader ? `${cluster.leader} leads` : "nobody leads";
  at("cluster-summary").textContent = `${cluster.name}: ${leader}, ` +
    `${cluster.alive} of ${node_rows.size} alive`;
  at("cluster-bounds").textContent = cluster.why_not_in ||
    `What a dead node ran goes on within ${seconds_text(cluster.failover_ms)}; ` +
    `storage may hang for ${seconds_text(cluster.stall_ms)}.`;
  at("cluster-bounds").classList.toggle("problem", Boolean(cluster.why_not_in));
}

function speak_of_nodes(changed) {
  if (changed.length > 3)
    speak(`${changed.length} nodes changed`);
  else if (changed.length > 0)
    speak(changed.map((node) => `${node.name} ${node.state}`).join(", "));
}

// BODY is what the node says of its cluster, null to forget it.
function take_nodes(body) {
  const nodes = body && body.cluster ? body.nodes : [];
  const names = new Set(nodes.map((node) => node.name));
  const place = at("cluster-nodes");
  const changed = [];
  for (const [name, row] of node_rows)
    if (!names.has(name)) {
      row.element.remove();
      node_rows.delete(name);
    }
  nodes.forEach((node, n) => {
    const known = node_rows.get(node.name);
    const row = known || make_node_row(node);
    if (known && known.node.state !== node.state)
      changed.push(node);
    if (place.children[n] !== row.element)
      place.insertBefore(row.element, place.children[n] || null);
    row.node = node;
  });
  for (const row of node_rows.values())
    show_node(row);
  has_cluster = nodes.length > 0;
  at("cluster").hidden = !has_cluster;
  if (has_cluster)
    show_cluster(body.cluster);
  speak_of_nodes(changed);
}

async function follow_nodes() {
  const mine = session;
  let etag = null;
  let gap = LIST_GAP_MS;
  while (session === mine) {
    await visible();
    const began = Date.now();
    const { answer } = await ask_held(
      "v1/nodes" + (etag ? `?wait=${LIST_WAIT_S}s` : ""), LIST_WAIT_S,
      { headers: etag ? { "If-None-Match": etag } : {} }, ask_node);
    const body = await json_of(answer);
    if (session !== mine)
      return;
    if (body)
      take_nodes(body);
    if (body && !body.cluster)
      return;
    // After a rest: loads have changed, which nobody is woken by.
    etag = body ? answer.headers.get("ETag") : null;
    await pause(gap);
    gap = next_gap(gap, began, answer !== null);
  }
}

// ---- jobs whose node is silent ----

// What is shown of such a job is old: its bar goes pale, until there is a word.
function show_silence(card) {
  const { job, element } = card;
  const silent = !has_ended(job) && typeof job.stale_s === "number";
  if (!silent)
    card.silent_since = null;
  else if (!card.silent_since || card.silent_of !== job)
    card.silent_since = Date.now() - job.stale_s * 1000;
  card.silent_of = job;
  element.classList.toggle("silent", silent);
  if (silent)
    element.querySelector(".figures").textContent = "no word for " +
      `${Math.round((Date.now() - card.silent_since) / 1000)} s`;
}

setInterval(() => {
  for (const card of cards.values())
    if (card.silent_since)
      show_silence(card);
}, 1000);
