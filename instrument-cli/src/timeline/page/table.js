// The table of turns. Clicking a column sorts by it.

const stage = (name) => (turn) => turn.latency?.stages.find((stage) => stage.name === name)?.time;
const COLUMNS = [
  { name: "turn", value: (turn) => turn.number, text: String },
  { name: "at", value: (turn) => turn.start, text: moment },
  { name: "took", value: (turn) => turn.end - turn.start, text: time },
  { name: "ended", value: (turn) => turn.ended, text: String, isText: true },
  { name: "user→bot", value: (turn) => turn.latency?.total, text: time },
  { name: "endpointing", value: stage("endpointing"), text: time },
  { name: "transcription", value: stage("transcription"), text: time },
  { name: "turn detection", value: stage("turn_detection"), text: time },
  { name: "llm", value: stage("llm"), text: time },
  { name: "tools", value: stage("tools"), text: time },
  { name: "aggregation", value: stage("aggregation"), text: time },
  { name: "tts", value: stage("tts"), text: time },
  { name: "output", value: stage("output"), text: time },
  { name: "pipeline", value: stage("pipeline"), text: time },
  { name: "waited in all", value: (turn) => turn.repeats?.wait, text: time },
  { name: "tokens in", value: (turn) => turn.tokens_in || undefined, text: count },
  { name: "out", value: (turn) => turn.tokens_out || undefined, text: count },
  { name: "characters", value: (turn) => turn.characters || undefined, text: count },
  { name: "errors", value: (turn) => turn.errors.length || undefined, text: count },
];
const sorting = { column: 0, down: false };

function drawTable() {
  const columns = COLUMNS.filter((column, index) => index < 5 || state.call.turns.some((turn) => column.value(turn) !== undefined));
  const order = state.call.turns.map((turn, index) => ({ turn, index })).sort(comparison(COLUMNS[sorting.column]));
  byId("turns").replaceChildren(
    element("thead", {}, element("tr", {}, ...columns.map(headCell))),
    element("tbody", {}, ...order.map(({ turn, index }) => row(turn, index, columns))));
}

/** Unknown values come last in both directions. */
function comparison({ value, isText }) {
  const sign = sorting.down ? -1 : 1;
  return (a, b) => {
    const [left, right] = [value(a.turn), value(b.turn)];
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined) || a.index - b.index;
    return sign * (isText ? left.localeCompare(right) : left - right) || a.index - b.index;
  };
}

function headCell(column) {
  const index = COLUMNS.indexOf(column);
  const sorted = sorting.column === index && (sorting.down ? "descending" : "ascending");
  const button = element("button", { type: "button" }, column.name);
  button.addEventListener("click", () => {
    sorting.down = sorting.column === index && !sorting.down;
    sorting.column = index;
    drawTable();
    byId("turns").querySelectorAll("th button")[[...button.closest("tr").children].indexOf(button.closest("th"))]?.focus();
  });
  return element("th", { class: column.isText ? null : "number", scope: "col", "aria-sort": sorted || null }, button);
}

function row(turn, index, columns) {
  const tr = element("tr", { "data-turn": index, class: index === state.turn ? "is-selected" : null });
  for (const column of columns) {
    const value = column.value(turn);
    const warns = (column.name === "ended" && value !== "completed" && "is-interrupted") || (column.name === "errors" && value && "is-error");
    tr.append(element("td", { class: classes(!column.isText && "number", warns) }, value === undefined ? "" : column.text(value)));
  }
  tr.addEventListener("click", () => select(index));
  return tr;
}

function markTable() {
  const body = byId("turns").tBodies[0];
  body?.querySelector(".is-selected")?.classList.remove("is-selected");
  body?.querySelector(`[data-turn="${state.turn}"]`)?.classList.add("is-selected");
}
