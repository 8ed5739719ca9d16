// The table of connections. Rows are kept and changed in place, so that focus, selection and a screen reader's place stay.
import { serverNow } from "./api.js";
import { age, bytes, clockTime, count, fullTime, words } from "./format.js";

const body = document.getElementById("rows");

export function renderConnections({ rows, more }) {
  const known = new Map([...body.children].map((tr) => [tr.dataset.id, tr]));
  rows.forEach((summary, i) => {
    const tr = known.get(summary.connection_id) ?? newRow(summary.connection_id);
    known.delete(summary.connection_id);
    if (body.children[i] !== tr) body.insertBefore(tr, body.children[i] ?? null);
    fill(tr, summary);
  });
  for (const gone of known.values()) gone.remove();
  document.getElementById("connections").hidden = rows.length === 0;
  document.getElementById("empty").hidden = rows.length !== 0;
  text(document.getElementById("counts"), tally(rows, more));
}

function newRow(id) {
  const tr = element("tr", "");
  tr.dataset.id = id;
  tr.setAttribute("role", "row"); // said outright: on a phone the style sheet takes the table's own roles away
  const name = cell("th", "", "");
  name.scope = "row";
  name.append(element("span", "line", element("bdi", "name")), element("span", "under", element("bdi", "connector"), element("span", "status")));
  const state = cell("td", "State", "");
  state.append(element("span", "pill"), element("span", "under reason"));
  const records = cell("td", "Records", "number");
  records.append(element("span", "value"), element("span", "under note"));
  const size = cell("td", "Size", "number");
  size.append(element("span", "value"), element("span", "under note"));
  const run = cell("td", "Last run", "");
  run.append(element("span", "value"), element("time", "under"));
  const fresh = cell("td", "Freshness", "");
  fresh.append(element("span", "value"), element("time", "under"));
  tr.append(name, state, records, size, run, fresh);
  return tr;
}

function fill(tr, s) {
  const [name, state, records, size, run, fresh] = tr.children;

  const label = s.display_name ?? s.connection_id;
  text(name.querySelector(".name"), label);
  name.querySelector(".name").title = `${label} (${s.connection_id})`;
  const connector = s.connector_display_name ?? s.connector_id;
  text(name.querySelector(".connector"), connector);
  name.querySelector(".connector").title = connector;
  text(name.querySelector(".status"), s.status === "active" ? "" : s.status);

  const { pill } = s.rendered_verdict;
  text(state.querySelector(".pill"), pill.label);
  attribute(state.querySelector(".pill"), "data-tone", pill.tone);
  text(state.querySelector(".reason"), reasonOf(s));

  const [total, note] = totalOf(s);
  text(records.querySelector(".value"), total);
  text(records.querySelector(".note"), note);
  text(size.querySelector(".value"), s.total_retained_bytes === null ? "–" : bytes(s.total_retained_bytes));
  text(size.querySelector(".note"), noteOf(s.retained_bytes_evidence.state));

  const last = s.last_run;
  text(run.querySelector(".value"), last ? words(last.status) : "never");
  when(run.querySelector("time"), last ? (last.finished_at ?? last.last_at) : null);

  text(fresh.querySelector(".value"), s.freshness.status);
  when(fresh.querySelector("time"), s.freshness.captured_at ?? null);
}

// reasonOf says why the pill is what it is, or what is behind.
function reasonOf(s) {
  const behind = s.evidence.stale_components.filter((c) => c !== "retained_bytes");
  if (s.connection_health.unknown_reasons.length) return `cannot be relied on: ${s.connection_health.unknown_reasons.map(words).join(", ")}`;
  if (behind.length) return `catching up: ${behind.map(words).join(", ")}`;
  return s.connection_health.reason_code ? words(s.connection_health.reason_code) : "";
}

// totalOf never shows a number that is not known as if it were.
function totalOf(s) {
  switch (s.total_records_state) {
    case "known":
    case "known_zero":
      return [count(s.total_records), ""];
    case "stale":
      return [count(s.total_records), "not current"];
    case "unobserved":
      return ["–", "not counted yet"];
    default:
      return ["–", "unknown"];
  }
}

function noteOf(state) {
  const notes = { current: "", stale: "not current", unobserved: "not measured yet" };
  return notes[state] ?? "unknown";
}

// labels are a pill's words, the worst first.
const labels = ["Can't collect", "Degraded", "Needs refresh", "Checking", "Not measured", "Syncing", "Healthy"];

function tally(rows, more) {
  const parts = [`${count(rows.length)}${more ? " or more" : ""}`];
  for (const label of labels) {
    const n = rows.filter((s) => s.rendered_verdict.pill.label === label).length;
    if (n) parts.push(`${count(n)} ${label.toLowerCase()}`);
  }
  return parts.join(" · ");
}

function when(time, instant) {
  text(time, instant ? age(instant, serverNow()) : "");
  attribute(time, "datetime", instant ?? "");
  attribute(time, "title", instant ? fullTime(instant) : "");
  attribute(time, "aria-label", instant ? `${age(instant, serverNow())}, ${clockTime(new Date(instant))}` : "");
}

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function attribute(element, name, value) {
  if (value === "") element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function cell(tag, label, className) {
  const td = element(tag, className);
  td.setAttribute("role", tag === "th" ? "rowheader" : "cell");
  if (label) td.dataset.label = label;
  return td;
}

function element(tag, className, ...children) {
  const e = document.createElement(tag);
  e.className = className;
  e.append(...children);
  return e;
}
