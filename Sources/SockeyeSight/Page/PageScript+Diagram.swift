extension PageScript {
  /// The sequence diagram: a list of rows of which only those in sight exist, and the segments drawn over them.
  static let diagram = #"""
    const rowHeight = 46;
    // Browsers give up on elements of some ten million pixels; a longer list is scrolled faster.
    const spacerHeight = Math.min(rowCount * rowHeight, 8e6);
    const diagram = (() => {
      const rows = make("div", {});
      const overlay = draw("svg", { class: "overlay", "aria-hidden": "true" });
      const sight = make("div", { class: "window" }, rows, overlay);
      const spacer = make("div", {}, sight);
      const scroller = make("div", {
        class: "scroller", role: "listbox", tabindex: "0", "data-label": "diagram", onscroll: () => refresh(),
        onpointerleave: () => point(-1),
      }, spacer);
      const short = data.names.every((name) => name.length <= 10);
      const ends = make("div", { class: `ends${short ? " short" : ""}` },
        data.names.map((name) => make("span", {}, make("bdi", {}, name))));
      const element = make("div", { class: "diagram" },
        section("diagram", make("p", { class: "quiet", "data-word": "keys" }), ends, scroller));

      const height = () => scroller.clientHeight;
      const ratio = () =>
        Math.max(spacerHeight - height(), 0) === 0 ? 1
          : Math.max(rowCount * rowHeight - height(), 0) / Math.max(spacerHeight - height(), 1);
      const top = () => (scroller.scrollTop * ratio()) / rowHeight;

      const side = (end, row) => {
        const isEntered = (rowChanged[row] & (end + 1)) !== 0;
        const segment = rowSegment(row);
        const second = end === 0 ? time(rowTime[row]) : segment < 0 ? "" : `#${data.numbers[segment]}`;
        return make("div", {},
          make("i", { class: isEntered ? "entered" : undefined }, data.states[rowStates[end][row]]),
          make("i", {}, second));
      };
      const rowElement = (row, offset) => {
        const element = make("div", {
          class: "row", role: "option", id: `row-${row}`, "aria-selected": row === view.cursor ? "true" : "false",
          "aria-label": rowText(row), "aria-posinset": row + 1, "aria-setsize": rowCount,
          onclick: () => moveTo(row), onpointerenter: () => point(rowSegment(row)),
        }, side(0, row), side(1, row));
        element.style.transform = `translateY(${offset}px)`;
        return element;
      };

      /// A segment's line from the row in which it left to the one in which it arrived.
      const arrow = (segment, first, width) => {
        const end = from(segment);
        const [x0, x1] = end === 0 ? [6, width - 6] : [width - 6, 6];
        const y = (row) => (row - first) * rowHeight;
        const leaves = departure[segment], arrives = arrival[segment];
        const isInstant = data.arrivals[segment] === data.sent[segment];
        const y0 = y(leaves) + 24;
        const isWhole = arrives >= 0 && !isDropped(segment);
        const y1 = !isWhole ? y0 + 10 : arrives === leaves ? y0 + (isInstant ? 0 : 16) : y(arrives) + 24;
        const endX = isWhole ? x1 : x0 + (x1 - x0) * 0.62;
        const way = end === 0 ? "first" : "second";
        const kind = isDropped(segment) ? "lost" : isWhole ? way : `${way} pending`;
        const chosen = segment === rowSegment(view.cursor) ? " chosen" : "";
        const shapes = [draw("path", { class: `arrow ${kind}${chosen}`, d: `M${x0} ${y0}L${endX} ${y1}` })];
        if (isWhole) {
          const angle = Math.atan2(y1 - y0, endX - x0);
          const corner = (turn) => `${endX - 9 * Math.cos(angle + turn)} ${y1 - 9 * Math.sin(angle + turn)}`;
          shapes.push(draw("path", { class: `head ${way}`, d: `M${endX} ${y1}L${corner(0.4)}L${corner(-0.4)}Z` }));
        } else if (isDropped(segment)) {
          const cross = `M${endX - 5} ${y1 - 5}l10 10m0-10l-10 10`;
          shapes.push(draw("path", { class: "arrow bad", d: cross }));
        }
        return shapes;
      };
      const labels = (segment, row, first, width) => {
        const end = from(segment), y = (row - first) * rowHeight;
        const place = { x: end === 0 ? 12 : width - 12, "text-anchor": end === 0 ? "start" : "end" };
        if (rowKind(row) === 3) {
          const other = { x: end === 0 ? width - 12 : 12, "text-anchor": end === 0 ? "end" : "start" };
          return [draw("text", { ...other, y: y + 16, class: "quiet" }, `#${data.numbers[segment]}`)];
        }
        const texts = [draw("text", { ...place, y: y + 16 }, fitted(label(segment), width - 24, 7.3))];
        const note = notes(segment).join("; ");
        const kind = isDropped(segment) ? "note bad" : "note";
        if (note) texts.push(draw("text", { ...place, y: y + 40, class: kind }, fitted(note, width - 24, 6.4)));
        return texts;
      };

      const refresh = () => {
        const first = top();
        const from = Math.max(0, Math.floor(first)), to = Math.min(rowCount, Math.ceil(first + height() / rowHeight) + 1);
        const width = Math.max(scroller.clientWidth - 2 * (innerWidth <= 480 ? 76 : 92), 60);
        sight.style.height = `${Math.min(height(), Math.max(spacerHeight, 1))}px`;
        const elements = [], lines = [], texts = [];
        // Lines that come from above: no more than can be told apart.
        let start = from;
        while (start > 0 && reach[start - 1] >= from && from - start < 600) start -= 1;
        for (let row = start; row < to; row += 1) {
          const segment = rowSegment(row);
          if (row >= from) elements.push(rowElement(row, (row - first) * rowHeight));
          if (segment < 0) continue;
          if (departure[segment] === row && (row >= from || arrival[segment] >= from)) lines.push(...arrow(segment, first, width));
          if (row >= from) texts.push(...labels(segment, row, first, width));
        }
        rows.replaceChildren(...elements);
        // Where many segments are under way at once, their lines step back behind the text.
        overlay.classList.toggle("crowded", lines.length > 80);
        overlay.setAttribute("width", width);
        overlay.setAttribute("height", height());
        const lives = [6, width - 6].map((x) => draw("path", { class: "life", d: `M${x} 0V${height()}` }));
        overlay.replaceChildren(...lives, ...lines, ...texts);
        const isShown = view.cursor >= from && view.cursor < to;
        if (isShown) scroller.setAttribute("aria-activedescendant", `row-${view.cursor}`);
        else scroller.removeAttribute("aria-activedescendant");
      };
      /// Scrolls so that the row at the cursor is in sight.
      const reveal = () => {
        const first = top(), room = height() / rowHeight;
        const wanted = view.cursor < first ? view.cursor - 1 : view.cursor + 2 > first + room ? view.cursor + 2 - room : first;
        if (wanted !== first) scroller.scrollTop = Math.max(0, (wanted * rowHeight) / ratio());
        refresh();
      };
      const arrange = () => {
        spacer.style.height = `${spacerHeight}px`;
        refresh();
      };
      return { element, scroller, reveal, arrange, refresh };
    })();

    """#
}
