extension ConsolePage {
  /// What passes a forwarder: held, edited, dropped, and said again.
  static let holding = #"""
    /// The program remembers no more messages than this.
    const MOST_REMEMBERED = 1024;
    /// A forwarder's messages by the number that the program gave each.
    const rememberForwarded = (session, number) => {
      session.forwarded.set(number, session.store.end - 1);
      if (session.forwarded.size > MOST_REMEMBERED) session.forwarded.delete(session.forwarded.keys().next().value);
    };
    const programNumber = (number) => [...current.forwarded].find(([, each]) => each === number)?.[0];
    const replay = (number) => ask("replay", { session: current.id, message: programNumber(number) });
    const release = (session, number, rest) => ask("release", { session: session.id, message: number, ...rest }).then(() => {
      session.held.delete(number);
      showHeld();
    }).catch(complain);
    const heldItem = (session, number, direction) => {
      const place = session.forwarded.get(number);
      const text = place !== undefined && session.store.has(place) ? session.store.text(place) : "";
      const isPlain = !/[\0-\x1f\x7f\ufffd]/.test(text);
      const value = isPlain ? text : hexOf(place === undefined ? nothing : session.store.bytes(place));
      const box = make("input", { class: "grow mono", value, "aria-label": word("message"), spellcheck: "false" });
      const data = () => (box.value === value ? {} : { data: { form: isPlain ? "text" : "hex", text: box.value } });
      return make("li", { class: "bar" }, make("b", {}, direction === "up" ? "⇒" : "⇐"), isPlain ? null : "HEX", box,
        worded("button", "letGo", { onclick: () => release(session, number, data()) }),
        worded("button", "drop", { class: "grave", onclick: () => release(session, number, { drop: true }) }));
    };
    const showHeld = () => {
      element("holding-section").hidden = current.settings.protocol !== "forwarder";
      setOn(element("hold"), current.isHolding);
      element("hold").disabled = !isRunning(current);
      showKeyed(element("held"), [...current.held].slice(0, 50), {
        key: ([number]) => `${current.id} ${current.opening} ${number}`,
        create: ([number, direction]) => heldItem(current, number, direction),
        update: () => {},
      });
      setText(element("held-count"), current.held.size > 0 ? String(current.held.size) : "");
    };
    const startHolding = () => element("hold").addEventListener("click", () => {
      const session = current;
      const hold = !session.isHolding;
      ask("hold", { session: session.id, hold }).then(() => {
        session.isHolding = hold;
        if (!hold) session.held.clear();
        showHeld();
      }).catch(complain);
    });

    """#
}
