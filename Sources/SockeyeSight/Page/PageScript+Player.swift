extension PageScript {
  /// The cursor and all that moves it: keys, buttons, the slider, and playing.
  static let player = #"""
    const announcement = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
    const slider = make("input", {
      type: "range", min: 0, max: Math.max(rowCount - 1, 0), value: 0, "data-label": "position",
      oninput: (event) => moveTo(Number(event.target.value)),
    });
    const clock = make("output", {});
    const speed = make("select", { "data-label": "speed" },
      [1, 2, 5, 20, 100].map((value) => make("option", { value, selected: value === 2 }, `${value}/s`)));
    let playing = 0;

    /// Shows the header of the segment under the pointer; of that at the cursor where there is none.
    const point = (segment) => {
      if (view.pointed === segment) return;
      view.pointed = segment;
      headerView.show(segment >= 0 ? segment : segmentAtCursor());
    };
    /// The segment at the cursor, or the last before it.
    const segmentAtCursor = () => {
      for (let row = view.cursor; row >= 0; row -= 1) if (rowSegment(row) >= 0) return rowSegment(row);
      return -1;
    };
    const moveTo = (row) => {
      if (rowCount === 0) return;
      view.cursor = Math.min(Math.max(row, 0), rowCount - 1);
      view.pointed = -1;
      slider.value = view.cursor;
      clock.textContent = `${view.cursor + 1} / ${rowCount} · ${time(rowTime[view.cursor])}`;
      slider.setAttribute("aria-valuetext", clock.textContent);
      diagram.reveal();
      headerView.show(segmentAtCursor());
      machine.show();
      information.show();
      plots.follow();
      if (!playing) announcement.textContent = rowText(view.cursor);
    };
    const pause = () => {
      clearTimeout(playing);
      playing = 0;
      become("play");
    };
    const play = () => {
      if (view.cursor >= rowCount - 1) moveTo(0);
      const step = () => {
        if (view.cursor >= rowCount - 1) return pause();
        // Beyond some twenty a second more than one row a picture is taken.
        const wanted = Number(speed.value), rows = Math.max(1, Math.round(wanted / 20));
        playing = setTimeout(step, (1000 * rows) / wanted);
        moveTo(view.cursor + rows);
      };
      become("pause");
      playing = setTimeout(step, 1000 / Number(speed.value));
    };
    const toggle = () => (playing ? pause() : play());
    // Drawn, since not every font has them.
    const icons = {
      rewind: "M3 2v12M14 2L5 8l9 6z", back: "M12 2L4 8l8 6z", play: "M4 2l10 6-10 6z", pause: "M4 2v12M5 2v12M11 2v12M12 2v12",
      forward: "M4 2l8 6-8 6z", toEnd: "M13 2v12M2 2l9 6-9 6z",
    };
    const icon = (name) =>
      draw("svg", { class: "icon", width: 16, height: 16, "aria-hidden": "true" }, draw("path", { d: icons[name] }));
    const button = (name, onclick) => make("button", { type: "button", "data-label": name, onclick }, icon(name));
    const playButton = button("play", toggle);
    const become = (name) => {
      playButton.replaceChildren(icon(name));
      playButton.dataset.label = name;
      playButton.setAttribute("aria-label", word(name));
    };
    const step = (rows) => { pause(); moveTo(view.cursor + rows); };
    const controls = make("div", { class: "player", role: "group", "data-label": "controls" },
      button("rewind", () => step(-rowCount)), button("back", () => step(-1)), playButton,
      button("forward", () => step(1)), button("toEnd", () => step(rowCount)), slider, clock, speed);

    document.addEventListener("keydown", (event) => {
      const { target, key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select, input")) return;
      const isInList = target === diagram.scroller;
      const page = Math.max(Math.floor(diagram.scroller.clientHeight / rowHeight) - 1, 1);
      const actions = {
        ArrowRight: () => step(1), ArrowLeft: () => step(-1), "+": () => plots.zoom(0.5), "=": () => plots.zoom(0.5),
        "-": () => plots.zoom(2), 0: () => plots.zoom(0), ...(target.closest("button") ? {} : { " ": toggle }),
        ...(isInList ? {
          ArrowDown: () => step(1), ArrowUp: () => step(-1), PageDown: () => step(page), PageUp: () => step(-page),
          Home: () => step(-rowCount), End: () => step(rowCount),
        } : {}),
      };
      if (!Object.hasOwn(actions, key)) return;
      event.preventDefault();
      actions[key]();
    });

    const showAll = () => {
      document.title = data.title[view.language];
      heading.textContent = data.title[view.language];
      explanation.textContent = data.explanation[view.language];
      explanation.hidden = !explanation.textContent;
      const lines = data.verdict[view.language];
      verdict.hidden = lines.length === 0;
      verdictLines.replaceChildren(...lines.map((line) => make("p", {}, line)));
      missed.textContent = data.missed ? word("missed", data.missed) : "";
      missed.hidden = !data.missed;
      speak();
      diagram.arrange();
      headerView.refresh();
      machine.show();
      information.show();
      plots.show();
    };
    const heading = make("h1", {});
    const explanation = make("p", {});
    const missed = make("p", { class: "quiet" });
    const verdictLines = make("div", {});
    const verdict = section("verdict", verdictLines);
    const isDark = () => {
      const chosen = document.documentElement.dataset.theme;
      return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    };
    const themeSwitch = make("button", { type: "button", "data-word": "theme", onclick: () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    } });
    const languageSwitch = make("button", { type: "button", "data-word": "otherLanguage", onclick: () => {
      view.language = 1 - view.language;
      showAll();
      moveTo(view.cursor);
    } });
    const numberSwitch = make("button", { type: "button", "data-word": "absolute", "aria-pressed": String(view.absolute), onclick: () => {
      view.absolute = !view.absolute;
      numberSwitch.setAttribute("aria-pressed", String(view.absolute));
      moveTo(view.cursor);
    } });
    document.getElementById("top").append(
      heading, explanation, missed, make("div", { class: "switches" }, themeSwitch, languageSwitch, numberSwitch));
    document.getElementById("main").append(controls, make("div", { class: "columns" }, diagram.element,
      make("div", {}, verdict, headerView.element, make("div", { class: "pair" }, make("div", {}, machine.element),
        make("div", {}, information.element)), plots.element)), announcement);
    let wide = 0;
    addEventListener("resize", () => {
      if (innerWidth !== wide) { wide = innerWidth; showAll(); } else diagram.refresh();
    });
    wide = innerWidth;
    showAll();
    moveTo(0);
    """#
}
