// Keys, while the lanes or the transcript have the focus.

const KEYS = {
  ArrowLeft: (event) => pan(event.shiftKey ? -0.5 : -0.1),
  ArrowRight: (event) => pan(event.shiftKey ? 0.5 : 0.1),
  "+": () => zoom(1 / 1.4),
  "=": () => zoom(1 / 1.4),
  "-": () => zoom(1.4),
  0: showAll,
  Home: () => show(-callLength(), -callLength() + (state.to - state.from)),
  End: () => show(callLength() * 2, callLength() * 2 + (state.to - state.from)),
  j: () => select(state.turn + 1),
  k: () => select(state.turn - 1),
  i: () => selectNext((turn) => turn.lines.some((line) => line.interruption)),
  e: () => selectNext((turn) => turn.errors.length > 0),
  Enter: showTurn,
};

function listenForKeys() {
  for (const target of [byId("lanes"), byId("transcript")]) {
    target.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const action = KEYS[event.key];
      // On the button of a turn, Enter selects it.
      if (!action || (event.key === "Enter" && event.target.closest("button"))) return;
      event.preventDefault();
      action(event);
      if (target.id === "transcript" && "jkie".includes(event.key)) focusSelectedTurn();
    });
  }
}
