// The lanes. Every change of the view redraws what is in view, and nothing else.

const LANES = ["user", "stt", "llm", "tool", "tts", "bot", "wait"];
const GUTTER = 46;
const ROW = 22;
const HEAD = 20;
const GAP = 7;
const AXIS = 20;

/** The row of each span and interval, as some lanes have several at once, and the top and row count of each lane. */
let rows = { of: new Map(), tops: {}, counts: {}, height: 0 };

function layOutLanes() {
  const ends = Object.fromEntries(LANES.map((lane) => [lane, []]));
  rows = { of: new Map(), tops: {}, counts: {}, height: 0 };
  const assignRow = (lane, item) => {
    const free = ends[lane].findIndex((end) => end <= item.start);
    const row = free < 0 ? ends[lane].length : free;
    ends[lane][row] = item.end;
    rows.of.set(item, row);
  };
  for (const speech of state.call.speech) assignRow(speech.who, speech);
  const spans = state.call.turns.flatMap((turn) => turn.spans);
  for (const span of spans.sort((a, b) => a.start - b.start)) assignRow(span.lane, span);
  let top = HEAD;
  for (const lane of LANES) {
    rows.tops[lane] = top;
    rows.counts[lane] = Math.max(ends[lane].length, 1);
    top += rows.counts[lane] * ROW + GAP;
  }
  rows.height = top + AXIS;
}

/** Returns the width of the lanes in pixels, without their names. */
function laneWidth() {
  return Math.max(byId("lanes").clientWidth - GUTTER, 50);
}

function xOf(ms) {
  return GUTTER + ((ms - state.from) / (state.to - state.from)) * laneWidth();
}

function msAt(x) {
  return state.from + ((x - GUTTER) / laneWidth()) * (state.to - state.from);
}

function isInView(item) {
  return item.end >= state.from && item.start <= state.to;
}

function drawLanes() {
  const width = laneWidth() + GUTTER;
  const drawing = byId("drawing");
  drawing.setAttribute("viewBox", `0 0 ${width} ${rows.height}`);
  drawing.setAttribute("height", rows.height);
  const marks = document.createDocumentFragment();
  const bars = document.createDocumentFragment();
  state.call.turns.forEach((turn, index) => {
    if (!isInView(turn) && !turn.spans.some(isInView)) return;
    bars.append(...band(turn, index, width));
    for (const span of turn.spans) if (isInView(span)) bars.append(...bar(span, index, width));
    if (turn.latency) bars.append(...latencyBars(turn, index));
    marks.append(...interruptionMarks(turn, index), ...errorMarks(turn, index));
  });
  const speechBars = state.call.speech.filter(isInView).map((speech) => speechBar(speech, width));
  drawing.replaceChildren(ticks(), bars, ...speechBars, marks, laneNames());
  byId("visible").textContent = `${clock(state.from, digits())} – ${clock(state.to, digits())}`;
}

/** Returns the decimals of seconds that suit the shown interval. */
function digits() {
  const length = state.to - state.from;
  return length > 60000 ? 0 : length > 4000 ? 1 : 3;
}

/** Returns the left edge and the width of an interval, limited to what is visible. */
function extent(start, end, width) {
  const left = Math.max(xOf(start), GUTTER);
  const right = Math.min(xOf(end), width + 2);
  return { left, length: Math.max(right - left, 2) };
}

function band(turn, index, width) {
  const { left, length } = extent(turn.start, turn.end, width);
  const selected = index === state.turn && "is-selected";
  const nodes = [];
  if (selected || index % 2 === 0) {
    nodes.push(shape("rect", {
      class: classes("band", selected), "data-turn": index, x: left, y: 0, width: length, height: rows.height - AXIS,
    }));
  }
  if (length > 9 + 7 * String(turn.number).length) {
    nodes.push(shape("text", { class: classes("number", selected), x: left + 4, y: 13 }, String(turn.number)));
  }
  return nodes;
}

function bar(span, index, width) {
  const { left, length } = extent(span.start, span.end, width);
  const y = rows.tops[span.lane] + rows.of.get(span) * ROW;
  const box = { y, height: ROW - 3, rx: 3, "data-turn": index, "data-lane": span.lane };
  const nodes = [];
  const first = span.first === undefined ? left : Math.min(Math.max(xOf(span.first), left), left + length);
  if (first > left + 1) {
    nodes.push(shape("rect", { class: `bar is-wait of-${span.lane}`, x: left, width: length, ...box }));
  }
  const solid = Math.max(left + length - first, 2);
  nodes.push(shape("rect", { class: `bar is-solid of-${span.lane}`, x: left + length - solid, width: solid, ...box }));
  if (length > 34) nodes.push(label(caption(span), left, y, length, first > left + length / 2));
  for (const rect of nodes) if (rect.classList.contains("bar")) rect.about = { span, index };
  return nodes;
}

/** Creates the text of a bar, clipped at its edge. */
function label(text, left, y, length, onWait) {
  const clipped = shape("svg", { x: left, y, width: length - 3, height: ROW - 3, overflow: "hidden" });
  clipped.append(shape("text", { class: classes("bar-text", onWait && "on-wait"), x: 5, y: 14 }, text.slice(0, 200)));
  return clipped;
}

function caption(span) {
  if (span.lane === "tool") return `${span.name} ${span.input ?? ""}`;
  if (span.lane === "llm") return span.model ?? span.name;
  return span.output ?? span.input ?? span.name;
}

function speechBar(speech, width) {
  const { left, length } = extent(speech.start, speech.end, width);
  const y = rows.tops[speech.who] + rows.of.get(speech) * ROW;
  const index = turnAt(speech.start);
  const rect = shape("rect", {
    class: `bar is-solid of-${speech.who}`, x: left, y, width: length, height: ROW - 3, rx: 3,
    "data-turn": index, "data-lane": speech.who,
  });
  rect.about = { speech, index };
  return rect;
}

/** Draws the stages of the latency, where they happened. */
function latencyBars(turn, index) {
  const { latency } = turn;
  const y = rows.tops.wait;
  let at = latency.until - latency.total;
  return latency.stages.filter((stage) => stage.time > 0).map((stage) => {
    const left = Math.max(xOf(at), GUTTER);
    at += stage.time;
    const rect = shape("rect", {
      class: `bar is-solid of-${stage.name}`, x: left, y: y + 4, width: Math.max(xOf(at) - left, 0), height: ROW - 11,
      "data-turn": index, "data-lane": "wait",
    });
    rect.about = { stage, latency, index };
    return rect;
  });
}

/** Draws a mark for each interrupted reply. */
function interruptionMarks(turn, index) {
  const lines = turn.lines.filter((line) => line.interruption && line.interruption.at >= state.from && line.interruption.at <= state.to);
  return lines.flatMap((line) => {
    const x = xOf(line.interruption.at);
    const mark = shape("text", { class: "interruption-mark", x: x - 14, y: 14, "data-turn": index }, "✂");
    mark.about = { line, index };
    return [shape("line", { class: "interruption-line", x1: x, x2: x, y1: HEAD - 4, y2: rows.height - AXIS }), mark];
  });
}

function errorMarks(turn, index) {
  return turn.errors.filter((error) => error.at >= state.from && error.at <= state.to).flatMap((error) => {
    const span = turn.spans.find((span) => span.errors?.some((other) => other.at === error.at && other.message === error.message));
    const x = xOf(error.at);
    const y = span ? rows.tops[span.lane] + rows.of.get(span) * ROW + (ROW - 3) / 2 : HEAD - 8;
    const mark = shape("circle", { class: "error-mark", cx: x, cy: y, r: 7, "data-turn": index });
    mark.about = { error, index };
    return [mark, shape("text", { class: "error-sign", x, y: y + 3.5, "text-anchor": "middle" }, "!")];
  });
}

/** Draws vertical lines at round times. */
function ticks() {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000];
  const wanted = ((state.to - state.from) * 84) / laneWidth();
  const step = steps.find((step) => step >= wanted) ?? steps[steps.length - 1];
  const nodes = document.createDocumentFragment();
  const bottom = rows.height - AXIS;
  const decimals = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
  for (let at = Math.max(Math.ceil(state.from / step) * step, 0); at <= state.to; at += step) {
    const x = xOf(at);
    nodes.append(
      shape("line", { class: "rule", x1: x, x2: x, y1: HEAD - 2, y2: bottom }),
      shape("text", { class: "tick", x: x + 3, y: bottom + 13 }, clock(at, decimals)),
    );
  }
  return nodes;
}

/** Draws the names of the lanes, above bars that are scrolled below them. */
function laneNames() {
  const nodes = document.createDocumentFragment();
  nodes.append(shape("rect", { class: "gutter", x: 0, y: 0, width: GUTTER, height: rows.height }));
  for (const lane of LANES) {
    const name = lane === "tool" ? "tools" : lane === "stt" || lane === "llm" || lane === "tts" ? lane.toUpperCase() : lane;
    nodes.append(shape("text", { class: `lane-name of-${lane}`, x: 8, y: rows.tops[lane] + 14 }, name));
  }
  return nodes;
}
