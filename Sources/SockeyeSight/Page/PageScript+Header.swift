extension PageScript {
  /// The header of a segment, bit by bit, with the offsets of RFC 9293, section 3.1.
  static let header = #"""
    const headerView = (() => {
      const caption = make("p", { class: "quiet" });
      const drawing = make("div", { class: "bits" });
      const facts = make("tbody", {});
      const element = section("header", caption, drawing, make("table", {}, facts));
      let shown = -1;

      /// The fields of a header: name, first bit, bits.
      const fieldsOf = (segment) => {
        const fixed = [
          ["sourcePort", 0, 16], ["destinationPort", 16, 16], ["sequenceNumber", 32, 32],
          ["acknowledgmentNumber", 64, 32], ["dataOffset", 96, 4], ["reserved", 100, 3], ["AE", 103, 1], ["CWR", 104, 1],
          ["ECE", 105, 1], ["URG", 106, 1], ["ACK", 107, 1], ["PSH", 108, 1], ["RST", 109, 1], ["SYN", 110, 1],
          ["FIN", 111, 1], ["window", 112, 16], ["checksum", 128, 16], ["urgentPointer", 144, 16],
        ].map(([name, first, length]) => ({ name: data.words[name] ? word(name) : name, key: name, first, length }));
        const options = optionsOf(segment).map((option) => ({
          name: optionName(option), key: "option", first: option.offset * 8, length: option.length * 8, option,
        }));
        return [...fixed, ...options];
      };
      const numberAt = (bytes, first, length) => {
        let value = 0;
        for (let bit = first; bit < first + length; bit += 1) value = value * 2 + ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1);
        return value;
      };
      const meaning = (segment, field) => {
        const bytes = header(segment);
        if (field.key === "option") return optionValue(segment, field.option);
        const value = numberAt(bytes, field.first, field.length);
        const relative = { sequenceNumber: data.sequences, acknowledgmentNumber: data.acknowledgments }[field.key];
        if (relative && relative[segment] >= 0) return word("relative", value, relative[segment]);
        if (field.key === "dataOffset") return word("words", value, value * 4);
        if (field.key === "window" && data.windows[segment] >= 0) return word("bytes", value, data.windows[segment]);
        if (field.key === "checksum") return value === 0 ? word("noChecksum") : `0x${value.toString(16).padStart(4, "0")}`;
        return String(value);
      };

      const show = (segment) => {
        shown = segment;
        if (segment < 0) {
          caption.textContent = word("noSegment");
          drawing.replaceChildren();
          facts.replaceChildren();
          return;
        }
        const bytes = header(segment), fields = fieldsOf(segment);
        caption.textContent = `#${data.numbers[segment]} · ${data.names[from(segment)]} · ${label(segment)}`;
        const width = Math.max(drawing.clientWidth, 300), left = 26, cell = (width - left - 2) / 32, tall = 40, ruler = 14;
        const shapes = [];
        for (let bit = 0; bit < 32; bit += cell < 14 ? 4 : 1) {
          shapes.push(draw("text", { class: "ruler", x: left + (bit + 0.5) * cell, y: 10 }, String(bit)));
        }
        for (let line = 0; line < bytes.length / 4; line += 1) {
          const y = ruler + line * tall;
          shapes.push(draw("text", { class: "ruler", x: 11, y: y + 24 }, String(line * 4)));
          for (let bit = line * 32; bit < line * 32 + 32; bit += 1) {
            const one = (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
            const x = left + ((bit & 31) + 0.5) * cell;
            shapes.push(draw("text", { class: one ? "one" : "zero", x, y: y + 34 }, String(one)));
          }
        }
        for (const field of fields) {
          // A field that goes over the end of a word is drawn in each.
          for (let bit = field.first; bit < field.first + field.length; bit = (bit | 31) + 1) {
            const length = Math.min(field.first + field.length, (bit | 31) + 1) - bit;
            const x = left + (bit & 31) * cell, y = ruler + (bit >> 5) * tall, wide = length * cell;
            const isSet = length === 1 && numberAt(bytes, bit, 1) === 1;
            shapes.unshift(draw("rect", { class: isSet ? "field set" : "field", x, y, width: wide, height: tall }));
            const turned = length === 1 && cell < 30;
            const name = draw("text", { class: "name" }, turned ? field.name : fitted(field.name, wide, 6.2));
            if (turned) {
              name.setAttribute("transform", `translate(${x + cell / 2 + 3.5} ${y + 13}) rotate(-90)`);
              name.setAttribute("font-size", "8.5");
            } else {
              name.setAttribute("x", x + wide / 2);
              name.setAttribute("y", y + 15);
            }
            shapes.push(name);
          }
        }
        const tallness = ruler + (bytes.length / 4) * tall + 2;
        drawing.replaceChildren(draw("svg", { width, height: tallness, role: "img", "aria-label": word("header") }, shapes));
        for (const turned of drawing.querySelectorAll("[transform]")) turned.style.fontSize = "8.5px";
        const isFact = (field) => field.length > 1 ? field.key !== "reserved" && field.name !== "NOP" : false;
        const rows = fields.filter((field) => isFact(field) && field.name !== "NOP" && field.name !== "EOL")
          .map((field) => [field.name, `${field.first >> 3}`, meaning(segment, field)]);
        rows.splice(5, 0, [word("flags"), "13", flagNames(segment).join(", ") || "-"]);
        rows.push([word("data"), `${bytes.length}`, word("dataBytes", data.lengths[segment])]);
        facts.replaceChildren(
          make("tr", {}, ["field", "offset", "value"].map((name) => make("th", { scope: "col" }, word(name)))),
          ...rows.map(([name, offset, value]) =>
            make("tr", {}, make("td", { class: "words" }, name), make("td", {}, offset), make("td", {}, value))));
      };
      return { element, show, refresh: () => show(shown) };
    })();

    """#
}
