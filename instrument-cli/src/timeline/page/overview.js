// The strip above the lanes shows the whole call: each turn is a column as high as its latency.

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
  const longest = Math.max(1, ...state.call.turns.map((turn) => turn.latency?.total ?? 0));
  const nodes = state.call.turns.flatMap((turn, index) => column(turn, index, longest));
  const [left, right] = [Math.max(stripX(state.from), GUTTER), Math.min(stripX(state.to), width)];
  nodes.push(
    shape("rect", { class: "outside", x: GUTTER, y: 0, width: Math.max(left - GUTTER, 0), height: STRIP }),
    shape("rect", { class: "outside", x: right, y: 0, width: Math.max(width - right, 0), height: STRIP }),
    shape("rect", { class: "frame", x: left, y: 1, width: Math.max(right - left - 1, 3), height: STRIP - 2, rx: 3 }),
  );
  strip.replaceChildren(...nodes);
}

function column(turn, index, longest) {
  const x = stripX(turn.start);
  const width = Math.max(stripX(turn.end) - x - 1, 1.5);
  const nodes = [];
  const selected = index === state.turn && "is-selected";
  if (selected) nodes.push(shape("rect", { class: "band is-selected", x, y: 0, width, height: STRIP }));
  const across = Math.min(width, 16);
  const height = Math.max(((turn.latency?.total ?? 0) / longest) * (STRIP - 12), 1.5);
  nodes.push(shape("rect", { class: classes("wait-column", selected), x, y: STRIP - 7 - height, width: across, height }));
  if (turn.ended === "interrupted") nodes.push(shape("rect", { class: "interruption-tick", x, y: STRIP - 6, width: Math.max(across, 3), height: 4 }));
  if (turn.errors.length > 0) nodes.push(shape("rect", { class: "error-tick", x, y: 1, width: Math.max(across, 3), height: 4 }));
  return nodes;
}
