// Times and numbers as people read them, and elements made of text: never of markup.

const SVG = "http://www.w3.org/2000/svg";

/** A length of time in milliseconds: `64 ms`, `1.94 s`, `2 min 05 s`. */
function time(ms) {
  const sign = ms < 0 ? "-" : "";
  const length = Math.abs(ms);
  if (length < 9.95) return `${sign}${length.toFixed(1)} ms`;
  if (length < 999.5) return `${sign}${Math.round(length)} ms`;
  if (length < 59995) return `${sign}${(length / 1000).toFixed(2)} s`;
  const seconds = Math.round(length / 1000);
  return `${sign}${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** A moment of the call, with so many digits behind the second: `1:02.3`. */
function clock(ms, digits = 1) {
  const factor = 10 ** digits;
  const whole = Math.round((Math.max(ms, 0) * factor) / 1000);
  const seconds = Math.floor(whole / factor);
  const rest = digits > 0 ? "." + String(whole % factor).padStart(digits, "0") : "";
  const minutes = Math.floor(seconds / 60);
  const end = `${String(seconds % 60).padStart(2, "0")}${rest}`;
  if (minutes < 60) return `${minutes}:${end}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${end}`;
}

/** A moment of the call, as exactly as tells its turns apart. */
function moment(ms) {
  return clock(ms, callLength() < 10000 ? 3 : 1);
}

/** A whole number: `12,480`. */
function count(number) {
  return number.toLocaleString("en");
}

/** An element with attributes and children; text among them is text, whatever it says. */
function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same, of a drawing. */
function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

/** Class names, those that are true. */
function classes(...names) {
  return names.filter(Boolean).join(" ");
}
