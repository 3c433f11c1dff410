// Formats times and numbers, and creates elements from text, never from markup.

const SVG = "http://www.w3.org/2000/svg";

/** Formats a duration in milliseconds: `64 ms`, `1.94 s`, `2 min 05 s`. */
function time(ms) {
  const sign = ms < 0 ? "-" : "";
  const length = Math.abs(ms);
  if (length < 9.95) return `${sign}${length.toFixed(1)} ms`;
  if (length < 999.5) return `${sign}${Math.round(length)} ms`;
  if (length < 59995) return `${sign}${(length / 1000).toFixed(2)} s`;
  const seconds = Math.round(length / 1000);
  return `${sign}${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Formats a moment of the call, with `digits` decimals: `1:02.3`. */
function clock(ms, digits = 1) {
  const factor = 10 ** digits;
  const units = Math.round((Math.max(ms, 0) * factor) / 1000);
  const seconds = Math.floor(units / factor);
  const rest = digits > 0 ? "." + String(units % factor).padStart(digits, "0") : "";
  const minutes = Math.floor(seconds / 60);
  const end = `${String(seconds % 60).padStart(2, "0")}${rest}`;
  if (minutes < 60) return `${minutes}:${end}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${end}`;
}

/** Formats a moment of the call, precisely enough to distinguish its turns. */
function moment(ms) {
  return clock(ms, callLength() < 10000 ? 3 : 1);
}

/** Formats an integer: `12,480`. */
function count(number) {
  return number.toLocaleString("en");
}

/** Creates an element. Strings among its children become text, even if they contain markup. */
function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Creates an SVG element. */
function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(key, String(value));
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

function byId(id) {
  return document.getElementById(id);
}

/** Joins the class names that are not false. */
function classes(...names) {
  return names.filter(Boolean).join(" ");
}
