extension PageScript {
  /// Makes elements, and reads the options of a header.
  static let drawing = #"""
    const addTo = (element, attributes, children) => {
      for (const [name, value] of Object.entries(attributes ?? {})) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
      }
      element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
      return element;
    };
    const make = (name, attributes, ...children) => addTo(document.createElement(name), attributes, children);
    const draw = (name, attributes, ...children) =>
      addTo(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
    const section = (title, ...children) => {
      const id = `title-${title}`;
      return make("section", { "aria-labelledby": id }, make("h2", { id, "data-word": title }, word(title)), children);
    };
    /// Puts the words of the language that is shown into all that is marked with one.
    const speak = () => {
      document.documentElement.lang = view.language ? "zh-Hans" : "en";
      for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
      for (const element of document.querySelectorAll("[data-label]")) {
        element.setAttribute("aria-label", word(element.dataset.label));
        if (element.tagName === "BUTTON") element.title = word(element.dataset.label);
      }
    };
    /// As much of a text as fits into so many pixels of a monospaced font, whose wide characters take two places.
    const fitted = (text, width, character) => {
      let room = Math.floor(width / character);
      let kept = "";
      for (const letter of text) {
        room -= letter.codePointAt(0) >= 0x1100 ? 2 : 1;
        if (room < 1) return `${kept}…`;
        kept += letter;
      }
      return kept;
    };

    /// The options of a segment: kind, where in the header, how long. What can't be read ends the list, as in RFC 9293,
    /// section 3.1.
    const optionsOf = (segment) => {
      const bytes = header(segment);
      const found = [];
      let offset = 20;
      while (offset < bytes.length) {
        const kind = bytes[offset];
        const length = kind < 2 ? 1 : bytes[offset + 1];
        if (kind >= 2 && (offset + 1 >= bytes.length || length < 2 || offset + length > bytes.length)) {
          found.push({ kind: -1, offset, length: bytes.length - offset });
          break;
        }
        found.push({ kind, offset, length: kind === 0 ? bytes.length - offset : length });
        if (kind === 0) break;
        offset += length;
      }
      return found;
    };
    const optionNames = {
      [-1]: "?", 0: "EOL", 1: "NOP", 2: "MSS", 3: "WScale", 4: "SACK-OK", 5: "SACK", 8: "Timestamps", 19: "MD5",
      28: "UTO", 29: "TCP-AO", 34: "Fast Open", 172: "AccECN", 174: "AccECN", 254: "Exp.",
    };
    const optionName = (option) => optionNames[option.kind] ?? `${word("option")} ${option.kind}`;
    const optionValue = (segment, { kind, offset, length }) => {
      const bytes = header(segment);
      if (kind === 2 && length === 4) return `mss=${load16(bytes, offset + 2)}`;
      if (kind === 3 && length === 3) return `wscale=${bytes[offset + 2]}`;
      if (kind === 4 && length === 2) return "sackOK";
      if (kind === 8 && length === 10) return `TSval=${load32(bytes, offset + 2)} TSecr=${load32(bytes, offset + 6)}`;
      if (kind === 5) {
        const blocks = [];
        for (let place = offset + 2; place + 8 <= offset + length; place += 8) {
          const edges = [load32(bytes, place), load32(bytes, place + 4)];
          blocks.push(`sack=${edges.map((edge) => edgeText(segment, edge)).join("-")}`);
        }
        return blocks.join(" ");
      }
      return kind > 1 ? `${optionName({ kind })} (${length})` : "";
    };
    const optionTexts = (segment) =>
      optionsOf(segment).filter(({ kind }) => kind !== 8).map((option) => optionValue(segment, option)).filter(Boolean);

    """#
}
