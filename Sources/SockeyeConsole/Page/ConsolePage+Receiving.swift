extension ConsolePage {
  /// The receiving side's controls: how messages are shown, counted, saved, copied and recorded.
  static let receiving = #"""
    const toggles = { log: "log", wrap: "wrap", json: "json", ansi: "ansi" };
    const showReceiving = () => {
      offer(element("show"), [["text", word("text")], ["hex", word("hex")], ["both", word("both")]], view.show);
      offer(element("direction"), [["", word("bothWays")], ["in", word("received")], ["out", word("sent")]]);
      for (const [id, name] of Object.entries(toggles)) setOn(element(id), view[name]);
      setOn(element("follow"), view.follow);
      const classes = element("scroller").classList;
      classes.toggle("wrapped", view.wrap);
      classes.toggle("both", view.show === "both");
      fillMenu("copy-menu", ["text", "hex", "c", "command"].map((form) => [word(`copy-${form}`), () => copyChosen(form)]));
      fillMenu("save-menu", [
        [word("save-log"), () => saveShown("log", `sockeye-${stamp()}.log`, "text/plain")],
        [word("save-text"), () => saveShown("text", `sockeye-${stamp()}.txt`, "text/plain")],
        [word("save-hex"), () => saveShown("hex", `sockeye-${stamp()}.hex.txt`, "text/plain")],
        [word("save-raw"), () => saveShown("raw", `sockeye-${stamp()}.bin`, "application/octet-stream")],
        [word("save-ndjson"), () => saveShown("ndjson", `sockeye-${stamp()}.ndjson`, "application/x-ndjson")],
      ]);
    };

    const showCounters = () => {
      const { counters, zero, skipped } = current;
      const since = (side, unit) => Math.max(0, counters[side][unit] - zero[side][unit]);
      const text = (name, side) => `${name} ${numberText(since(side, "bytes"))} B · ${numberText(since(side, "messages"))}`;
      element("count-in").textContent = text("RX", "received");
      element("count-in").title = word("countTip");
      element("count-out").textContent = text("TX", "sent");
      element("count-out").title = word("countTip");
      const parts = [];
      if (skipped.messages > 0) parts.push(word("skipped", numberText(skipped.messages)));
      if (current.pausedAt !== null) parts.push(word("waiting", numberText(current.store.end - current.pausedAt)));
      element("count-lost").textContent = parts.join(" · ");
    };

    const showRecording = () => {
      const { recording } = current;
      setOn(element("record"), recording !== null);
      element("record").disabled = current.isDraft;
      element("record").textContent = recording === null ? word("record") : `■ ${recording.file}`;
    };
    const recordEndings = { text: "txt", hex: "hex.txt", ndjson: "ndjson", pcapng: "pcapng", raw: "bin" };
    /// Begins a record in a file of the program's folder, or ends the one under way and offers it.
    const record = async () => {
      const session = current;
      if (session.recording !== null) {
        const { file } = await ask("record-end", { session: session.id });
        session.recording = null;
        showRecording();
        showDialog(word("recorded"), make("p", {}, make("a", { href: `/saved/${encodeURIComponent(file)}`, download: file }, file)));
        return;
      }
      const name = make("input", { value: `console-${stamp()}.txt`, "aria-label": word("fileName"), class: "grow", spellcheck: "false" });
      const format = make("select", {
        "aria-label": word("format"),
        onchange: () => { name.value = name.value.replace(/\..*$/, `.${recordEndings[format.value]}`); },
      });
      offer(format, Object.keys(recordEndings).map((each) => [each, word(`format-${each}`)]));
      const problem = make("p", { class: "bad", role: "status" });
      const begin = async () => {
        const { file } = await ask("record", { session: session.id, file: name.value.trim(), format: format.value });
        session.recording = { file };
        element("dialog").close();
        showRecording();
      };
      showDialog(word("record"), make("p", {}, word("recordHelp")), make("form", {
        class: "bar",
        onsubmit: (event) => {
          event.preventDefault();
          begin().catch((error) => { problem.textContent = error.message; });
        },
      }, name, format, worded("button", "begin", { class: "power" })), problem);
    };

    const startReceiving = () => {
      element("show").addEventListener("change", () => changeHow("show", element("show").value));
      for (const [id, name] of Object.entries(toggles)) {
        element(id).addEventListener("click", () => changeHow(name, !view[name]));
      }
      element("follow").addEventListener("click", () => {
        setFollow(!view.follow);
        drawList();
      });
      element("pause").addEventListener("click", togglePause);
      element("record").addEventListener("click", () => record().catch(complain));
      element("clear").addEventListener("click", clearMessages);
      element("reset").addEventListener("click", () => {
        current.zero = structuredClone(current.counters);
        current.skipped = { messages: 0, bytes: 0 };
        showCounters();
      });
    };
    const changeHow = (name, value) => {
      view[name] = value;
      showReceiving();
      redraw();
      saveSoon();
    };
    /// Stops the list while everything goes on being received, counted and recorded.
    const togglePause = () => {
      current.pausedAt = current.pausedAt === null ? current.store.end : null;
      setOn(element("pause"), current.pausedAt !== null);
      showCounters();
      changeView();
    };
    const clearMessages = () => {
      current.store.clear();
      if (current.pausedAt !== null) current.pausedAt = current.store.end;
      current.marks?.clear();
      changeView();
    };

    """#
}
