extension ConsolePage {
  /// One message as a row: when, which way, whose, and what, as text, as hex, or both.
  static let rows = #"""
    /// A row shows the beginning of what is longer; all of it is one key away.
    const LONGEST_ROW = 1000;
    const textOf = (number, limit) => {
      const text = current.store.text(number, limit);
      return view.ansi ? withoutANSI(text) : text;
    };
    /// Whose it is; of peers that are long gone the number alone is known.
    const addressOf = (number) => {
      const key = current.store.peer(number);
      return current.peers.get(key)?.address ?? (key ? `#${peerNumber(key)}` : "");
    };
    const makeRow = (number) => {
      const { store } = current;
      const kind = store.kind(number);
      const source = store.source(number);
      const row = make("div", {
        role: "option", id: `m${number}`, "data-number": number,
        class: `message ${["received", "sent", "notice"][kind]} ${source === "failed" ? "bad" : ""}`,
      });
      if (current.marks?.has(number)) row.classList.add("marked");
      if (view.log || kind === NOTICE) {
        const arrow = kind === NOTICE ? "•" : arrowOf(kind, source);
        row.append(make("span", { class: "meta" }, make("time", {}, clockText(store.time(number))),
          make("b", { title: word(kind === SENT ? "sent" : "received") }, arrow),
          kind !== NOTICE && acceptsPeers(current.settings.protocol) ? make("bdi", {}, addressOf(number)) : null,
          source && kind === SENT && source !== "user" ? make("i", {}, word(`by-${source}`)) : null,
          source && kind === RECEIVED && source !== "up" && source !== "down" ? make("i", {}, visible(source.split(" ").map((mark) => word(mark)).join(" "))) : null));
      }
      row.append(...bodyOf(number, kind));
      return row;
    };
    const arrowOf = (kind, source) => ({ up: "⇒", down: "⇐" }[source] ?? (kind === SENT ? "↑" : "↓"));
    const bodyOf = (number, kind) => {
      const { store } = current;
      const size = store.whole(number);
      if (kind === NOTICE) return [make("span", { class: "body" }, visible(store.text(number, LONGEST_ROW)))];
      const parts = [];
      if (view.show !== "text") parts.push(make("span", { class: "body hex" }, highlighted(hexOf(store.bytes(number, LONGEST_ROW / 2)))));
      if (view.show !== "hex") {
        const raw = textOf(number, view.json ? LARGEST_DUMP : LONGEST_ROW);
        const text = visible(((view.json && prettyJSON(raw)) || raw.slice(0, LONGEST_ROW)).slice(0, 20 * LONGEST_ROW)).replace(/\n$/, "");
        parts.push(make("span", { class: "body" }, highlighted(text)));
      }
      if (size > (view.show === "text" ? LONGEST_ROW : LONGEST_ROW / 2)) parts.push(make("small", {}, word("longer", sizeText(size))));
      return parts;
    };
    /// A text in which what is searched for stands out.
    const highlighted = (text) => {
      const { search } = finder;
      if (!search) return [text];
      const parts = [];
      let from = 0;
      for (const found of text.matchAll(search)) {
        if (found[0] === "" || parts.length > 200) break;
        parts.push(text.slice(from, found.index), make("mark", {}, found[0]));
        from = found.index + found[0].length;
      }
      return [...parts, text.slice(from)];
    };

    /// Sixteen bytes a line: offset, hex, text.
    const hexDump = (bytes) => {
      const lines = [];
      for (let offset = 0; offset < bytes.length; offset += 16) {
        const line = bytes.subarray(offset, offset + 16);
        const text = Array.from(line, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
        lines.push(`${offset.toString(16).padStart(8, "0")}  ${hexOf(line).padEnd(47)}  ${text}`);
      }
      return lines.join("\n");
    };
    const LARGEST_DUMP = 65_536;
    /// A message as a whole, in all its forms.
    const showMessage = (number) => {
      const { store } = current;
      if (!store.has(number)) return;
      const text = textOf(number, LARGEST_DUMP);
      const pretty = prettyJSON(text);
      const facts = [clockText(store.time(number)), addressOf(number), sizeText(store.whole(number))].filter(Boolean).join(" · ");
      const dialog = showDialog(word("message"),
        make("p", { class: "quiet" }, facts),
        make("pre", { tabindex: 0, "aria-label": word("text") }, visible(pretty ?? text)),
        store.kind(number) === NOTICE ? null
          : make("pre", { tabindex: 0, "aria-label": word("hex") }, hexDump(store.bytes(number, LARGEST_DUMP))),
        store.whole(number) > LARGEST_DUMP ? make("p", { class: "quiet" }, word("longer", sizeText(store.whole(number)))) : null,
        make("div", { class: "bar" },
          worded("button", "toBox", { onclick: () => {
            takeIntoBox({ form: "hex", text: hexOf(store.bytes(number)) });
            dialog.close();
          } }),
          programNumber(number) === undefined ? null
            : worded("button", "replay", { onclick: () => replay(number).then(() => dialog.close()).catch(complain) }),
          worded("button", "bookmark", { onclick: () => {
            mark(number);
            dialog.close();
          } })));
    };
    /// To the next message with a mark, around the end.
    const goToMark = () => {
      const marks = [...(current.marks ?? [])].filter((number) => current.store.has(number)).sort((a, b) => a - b);
      if (marks.length === 0) return;
      pick(marks.find((number) => number > (list.cursor ?? -1)) ?? marks[0], false, false);
      reveal(list.cursor);
    };
    const mark = (number) => {
      current.marks ??= new Set();
      if (!current.marks.delete(number)) current.marks.add(number);
      list.rows.delete(number);
      drawList();
    };

    /// What is copied or saved of a message, in each form.
    const copyForms = {
      text: (number) => current.store.text(number),
      hex: (number) => hexOf(current.store.bytes(number)),
      c: (number) => {
        const bytes = current.store.bytes(number);
        const lines = [];
        for (let offset = 0; offset < bytes.length; offset += 12) {
          lines.push(`  ${Array.from(bytes.subarray(offset, offset + 12), (byte) => `0x${hexOfByte[byte]}`).join(", ")},`);
        }
        return `static const unsigned char message_${number}[${bytes.length}] = {\n${lines.join("\n")}\n};`;
      },
      command: (number) =>
        `printf '${Array.from(current.store.bytes(number), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}'`,
      log: (number) => {
        const { store } = current;
        return `[${clockText(store.time(number))}] ${arrowOf(store.kind(number), store.source(number))} ${addressOf(number)} ${store.text(number)}`;
      },
      ndjson: (number) => {
        const { store } = current;
        return JSON.stringify({
          time: store.time(number), event: ["received", "sent", "notice"][store.kind(number)],
          peer: addressOf(number), data: base64OfBytes(store.bytes(number)), text: store.text(number),
        });
      },
    };
    const chosenNumbers = () => {
      const numbers = [...list.chosen].filter((number) => current.store.has(number)).sort((a, b) => a - b);
      if (numbers.length > 0) return numbers;
      return Array.from({ length: Math.min(shownCount(), 100_000) }, (_, place) => shownNumber(Math.max(0, shownCount() - 100_000) + place));
    };
    const isData = (number) => current.store.kind(number) !== NOTICE;
    const copyChosen = (form) => copyText(chosenNumbers().filter(isData).map(copyForms[form]).join("\n"));
    const saveShown = (form, name, type) => {
      const parts = [];
      for (let place = 0; place < shownCount(); place += 1) {
        const number = shownNumber(place);
        if (form === "raw") {
          if (current.store.kind(number) === RECEIVED) parts.push(current.store.bytes(number));
        } else if (form !== "hex" || isData(number)) parts.push(copyForms[form](number), "\n");
      }
      download(name, parts, type);
    };

    """#
}
