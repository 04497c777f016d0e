extension PageScript {
  /// The state machine of RFC 9293, figure 5, with the path that each end took.
  static let stateMachine = #"""
    const machine = (() => {
      // Middles of the boxes; CLOSED stands twice, as in the figure's top and as the end of all paths.
      const places = {
        "CLOSED": [180, 22], "LISTEN": [62, 76], "SYN-SENT": [298, 130], "SYN-RECEIVED": [62, 150],
        "ESTABLISHED": [180, 206], "FIN-WAIT-1": [62, 268], "CLOSE-WAIT": [298, 268], "FIN-WAIT-2": [62, 360],
        "CLOSING": [180, 314], "LAST-ACK": [298, 360], "TIME-WAIT": [180, 414],
      };
      const edges = [
        ["CLOSED", "LISTEN"], ["CLOSED", "SYN-SENT"], ["LISTEN", "SYN-RECEIVED"], ["LISTEN", "SYN-SENT"],
        ["SYN-SENT", "SYN-RECEIVED"], ["SYN-RECEIVED", "ESTABLISHED"], ["SYN-SENT", "ESTABLISHED"],
        ["SYN-RECEIVED", "FIN-WAIT-1"], ["ESTABLISHED", "FIN-WAIT-1"], ["ESTABLISHED", "CLOSE-WAIT"],
        ["FIN-WAIT-1", "FIN-WAIT-2"], ["FIN-WAIT-1", "CLOSING"], ["FIN-WAIT-1", "TIME-WAIT"],
        ["FIN-WAIT-2", "TIME-WAIT"], ["CLOSING", "TIME-WAIT"], ["CLOSE-WAIT", "LAST-ACK"], ["LAST-ACK", "CLOSED"],
        ["TIME-WAIT", "CLOSED"],
      ];
      const boxWidth = 98, boxHeight = 26;
      const drawing = make("div", { class: "machine" });
      const path = make("div", {});
      const legend = make("p", { class: "legend" },
        [0, 1].map((end) => make("span", { class: end ? "second" : "first" }, make("bdi", {}, `━ ${data.names[end]}`))));
      const element = section("machine", legend, drawing, path);

      /// The states that an end has been in up to a row, and when it entered them.
      const walk = (end, last) => {
        const steps = [{ state: data.states[data.initial[end]], time: 0, row: -1 }];
        for (let index = 0; index < data.changes.length && data.changes[index] <= last; index += 5) {
          const row = data.changes[index];
          if ((data.changes[index + 4] & (end + 1)) === 0) continue;
          steps.push({ state: data.states[data.changes[index + 2 + end]], time: data.changes[index + 1], row });
        }
        return steps;
      };
      const line = (a, b, turn, attributes) => {
        const [x0, y0] = places[a], [x1, y1] = places[b];
        const length = Math.hypot(x1 - x0, y1 - y0) || 1;
        // The two ends' lines lie beside each other.
        const [dx, dy] = [((y1 - y0) / length) * turn, ((x0 - x1) / length) * turn];
        const back = b === "CLOSED" && a !== "SYN-SENT" && a !== "LISTEN";
        const bend = back ? `Q${a === "LAST-ACK" ? 372 : a === "TIME-WAIT" ? -16 : 0} ${(y0 + y1) / 2} ` : "L";
        return draw("path", { ...attributes, d: `M${x0 + dx} ${y0 + dy}${bend}${x1 + dx} ${y1 + dy}` });
      };
      const show = () => {
        const walks = [walk(0, view.cursor), walk(1, view.cursor)];
        const taken = walks.map((steps) => new Set(steps.slice(1).map((step, index) => `${steps[index].state}>${step.state}`)));
        const shapes = edges.map(([a, b]) => line(a, b, 0, { class: "edge" }));
        taken.forEach((pairs, end) => {
          for (const pair of pairs) {
            const [a, b] = pair.split(">");
            if (a !== b) shapes.push(line(a, b, end ? -2.5 : 2.5, { class: `edge ${end ? "second" : "first"}` }));
          }
        });
        const here = walks.map((steps) => steps.at(-1).state);
        for (const [state, [x, y]] of Object.entries(places)) {
          const isHere = here.includes(state);
          const hasBeen = walks.some((steps) => steps.some((step) => step.state === state));
          const box = { x: x - boxWidth / 2, y: y - boxHeight / 2, width: boxWidth, height: boxHeight, rx: 5 };
          shapes.push(draw("rect", { ...box, class: isHere ? "here" : hasBeen ? "been" : undefined }));
          shapes.push(draw("text", { x, y: y + 4, class: isHere ? "at" : undefined }, state));
          here.forEach((state_, end) => {
            if (state_ !== state) return;
            const dot = draw("circle", { cx: x + (end ? 1 : -1) * (boxWidth / 2 - 1), cy: y - boxHeight / 2, r: 5.5 });
            dot.style.fill = `var(--${end ? "second" : "first"})`;
            shapes.push(dot);
          });
        }
        const width = Math.min(Math.max(drawing.clientWidth, 280), 460);
        const text = [0, 1].map((end) => `${data.names[end]}: ${here[end]}`).join("; ");
        drawing.replaceChildren(
          draw("svg", { width, height: (width * 434) / 360, viewBox: "0 2 360 434", role: "img", "aria-label": text }, shapes));
        path.replaceChildren(...walks.map((steps, end) => make("p", { class: "path" },
          make("b", { class: end ? "second" : "first" }, make("bdi", {}, data.names[end])), ": ",
          steps.map(({ state, time: when, row }) => (row < 0 ? state : ` → ${state} (${time(when)})`)).join(""))));
      };
      return { element, show };
    })();

    """#
}
