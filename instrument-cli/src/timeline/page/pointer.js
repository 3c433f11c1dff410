// Mouse, pen and touch on the lanes and the strip above them.

/** A pointer that moves fewer pixels than this clicks. */
const MIN_DRAG = 4;

function listenForPointer() {
  const lanes = byId("lanes");
  const strip = byId("overview");
  drag(lanes, {
    start: () => state.from,
    move: (begun, dx) => {
      const length = state.to - state.from;
      const from = begun - (dx / laneWidth()) * length;
      show(from, from + length);
    },
    click: (event) => {
      const about = event.target.about;
      if (about) return select(about.index, about.span ?? null);
      select(turnAt(msAt(event.clientX - lanes.getBoundingClientRect().left)));
    },
  });
  drag(strip, {
    start: (event) => centerView(event.clientX - strip.getBoundingClientRect().left),
    move: (_, __, event) => centerView(event.clientX - strip.getBoundingClientRect().left),
    click: (event) => select(turnAt(stripMs(event.clientX - strip.getBoundingClientRect().left))),
  });
  lanes.addEventListener("dblclick", showTurn);
  for (const surface of [lanes, strip]) surface.addEventListener("wheel", onWheel, { passive: false });
  lanes.addEventListener("pointermove", (event) => showTip(event.buttons ? null : event.target.about, event));
  lanes.addEventListener("pointerleave", () => showTip(null));
}

/** Centers the view on a position of the strip. */
function centerView(x) {
  const half = (state.to - state.from) / 2;
  show(stripMs(x) - half, stripMs(x) + half);
}

function drag(surface, { start, move, click }) {
  let press = null;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    press = { x: event.clientX, begun: start(event), moved: false, target: event.target };
  });
  surface.addEventListener("pointermove", (event) => {
    if (!press) return;
    if (!press.moved && Math.abs(event.clientX - press.x) < MIN_DRAG) return;
    if (!press.moved) surface.setPointerCapture(event.pointerId);
    press.moved = true;
    surface.classList.add("is-dragged");
    move(press.begun, event.clientX - press.x, event);
  });
  const onRelease = (event) => {
    if (press && !press.moved && event.type === "pointerup") click(event);
    press = null;
    surface.classList.remove("is-dragged");
  };
  surface.addEventListener("pointerup", onRelease);
  surface.addEventListener("pointercancel", onRelease);
}

function onWheel(event) {
  event.preventDefault();
  const unit = event.deltaMode === 1 ? 16 : 1;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    return pan(((event.deltaX || event.deltaY) * unit) / laneWidth());
  }
  const left = byId("lanes").getBoundingClientRect().left;
  const around = event.currentTarget.id === "lanes" ? msAt(event.clientX - left) : undefined;
  zoom(Math.exp(Math.max(-0.5, Math.min(event.deltaY * unit * 0.002, 0.5))), around);
}
