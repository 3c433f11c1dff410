// The state of the page: the call, the selected turn, the shown interval. Views register listeners for changes.

const CALLS = JSON.parse(byId("data").textContent).calls;

const state = {
  call: CALLS[0],
  /** The index of the selected turn, or -1. */
  turn: -1,
  /** The selected span of that turn, or null. */
  span: null,
  /** The interval that the lanes show, in milliseconds. */
  from: 0,
  to: 1,
};

const listeners = { call: [], selection: [], view: [] };

function listen(topic, listener) {
  listeners[topic].push(listener);
}

function notify(topic) {
  for (const listener of listeners[topic]) listener();
}

/** Returns the duration of the call, to the end of its last turn. */
function callLength() {
  const ends = state.call.turns.map((turn) => turn.end);
  return Math.max(state.call.duration, 1, ...ends);
}

function showCall(index) {
  state.call = CALLS[index];
  state.span = null;
  state.turn = state.call.turns.length > 0 ? 0 : -1;
  notify("call");
  showAll();
  notify("selection");
}

/** Shows an interval, limited to the call and to at least two milliseconds. */
function show(from, to) {
  const margin = callLength() * 0.01;
  const longest = callLength() + 2 * margin;
  const length = Math.min(Math.max(to - from, 2), longest);
  state.from = Math.min(Math.max(from, -margin), callLength() + margin - length);
  state.to = state.from + length;
  notify("view");
}

function showAll() {
  show(-Infinity, Infinity);
}

/** Zooms around a moment, which stays in its position. */
function zoom(factor, around = (state.from + state.to) / 2) {
  const from = around - (around - state.from) * factor;
  show(from, from + (state.to - state.from) * factor);
}

/** Moves by a fraction of the shown interval. */
function pan(fraction) {
  const by = (state.to - state.from) * fraction;
  const length = state.to - state.from;
  show(state.from + by, state.from + by + length);
}

/** Selects a turn, and shows it if it is out of view or too small. */
function select(index, span = null) {
  if (index < 0 || index >= state.call.turns.length) return;
  state.turn = index;
  state.span = span;
  const turn = state.call.turns[index];
  const length = state.to - state.from;
  const width = turn.end - turn.start;
  const isInView = turn.start >= state.from && turn.end <= state.to;
  const isLarge = width > length * 0.04;
  if (!isInView || !isLarge) {
    const around = (turn.start + turn.end) / 2;
    const wanted = isLarge ? Math.max(length, width * 1.1) : width * 6;
    show(around - wanted / 2, around + wanted / 2);
  }
  notify("selection");
}

/** Shows the selected turn alone. */
function showTurn() {
  const turn = state.call.turns[state.turn];
  if (!turn) return;
  const margin = Math.max((turn.end - turn.start) * 0.05, 1);
  show(turn.start - margin, turn.end + margin);
}

/** Selects the next turn that fulfills `predicate`; after the last turn it continues at the first. */
function selectNext(predicate) {
  const turns = state.call.turns;
  for (let step = 1; step <= turns.length; step++) {
    const index = (state.turn + step) % turns.length;
    if (predicate(turns[index])) return select(index);
  }
}

/** Returns the index of the turn at a moment, or of the last one before it. */
function turnAt(ms) {
  const turns = state.call.turns;
  let last = -1;
  for (let index = 0; index < turns.length && turns[index].start <= ms; index++) last = index;
  return last;
}
