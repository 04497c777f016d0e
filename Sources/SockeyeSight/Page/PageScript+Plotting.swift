extension PageScript {
  /// Draws series over time, thinned to what a screen can show, over a stretch of time that all plots share.
  static let plotting = #"""
    // Until the last segment: how long TIME-WAIT lasts would leave no room for the rest.
    const whole = [0, [data.sent, data.arrivals].flat().reduce((most, value) => Math.max(most, value), 1)];
    const range = { start: whole[0], end: whole[1] };

    /// A series is { name, kind, line, times, values, lows? }: `step` holds until the next, `point` is a dot, `line`
    /// joins, `bar` goes from the low to the value. Values below zero aren't drawn.
    const makePlot = (title, unit, makeSeries) => {
      const drawing = make("div", {});
      const legend = make("p", { class: "legend" });
      const heading = make("h3", { "data-word": title }, word(title));
      const element = make("div", { class: "plot" }, heading, legend, drawing);
      const box = { left: 68, right: 8, top: 8, bottom: 20, height: 190 };
      let width = 0, now = null;

      const x = (value) =>
        box.left + ((value - range.start) / (range.end - range.start)) * (width - box.left - box.right);
      const timeAt = (place) =>
        range.start + ((place - box.left) / (width - box.left - box.right)) * (range.end - range.start);

      /// The part of a series that is in sight, one beyond at either side.
      const clip = ({ times }) => [Math.max(after(times, range.start) - 1, 0), Math.min(after(times, range.end) + 1, times.length)];

      const shape = (series, y) => {
        const [first, last] = clip(series);
        const parts = [];
        let column = NaN, low = 0, high = 0, previous = null;
        const flush = () => {
          if (!Number.isNaN(column)) parts.push(`M${column} ${y(low).toFixed(1)}V${Math.min(y(high), y(low) - 1).toFixed(1)}`);
          column = NaN;
        };
        for (let index = first; index < last; index += 1) {
          const value = series.values[index];
          if (value < 0) { flush(); previous = null; continue; }
          const place = Math.min(Math.max(Math.round(x(series.times[index]) * 2) / 2, -10), width + 10);
          const bottom = series.lows ? series.lows[index] : value;
          if (series.kind === "bar" || series.kind === "point") {
            if (place !== column) { flush(); [column, low, high] = [place, bottom, value]; continue; }
            [low, high] = [Math.min(low, bottom), Math.max(high, value)];
            continue;
          }
          // Within one column only the extremes are drawn, so that a line has a few points a pixel.
          if (place === column) {
            [low, high] = [Math.min(low, value), Math.max(high, value)];
            previous = value;
            continue;
          }
          if (!Number.isNaN(column) && low !== high) parts.push(`V${y(low).toFixed(1)}V${y(high).toFixed(1)}V${y(previous).toFixed(1)}`);
          if (previous === null) parts.push(`M${place} ${y(value).toFixed(1)}`);
          else if (series.kind === "step") parts.push(`H${place}V${y(value).toFixed(1)}`);
          else parts.push(`L${place} ${y(value).toFixed(1)}`);
          [column, low, high, previous] = [place, value, value, value];
        }
        const isRagged = !Number.isNaN(column) && low !== high;
        if (series.kind === "bar" || series.kind === "point") flush();
        else if (isRagged) parts.push(`V${y(low).toFixed(1)}V${y(high).toFixed(1)}V${y(previous ?? high).toFixed(1)}`);
        if (previous !== null && series.kind === "step") parts.push(`H${Math.min(x(whole[1]), width - box.right)}`);
        return parts.join("");
      };
      const extremes = (all) => {
        let [low, high] = [Infinity, -Infinity];
        for (const series of all) {
          const [first, last] = clip(series);
          for (let index = first; index < last; index += 1) {
            if (series.values[index] < 0 || series.isGuide) continue;
            low = Math.min(low, series.lows ? series.lows[index] : series.values[index]);
            high = Math.max(high, series.values[index]);
          }
        }
        return [low, high];
      };
      /// A step of 1, 2 or 5 times a power of the base, of which about four make the whole.
      const stride = (span, base) => {
        const power = Math.pow(base, Math.floor(Math.log(span / 4) / Math.log(base)));
        return power * ([1, 2, 4, 5, 8, 10, 16, 32, 64, 128, 256, 512].find((times) => times * power >= span / 4) ?? base);
      };

      const show = () => {
        width = Math.max(drawing.clientWidth, 240);
        const all = makeSeries();
        legend.replaceChildren(...all.map((series) => make("span", { class: series.line }, `━ ${word(series.name)}`)));
        let [low, high] = extremes(all);
        if (high === -Infinity) {
          now = null;
          return drawing.replaceChildren(make("p", { class: "quiet" }, word(all.length ? "nothingHere" : "engineOnly")));
        }
        if (unit.fromZero) low = 0;
        if (low === high) high = low + 1;
        high += (high - low) * 0.04;
        const y = (value) =>
          box.top + (1 - (Math.min(value, high) - low) / (high - low)) * (box.height - box.top - box.bottom);
        const shapes = [];
        const step = stride(high - low, unit.base);
        for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
          shapes.push(draw("path", { class: "grid", d: `M${box.left} ${y(value)}H${width - box.right}` }));
          shapes.push(draw("text", { x: box.left - 4, y: y(value) + 3, "text-anchor": "end" }, unit.text(value)));
        }
        const across = stride(range.end - range.start, 10);
        for (let value = Math.ceil(range.start / across) * across; value <= range.end; value += across) {
          const isLast = x(value) > width - 40;
          const text = across >= 1e9 ? `${Number((value / 1e9).toPrecision(6))} s` : `${Number((value / 1e6).toPrecision(6))} ms`;
          shapes.push(draw("path", { class: "grid", d: `M${x(value)} ${box.top}V${box.height - box.bottom}` }));
          const place = { x: isLast ? width - box.right : x(value), "text-anchor": isLast ? "end" : "middle" };
          shapes.push(draw("text", { ...place, y: box.height - 6 }, text));
        }
        const clipId = `clip-${title}`;
        const room = { x: box.left, y: 0, width: width - box.left - box.right, height: box.height };
        shapes.push(draw("clipPath", { id: clipId }, draw("rect", room)));
        const lines = all.map((series) => draw("path", { class: series.line, d: shape(series, y) }));
        now = draw("path", { class: "now" });
        const svg = draw("svg", {
          width, height: box.height, role: "img", "aria-label": word(title),
          onclick: (event) => moveTo(Math.max(after(rowTime, timeAt(event.offsetX)) - 1, 0)),
        }, shapes, draw("g", { "clip-path": `url(#${clipId})` }, lines, now));
        drawing.replaceChildren(svg);
        follow();
      };
      /// Moves the line that stands for the cursor.
      const follow = () => {
        if (now && rowCount) now.setAttribute("d", `M${x(rowTime[view.cursor])} ${box.top}V${box.height - box.bottom}`);
      };
      return { element, show, follow };
    };

    """#
}
