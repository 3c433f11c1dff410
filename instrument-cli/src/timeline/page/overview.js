// The strip above the lanes: the whole call, each turn a column as high as its wait was long.

const STRIP = 44;

function stripX(ms) {
  return GUTTER + (ms / callLength()) * laneWidth();
}

function stripMs(x) {
  return ((x - GUTTER) / laneWidth()) * callLength();
}

function drawOverview() {
  const width = laneWidth() + GUTTER;
  const strip = byId("overview");
  strip.setAttribute("viewBox", `0 0 ${width} ${STRIP}`);
  const longest = Math.max(1, ...state.call.turns.map((turn) => turn.latency?.whole ?? 0));
  const made = state.call.turns.flatMap((turn, index) => column(turn, index, longest));
  const [left, right] = [Math.max(stripX(state.from), GUTTER), Math.min(stripX(state.to), width)];
  made.push(
    shape("rect", { class: "outside", x: GUTTER, y: 0, width: Math.max(left - GUTTER, 0), height: STRIP }),
    shape("rect", { class: "outside", x: right, y: 0, width: Math.max(width - right, 0), height: STRIP }),
    shape("rect", { class: "frame", x: left, y: 1, width: Math.max(right - left - 1, 3), height: STRIP - 2, rx: 3 }),
  );
  strip.replaceChildren(...made);
}

function column(turn, index, longest) {
  const x = stripX(turn.start);
  const width = Math.max(stripX(turn.end) - x - 1, 1.5);
  const made = [];
  const chosen = index === state.turn && "is-chosen";
  if (chosen) made.push(shape("rect", { class: "band is-chosen", x, y: 0, width, height: STRIP }));
  const across = Math.min(width, 16);
  const height = Math.max(((turn.latency?.whole ?? 0) / longest) * (STRIP - 12), 1.5);
  made.push(shape("rect", { class: classes("wait-column", chosen), x, y: STRIP - 7 - height, width: across, height }));
  if (turn.ended === "interrupted") made.push(shape("rect", { class: "cut-tick", x, y: STRIP - 6, width: Math.max(across, 3), height: 4 }));
  if (turn.errors.length > 0) made.push(shape("rect", { class: "fault-tick", x, y: 1, width: Math.max(across, 3), height: 4 }));
  return made;
}
