extension ConsolePage {
  /// Text to hex and back, so that the bytes stay the same: what text can't say plainly is said by escapes.
  static let conversion = #"""
    const simpleEscapes = { n: 0x0a, r: 0x0d, t: 0x09, 0: 0x00, a: 0x07, b: 0x08, e: 0x1b, f: 0x0c, v: 0x0b };
    const convert = async (text, from, to) => (text === "" ? ""
      : (await ask("convert", { text, from, to, encoding: current.settings.encoding })).text);
    const bareHex = (text) => text.replace(/0x|\\x|[\s,:-]/gi, "").toUpperCase();
    const spacedHex = (text) => bareHex(text).match(/../g)?.join(" ") ?? "";
    const hexOfText = async (text, escapes) => {
      if (!escapes) return spacedHex(await convert(text, "text", "hex"));
      const hex = [];
      for (const part of text.split(/(\\(?:[nrt0abefv\\]|x[0-9a-f]{2}|u\{[0-9a-f]{1,6}\}))/i)) {
        const kind = part[0] === "\\" ? part[1] : "";
        if (kind === "x") hex.push(part.slice(2));
        else if (kind === "u") hex.push(await convert(String.fromCodePoint(parseInt(part.slice(3), 16)), "text", "hex"));
        else if (kind === "\\") hex.push(await convert("\\", "text", "hex"));
        else if (Object.hasOwn(simpleEscapes, kind)) hex.push(hexOfByte[simpleEscapes[kind]]);
        else hex.push(await convert(part, "text", "hex"));
      }
      return spacedHex(hex.join(""));
    };
    const escapeOf = (code) => {
      const letter = { 0x0a: "n", 0x0d: "r", 0x09: "t", 0x5c: "\\" }[code];
      return letter ? `\\${letter}` : `\\x${hexOfByte[code]}`;
    };
    /// The text of bytes, and whether it has escapes.
    const textOfHex = async (hex, escapes) => {
      const bare = bareHex(await convert(hex, "hex", "hex"));
      const text = await convert(bare, "hex", "text");
      if (bareHex(await convert(text, "text", "hex")) !== bare) {
        const bytes = bytesOfHex(bare);
        const letters = Array.from(bytes, (byte) => (byte < 0x20 || byte > 0x7e || byte === 0x5c ? escapeOf(byte) : String.fromCharCode(byte)));
        return { text: letters.join(""), escapes: true };
      }
      // A box for text has one kind of line end, and no control characters.
      if (!escapes && !/[\0-\x08\x0b-\x1f\x7f]/.test(text)) return { text, escapes: false };
      return { text: text.replace(/[\\\0-\x1f\x7f]/g, (letter) => escapeOf(letter.charCodeAt(0))), escapes: true };
    };

    """#
}
