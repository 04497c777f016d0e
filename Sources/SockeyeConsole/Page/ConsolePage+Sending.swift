extension ConsolePage {
  /// Sending: the box, its history, cycles, and files whole or line by line.
  static let sending = #"""
    const LONGEST_HISTORY = 200;
    const FILE_PIECE = 65_536;
    /// One request, to the targets that are chosen.
    const sendMessage = (session, message) =>
      ask("send", { session: session.id, ...(session.targets.size > 0 ? { to: [...session.targets].map(peerNumber) } : {}), message });
    const sendBox = async () => {
      const { value } = element("message");
      // What was refused is worth bringing back too.
      remember({ form: view.form, text: value });
      if (view.emptyAfter) element("message").value = "";
      const answer = await sendMessage(current, messageOf(value));
      say(word("sentSize", numberText(answer.bytes)));
    };

    /// The history has each message once, the last one first.
    const remember = (message) => {
      if (message.text === "" || message.text.length > 10_000) return;
      view.history = [message, ...view.history.filter((each) => each.text !== message.text || each.form !== message.form)]
        .slice(0, LONGEST_HISTORY);
      sending.place = -1;
      fillHistory();
      saveSoon();
    };
    const fillHistory = () => fillMenu("history-menu", view.history.length === 0
      ? [[word("emptyHistory"), () => {}]]
      : [
        ...view.history.slice(0, 40).map((message) =>
          [`${message.form === "hex" ? "HEX " : ""}${message.text.slice(0, 60)}`, () => takeIntoBox(message)]),
        [word("clearHistory"), () => {
          view.history = [];
          fillHistory();
          saveSoon();
        }],
      ]);
    const sending = { place: -1 };
    /// The arrows go through the history where they can't go through the text.
    const boxKey = (event) => {
      if (event.isComposing) return;
      const box = element("message");
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        sendBox().catch(complain);
        return;
      }
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step || event.shiftKey || event.altKey) return;
      const before = box.value.slice(0, box.selectionStart);
      const after = box.value.slice(box.selectionEnd);
      if (step > 0 ? before.includes("\n") : after.includes("\n")) return;
      const place = sending.place + step;
      if (place < -1 || place >= view.history.length) return;
      event.preventDefault();
      if (sending.place === -1) sending.draft = { form: view.form, text: box.value };
      sending.place = place;
      takeIntoBox(place === -1 ? sending.draft : view.history[place]);
    };

    /// Has the program say messages again and again, so many in all or until it is stopped.
    const beginCycle = async (session, messages, interval, count) => {
      const job = { id: null, isRunning: true };
      session.cycle = job;
      showCycle();
      try {
        job.id = (await ask("cycle", {
          session: session.id, ...(session.targets.size > 0 ? { to: [...session.targets].map(peerNumber) } : {}),
          messages, interval: `${interval}ms`, ...(count ? { count } : {}),
        })).cycle;
        // It may be over already: its end is told in an event, which doesn't wait for the answer.
        if (session.endedCycle === job.id) session.cycle = null;
        else if (!job.isRunning) stopCycle(session);
      } catch (error) {
        session.cycle = null;
        throw error;
      } finally {
        showCycle();
      }
    };
    const stopCycle = (session) => {
      const job = session.cycle;
      if (job?.id) ask("stop", { cycle: job.id }).catch(complain);
      else if (job) job.isRunning = false;
    };
    const endCycle = (session, id, text) => {
      session.endedCycle = id;
      if (session.cycle?.id !== id) return;
      session.cycle = null;
      if (session === current && text) say(text, true);
    };
    const showCycle = () => {
      const job = current.cycle;
      setOn(element("cycle"), job !== null);
      element("cycle").textContent = job === null ? word("cycle") : `■ ${job.done ?? ""} ${word("halt")}`;
    };
    const cycle = async () => {
      const session = current;
      if (session.cycle) {
        stopCycle(session);
        return;
      }
      remember({ form: view.form, text: element("message").value });
      await beginCycle(session, [messageOf(element("message").value)], intervalOf(), Number(element("times").value) || null);
    };
    const intervalOf = () => Math.max(1, Math.trunc(Number(element("interval").value)) || 1);

    /// A file's bytes as they are, in pieces that wait for each other; or its lines, as if they were typed.
    const sendFile = async (file) => {
      const session = current;
      if (view.byLine) {
        const text = new TextDecoder(view.form === "hex" ? "utf-8" : session.settings.encoding).decode(await file.arrayBuffer());
        const lines = text.split(/\r?\n/).filter((line, index, all) => line !== "" || index < all.length - 1);
        await runJob(session, lines.length, async (index) => {
          if (!await sendIfHeard(session, messageOf(lines[index]))) return 0;
          await pass(intervalOf());
          return 1;
        });
        say(word("sentLines", numberText(lines.length), file.name));
        return;
      }
      await runJob(session, file.size, async (place) => {
        const bytes = new Uint8Array(await file.slice(place, place + FILE_PIECE).arrayBuffer());
        return await sendIfHeard(session, { form: "hex", text: hexOf(bytes, "") }) ? bytes.length : 0;
      });
      say(word("sentFile", file.name, sizeText(file.size)));
    };
    /// Does something piece by piece up to an end, unless it is stopped; each step answers how far it got.
    const runJob = async (session, end, step) => {
      const job = { isRunning: true, done: "0 %" };
      session.cycle = job;
      try {
        for (let place = 0; place < end;) {
          if (!job.isRunning) throw new Error(word("halted"));
          place += await step(place);
          job.done = `${Math.floor((place * 100) / end)} %`;
          if (session === current) showCycle();
        }
      } finally {
        session.cycle = null;
        showCycle();
      }
    };
    /// False when the peer is behind, after a while that lets it catch up.
    const sendIfHeard = async (session, message) => {
      try {
        await sendMessage(session, message);
        return true;
      } catch (error) {
        if (error.kind !== "behind") throw error;
        await pass(50);
        return false;
      }
    };
    const startSending = () => {
      element("message").addEventListener("keydown", boxKey);
      element("message").addEventListener("input", () => { sending.place = -1; });
      element("send").addEventListener("click", () => sendBox().catch(complain));
      element("cycle").addEventListener("click", () => cycle().catch(complain));
      element("file").addEventListener("click", () =>
        chooseFile("").then((file) => file && sendFile(file)).catch(complain));
      for (const [id, name] of [["empty-after", "emptyAfter"], ["by-line", "byLine"]]) {
        element(id).addEventListener("change", () => {
          view[name] = element(id).checked;
          saveSoon();
        });
      }
      for (const id of ["interval", "times"]) {
        element(id).addEventListener("change", () => {
          view[id] = element(id).value;
          saveSoon();
        });
      }
    };
    const showSending = () => {
      element("empty-after").checked = view.emptyAfter;
      element("by-line").checked = view.byLine;
      element("interval").value = view.interval;
      element("times").value = view.times;
      fillHistory();
    };

    """#
}
