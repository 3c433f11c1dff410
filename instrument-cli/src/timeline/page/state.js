// What is looked at: which call, which turn of it, which stretch of time. Whoever shows it listens.

const CALLS = JSON.parse(byId("data").textContent).calls;

const state = {
  call: CALLS[0],
  /** The index of the selected turn, or -1. */
  turn: -1,
  /** The span that was selected in it, if one was. */
  span: null,
  /** The stretch of time that the lanes show, in milliseconds. */
  from: 0,
  to: 1,
};

const listeners = { call: [], selection: [], view: [] };

function listen(topic, listener) {
  listeners[topic].push(listener);
}

function tell(topic) {
  for (const listener of listeners[topic]) listener();
}

/** How long the call is, to its last turn's end. */
function callLength() {
  const ends = state.call.turns.map((turn) => turn.end);
  return Math.max(state.call.duration, 1, ...ends);
}

function showCall(index) {
  state.call = CALLS[index];
  state.span = null;
  state.turn = state.call.turns.length > 0 ? 0 : -1;
  tell("call");
  showAll();
  tell("selection");
}

/** Shows a stretch of time: within the call, and no shorter than two milliseconds. */
function show(from, to) {
  const margin = callLength() * 0.01;
  const longest = callLength() + 2 * margin;
  const length = Math.min(Math.max(to - from, 2), longest);
  state.from = Math.min(Math.max(from, -margin), callLength() + margin - length);
  state.to = state.from + length;
  tell("view");
}

function showAll() {
  show(-Infinity, Infinity);
}

/** Zooms around a moment: that moment stays where it is. */
function zoom(factor, around = (state.from + state.to) / 2) {
  const from = around - (around - state.from) * factor;
  show(from, from + (state.to - state.from) * factor);
}

/** Moves by a share of what is shown. */
function pan(share) {
  const by = (state.to - state.from) * share;
  const length = state.to - state.from;
  show(state.from + by, state.from + by + length);
}

/** Selects a turn, and brings it into view if it is not, or is too small to see. */
function select(index, span = null) {
  if (index < 0 || index >= state.call.turns.length) return;
  state.turn = index;
  state.span = span;
  const turn = state.call.turns[index];
  const length = state.to - state.from;
  const wide = turn.end - turn.start;
  const isInView = turn.start >= state.from && turn.end <= state.to;
  const isLarge = wide > length * 0.04;
  if (!isInView || !isLarge) {
    const around = (turn.start + turn.end) / 2;
    const wanted = isLarge ? Math.max(length, wide * 1.1) : wide * 6;
    show(around - wanted / 2, around + wanted / 2);
  }
  tell("selection");
}

/** The selected turn alone. */
function showTurn() {
  const turn = state.call.turns[state.turn];
  if (!turn) return;
  const margin = Math.max((turn.end - turn.start) * 0.05, 1);
  show(turn.start - margin, turn.end + margin);
}

/** Selects the next turn of which something is true; from the beginning again behind the last. */
function selectNext(isIt) {
  const turns = state.call.turns;
  for (let step = 1; step <= turns.length; step++) {
    const index = (state.turn + step) % turns.length;
    if (isIt(turns[index])) return select(index);
  }
}

/** The turn that a moment lies in, or the last one before it. */
function turnAt(ms) {
  const turns = state.call.turns;
  let found = -1;
  for (let index = 0; index < turns.length && turns[index].start <= ms; index++) found = index;
  return found;
}
