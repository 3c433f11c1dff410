// The transcript: a list of turns.

function drawTranscript() {
  const longest = Math.max(1, ...state.call.turns.map((turn) => turn.latency?.whole ?? 0));
  byId("transcript").replaceChildren(...state.call.turns.map((turn, index) => said(turn, index, longest)));
}

function said(turn, index, longest) {
  const head = element("div", { class: "said-head" },
    element("button", { type: "button", class: "choose", "aria-label": `Turn ${turn.number} at ${moment(turn.start)}` }, `${turn.number}`),
    element("span", {}, moment(turn.start)),
    turn.ended === "completed" ? null : element("span", { class: "is-cut" }, turn.ended),
    turn.latency && element("span", { class: "latency" }, `waited ${time(turn.latency.whole)}`));
  const made = element("li", { class: "said", "data-turn": index }, head, ...turn.lines.map(words), ...turn.errors.map(faultText));
  if (turn.latency) {
    const bar = stageBar(turn.latency);
    bar.style.width = `${Math.max((turn.latency.whole / longest) * 100, 1)}%`;
    made.append(bar);
  }
  made.addEventListener("click", () => select(index));
  return made;
}

function markTranscript() {
  const list = byId("transcript");
  list.querySelector(".is-chosen")?.classList.remove("is-chosen");
  const chosen = list.children[state.turn];
  if (!chosen) return;
  for (const button of list.querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  chosen.classList.add("is-chosen");
  chosen.querySelector(".choose").setAttribute("aria-current", "true");
  // Only the list scrolls, not the page under somebody's hands.
  const { top, bottom } = chosen.getBoundingClientRect();
  const seen = list.getBoundingClientRect();
  if (list.scrollHeight > list.clientHeight && (top < seen.top || bottom > seen.bottom)) {
    list.scrollTop += top - seen.top - (seen.height - Math.min(bottom - top, seen.height)) / 3;
  }
}

function focusChosen() {
  byId("transcript").children[state.turn]?.querySelector(".choose").focus();
}
