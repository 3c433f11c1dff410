// The transcript: a list of turns.

function drawTranscript() {
  const longest = Math.max(1, ...state.call.turns.map((turn) => turn.latency?.total ?? 0));
  byId("transcript").replaceChildren(...state.call.turns.map((turn, index) => transcriptTurn(turn, index, longest)));
}

function transcriptTurn(turn, index, longest) {
  const head = element("div", { class: "transcript-head" },
    element("button", { type: "button", class: "select-turn", "aria-label": `Turn ${turn.number} at ${moment(turn.start)}` }, `${turn.number}`),
    element("span", {}, moment(turn.start)),
    turn.ended === "completed" ? null : element("span", { class: "is-interrupted" }, turn.ended),
    turn.latency && element("span", { class: "latency" }, `waited ${time(turn.repeats?.wait ?? turn.latency.total)}`));
  const item = element("li", { class: "transcript-turn", "data-turn": index }, head, ...turn.lines.map(transcriptLine), ...turn.errors.map(errorText));
  if (turn.latency) {
    const bar = stageBar(turn.latency);
    bar.style.width = `${Math.max((turn.latency.total / longest) * 100, 1)}%`;
    item.append(bar);
  }
  item.addEventListener("click", () => select(index));
  return item;
}

function markTranscript() {
  const list = byId("transcript");
  list.querySelector(".is-selected")?.classList.remove("is-selected");
  const selected = list.children[state.turn];
  if (!selected) return;
  for (const button of list.querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  selected.classList.add("is-selected");
  selected.querySelector(".select-turn").setAttribute("aria-current", "true");
  // Scroll the list only, not the page.
  const { top, bottom } = selected.getBoundingClientRect();
  const seen = list.getBoundingClientRect();
  if (list.scrollHeight > list.clientHeight && (top < seen.top || bottom > seen.bottom)) {
    list.scrollTop += top - seen.top - (seen.height - Math.min(bottom - top, seen.height)) / 3;
  }
}

function focusSelectedTurn() {
  byId("transcript").children[state.turn]?.querySelector(".select-turn").focus();
}
