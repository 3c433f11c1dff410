// Connects everything.

let isDrawPending = false;

/** Draws the lanes before the next frame, once for any number of calls. */
function drawSoon() {
  if (isDrawPending) return;
  isDrawPending = true;
  requestAnimationFrame(() => {
    isDrawPending = false;
    drawLanes();
    drawOverview();
  });
}

listen("call", () => {
  layOutLanes();
  drawHead();
  drawTranscript();
  drawTable();
});
listen("view", drawSoon);
listen("selection", () => {
  drawSoon();
  drawTurn();
  announce();
  markTranscript();
  markTable();
});

listenForPointer();
listenForKeys();
byId("zoom-in").addEventListener("click", () => zoom(1 / 1.6));
byId("zoom-out").addEventListener("click", () => zoom(1.6));
byId("zoom-all").addEventListener("click", showAll);
byId("theme").addEventListener("click", cycleTheme);
byId("help-button").addEventListener("click", toggleHelp);
byId("calls").append(...CALLS.map((call, index) => element("option", { value: index }, call.id)));
byId("calls").addEventListener("change", (event) => showCall(Number(event.target.value)));
byId("call-choice").hidden = CALLS.length < 2;
new ResizeObserver(drawSoon).observe(byId("lanes"));

showCall(0);
