extension ConsolePage {
  /// The list of messages: whatever comes, only the rows that are seen are elements.
  ///
  /// Rows are as high as their contents. The bar's place says which message is where: at its top the first message is
  /// at the top, at its bottom the last one at the bottom, and between them in proportion; so no height has to be known
  /// but those of the rows that are drawn.
  static let list = #"""
    /// Taller elements than this aren't laid out by every browser.
    const TALLEST = 12_000_000;
    const list = {
      /// The numbers of the messages that pass the filter; null when all do.
      passing: null,
      /// The place of the first of them that is still kept.
      head: 0,
      /// Messages up to this number have been asked whether they pass.
      asked: 0,
      rowHeight: 22,
      /// The message at the anchor, as a place among those shown, when the list doesn't follow.
      anchor: 0,
      /// The height of all rows, where all of them are drawn.
      whole: null,
      /// Where we have put the bar ourselves: its event is nobody's hand.
      expected: -1,
      rows: new Map(),
      cursor: null,
      chosen: new Set(),
      height: 0,
    };
    /// The end of what is shown: where the view was paused, or what has come last.
    const shownEnd = () => current.pausedAt ?? current.store.end;
    const shownCount = () => list.passing === null
      ? Math.max(0, shownEnd() - current.store.first)
      : list.passing.length - list.head;
    const shownNumber = (place) => list.passing === null ? current.store.first + place : list.passing[list.head + place];
    /// The place of a message, or of the first behind it.
    const placeOf = (number) => {
      if (list.passing === null) return Math.min(Math.max(0, number - current.store.first), shownCount());
      let low = list.head;
      let high = list.passing.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (list.passing[middle] < number) low = middle + 1;
        else high = middle;
      }
      return low - list.head;
    };

    const drawList = eachFrame(() => {
      if (!current) return;
      dropPassed();
      if (list.passing !== null) askMore();
      const scroller = element("scroller");
      const count = shownCount();
      const viewport = scroller.clientHeight;
      const height = list.whole?.count === count ? list.whole.height : Math.min(TALLEST, count * list.rowHeight);
      if (height !== list.height) {
        list.height = height;
        element("spacer").style.height = `${height}px`;
      }
      const room = Math.max(0, scroller.scrollHeight - viewport);
      if (view.follow) list.anchor = count;
      const share = count === 0 ? 0 : Math.min(1, list.anchor / count);
      if (Math.abs(scroller.scrollTop - share * room) > 1) {
        scroller.scrollTop = share * room;
        list.expected = scroller.scrollTop;
      }
      drawRows(count, share, viewport);
    });
    /// Nobody reads a list that pours: what comes is drawn ten times a second, and what a hand asks for at once.
    const messagesCame = noMoreThanEach(100, () => drawList());
    /// Forgets what the ring has forgotten; what is read stays where it is.
    const dropPassed = () => {
      if (list.passing === null) {
        if (list.dropped !== undefined && current.store.first > list.dropped) {
          list.anchor = Math.max(0, list.anchor - (current.store.first - list.dropped));
        }
        list.dropped = current.store.first;
        return;
      }
      const before = list.head;
      while (list.head < list.passing.length && list.passing[list.head] < current.store.first) list.head += 1;
      list.anchor = Math.max(0, list.anchor - (list.head - before));
      if (list.head > 100_000) {
        list.passing.splice(0, list.head);
        list.head = 0;
      }
    };
    /// Lays rows out from the anchor: those below it downwards, those above it upwards.
    const drawRows = (count, share, viewport) => {
      const window = element("rows");
      element("window").style.height = `${viewport}px`;
      const middle = Math.min(count - 1, Math.floor(share * count));
      const fraction = count === 0 ? 0 : share * count - middle;
      // As many as would fill it, were each a single line.
      const reach = (part) => Math.ceil((part * viewport) / (view.fontSize * 1.5)) + 1;
      const from = Math.max(0, middle - reach(share));
      const to = Math.min(count, middle + reach(1 - share) + 1);
      const rows = [];
      for (let place = from; place < to; place += 1) rows.push(rowFor(shownNumber(place), place, count));
      if (count === 0) rows.push(make("p", { class: "empty quiet" }, word(current.store.end === 0 ? "emptyList" : "emptyFilter")));
      reconcile(window, rows);
      const anchorRow = rows[middle - from];
      let offset = 0;
      if (anchorRow && count > 0) {
        offset = share * viewport - (anchorRow.offsetTop + fraction * anchorRow.offsetHeight);
        const total = window.offsetHeight;
        // Where every row is drawn, their height is known, and needs no estimate.
        if (from === 0 && to === count) {
          offset = -share * Math.max(0, total - viewport);
          if (list.whole?.count !== count || Math.abs(list.whole.height - total) > 1) {
            list.whole = { count, height: total };
            drawList();
          }
        } else if (from === 0 && offset > 0) offset = 0;
        else if (to === count && offset + total < viewport) offset = viewport - total;
        list.average = total / rows.length;
      }
      window.style.transform = `translateY(${Math.round(offset)}px)`;
      if (view.follow && from > 0 && list.average && Math.abs(list.average - list.rowHeight) > 4) {
        list.rowHeight = list.average;
        drawList();
      }
      const active = list.cursor === null ? null : `m${list.cursor}`;
      if (active && element(active)) element("scroller").setAttribute("aria-activedescendant", active);
      else element("scroller").removeAttribute("aria-activedescendant");
    };
    const rowFor = (number, place, count) => {
      let row = list.rows.get(number);
      if (!row) {
        row = makeRow(number);
        list.rows.set(number, row);
        if (list.rows.size > 600) {
          for (const old of list.rows.keys()) {
            if (list.rows.size <= 300) break;
            if (!list.rows.get(old).isConnected) list.rows.delete(old);
          }
        }
      }
      row.setAttribute("aria-posinset", place + 1);
      row.setAttribute("aria-setsize", count);
      row.setAttribute("aria-selected", String(list.chosen.has(number)));
      row.classList.toggle("cursor", number === list.cursor);
      return row;
    };
    /// Draws all rows anew, as after a change of how they are shown.
    const redraw = () => {
      list.rows.clear();
      list.whole = null;
      drawList();
    };

    const scrolled = () => {
      const scroller = element("scroller");
      if (Math.abs(scroller.scrollTop - list.expected) < 1) return;
      list.expected = -1;
      const room = scroller.scrollHeight - scroller.clientHeight;
      if (room <= 0) return;
      const share = Math.min(1, scroller.scrollTop / room);
      setFollow(scroller.scrollTop >= room - 2);
      list.anchor = share * shownCount();
      drawList();
    };
    const setFollow = (on) => {
      if (view.follow === on) return;
      view.follow = on;
      setOn(element("follow"), on);
      saveSoon();
    };
    /// Brings a message into view, in the middle if it was out of it.
    const reveal = (number) => {
      setFollow(false);
      const row = list.rows.get(number);
      const frame = element("scroller").getBoundingClientRect();
      const rectangle = row?.isConnected ? row.getBoundingClientRect() : null;
      if (!rectangle || rectangle.top < frame.top || rectangle.bottom > frame.bottom) {
        const place = placeOf(number);
        list.anchor = place < 3 ? 0 : place + 0.5;
      }
      drawList();
    };
    const moveCursor = (event) => {
      const count = shownCount();
      if (count === 0) return;
      const page = Math.max(1, Math.floor(element("scroller").clientHeight / list.rowHeight) - 1);
      const at = list.cursor === null ? count : placeOf(list.cursor);
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: count - 1 };
      if (event.ctrlKey || event.metaKey) {
        if (event.key !== "c" || list.chosen.size === 0 || String(getSelection())) return;
        copyChosen("text").catch(complain);
      } else if (Object.hasOwn(moves, event.key)) {
        const place = Math.min(count - 1, Math.max(0, moves[event.key]));
        pick(shownNumber(place), event.shiftKey, false);
        reveal(list.cursor);
        if (event.key === "End") setFollow(true);
      } else if (event.key === "Enter" && list.cursor !== null) showMessage(list.cursor);
      else if (event.key === "b" && list.cursor !== null) mark(list.cursor);
      else if (event.key === "B") goToMark();
      else return;
      event.preventDefault();
    };
    /// Chooses a message, the range up to it, or one more.
    const pick = (number, isRange, isAdded) => {
      if (isRange && list.cursor !== null) {
        const [from, to] = [placeOf(list.cursor), placeOf(number)].sort((a, b) => a - b);
        for (let place = from; place <= Math.min(to, from + 100_000); place += 1) list.chosen.add(shownNumber(place));
      } else {
        if (!isAdded) list.chosen.clear();
        if (!list.chosen.delete(number) || !isAdded) list.chosen.add(number);
      }
      list.cursor = number;
      drawList();
    };
    const startList = () => {
      const scroller = element("scroller");
      scroller.addEventListener("scroll", scrolled, { passive: true });
      // While messages pour in the list moves with each picture; a hand that pulls against that is heeded at once.
      scroller.addEventListener("wheel", (event) => event.deltaY < 0 && setFollow(false), { passive: true });
      scroller.addEventListener("touchmove", () => setFollow(false), { passive: true });
      scroller.addEventListener("pointerdown", (event) => event.target === scroller && setFollow(false));
      scroller.addEventListener("keydown", moveCursor);
      scroller.addEventListener("click", (event) => {
        const row = event.target.closest(".message");
        if (row && !String(getSelection())) pick(Number(row.dataset.number), event.shiftKey, event.ctrlKey || event.metaKey);
      });
      scroller.addEventListener("dblclick", (event) => {
        const row = event.target.closest(".message");
        if (row) showMessage(Number(row.dataset.number));
      });
      new ResizeObserver(() => drawList()).observe(scroller);
    };

    """#
}
