extension ConsolePage {
  /// What passes the filter, and what is searched for. Both go through messages in slices, so that a key is answered
  /// while a million of them are looked at.
  static let finding = #"""
    const SLICE_MILLISECONDS = 8;
    /// No pattern looks further into a message than this: a pattern that backtracks would hold the page.
    const LONGEST_LOOK = 4096;
    const finder = { filter: null, search: null, run: 0 };

    /// A pattern between slashes is a regular expression; anything else is text, in any case.
    const patternOf = (text) => {
      const found = /^\/(.+)\/([imsu]*)$/.exec(text);
      try {
        if (found) return new RegExp(found[1], `${found[2].replace("g", "")}g`);
      } catch (error) {
        say(error.message, true);
      }
      return text ? new RegExp(text.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&"), "gi") : null;
    };
    const matches = (pattern, number) => {
      pattern.lastIndex = 0;
      const { store } = current;
      if (pattern.test(store.text(number, LONGEST_LOOK))) return true;
      if (view.show === "text" || store.size(number) === 0) return false;
      pattern.lastIndex = 0;
      return pattern.test(hexOf(store.bytes(number, LONGEST_LOOK / 4)));
    };
    const passes = (number) => {
      const { store } = current;
      if (finder.direction !== null && store.kind(number) !== finder.direction) return false;
      if (finder.peers !== null && !finder.peers.has(store.peer(number))) return false;
      return finder.filter === null || matches(finder.filter, number);
    };
    /// Starts over with what the filter's controls say.
    const changeView = () => {
      const direction = element("direction").value;
      finder.direction = direction === "" ? null : direction === "in" ? RECEIVED : SENT;
      finder.peers = isOn(element("only")) && current.targets.size > 0 ? new Set(current.targets) : null;
      finder.filter = patternOf(element("filter").value);
      const isFiltered = finder.direction !== null || finder.peers !== null || finder.filter !== null;
      list.passing = isFiltered ? [] : null;
      list.head = 0;
      list.asked = current.store.first;
      list.dropped = undefined;
      list.chosen.clear();
      list.cursor = null;
      if (view.follow) list.anchor = shownCount();
      setOn(element("pause"), current.pausedAt !== null);
      redraw();
    };
    const askMore = () => {
      const end = performance.now() + SLICE_MILLISECONDS;
      const last = shownEnd();
      list.asked = Math.max(list.asked, current.store.first);
      while (list.asked < last) {
        if (passes(list.asked)) list.passing.push(list.asked);
        list.asked += 1;
        if (list.asked % 64 === 0 && performance.now() > end) {
          drawList();
          return;
        }
      }
    };

    /// Goes to the next message that has what is searched for, around the end and back to where it began.
    const findNext = (step) => {
      if (!finder.search) return;
      finder.run += 1;
      const run = finder.run;
      const count = shownCount();
      const start = list.cursor === null ? (step > 0 ? -1 : count) : placeOf(list.cursor);
      let looked = 0;
      const look = () => {
        if (run !== finder.run) return;
        const end = performance.now() + SLICE_MILLISECONDS;
        while (looked < count) {
          looked += 1;
          const number = shownNumber((((start + step * looked) % count) + count) % count);
          if (current.store.has(number) && matches(finder.search, number)) {
            pick(number, false, false);
            reveal(number);
            element("found").textContent = `${numberText(placeOf(number) + 1)} / ${numberText(count)}`;
            return;
          }
          if (looked % 64 === 0 && performance.now() > end) {
            setTimeout(look);
            return;
          }
        }
        element("found").textContent = word("notFound");
      };
      look();
    };
    const startFinding = () => {
      const again = afterwards(120, changeView);
      element("filter").addEventListener("input", again);
      element("direction").addEventListener("change", changeView);
      element("search").addEventListener("input", afterwards(120, () => {
        finder.search = patternOf(element("search").value);
        element("found").textContent = "";
        redraw();
      }));
      element("search").addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        finder.search = patternOf(element("search").value);
        redraw();
        findNext(event.shiftKey ? -1 : 1);
      });
      element("next").addEventListener("click", () => findNext(1));
      element("previous").addEventListener("click", () => findNext(-1));
    };

    """#
}
