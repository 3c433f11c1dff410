// Everything together.

let isDrawn = true;

/** Draws the lanes once before the next picture, however often they are asked to be. */
function drawSoon() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    drawLanes();
    drawOverview();
  });
}

listen("call", () => {
  layOut();
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

pointAt();
takeKeys();
byId("zoom-in").addEventListener("click", () => zoom(1 / 1.6));
byId("zoom-out").addEventListener("click", () => zoom(1.6));
byId("zoom-all").addEventListener("click", showAll);
byId("theme").addEventListener("click", turnTheme);
byId("help-button").addEventListener("click", toggleHelp);
byId("calls").append(...CALLS.map((call, index) => element("option", { value: index }, call.id)));
byId("calls").addEventListener("change", (event) => showCall(Number(event.target.value)));
byId("call-choice").hidden = CALLS.length < 2;
new ResizeObserver(drawSoon).observe(byId("lanes"));

showCall(0);
