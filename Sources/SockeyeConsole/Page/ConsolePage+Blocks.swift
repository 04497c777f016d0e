extension ConsolePage {
  /// Blocks, in which the program tells what happens: records of messages and of events, in their order.
  static let blocks = #"""
    const RECORD_HEAD = 44;
    const marksByBit = ["truncated", "incomplete", "unexpected", "cut"];
    const messageAt = (view, place) => {
      const { buffer } = view;
      const sourceSize = view.getUint8(place + 3);
      const size = view.getUint32(place + 12, true);
      const textSize = view.getUint32(place + 16, true);
      const textAt = place + RECORD_HEAD + size;
      const sourceAt = textAt + (textSize === OWN_TEXT ? 0 : textSize);
      const bits = view.getUint8(place + 1);
      return {
        event: view.getUint8(place) === 2 ? "sent" : "received",
        session: `s${view.getUint32(place + 4, true)}`,
        peer: view.getUint32(place + 8, true),
        time: view.getFloat64(place + 20, true),
        n: view.getFloat64(place + 28, true),
        bytes: view.getFloat64(place + 36, true),
        data: new Uint8Array(buffer, place + RECORD_HEAD, size),
        text: textSize === OWN_TEXT ? null : new Uint8Array(buffer, textAt, textSize),
        origin: sources[view.getUint8(place + 2)] ?? null,
        marks: bits === 0 ? null : marksByBit.filter((_, bit) => bits & (1 << bit)),
        source: sourceSize === 0 ? null : utf8.decode(new Uint8Array(buffer, sourceAt, sourceSize)),
        end: sourceAt + sourceSize,
      };
    };
    const takeBlock = (buffer) => {
      const view = new DataView(buffer);
      for (let place = 0; place < buffer.byteLength;) {
        if (view.getUint8(place) === 0) {
          const size = view.getUint32(place + 4, true);
          takeEvent(JSON.parse(utf8.decode(new Uint8Array(buffer, place + 8, size))));
          place += 8 + size;
        } else {
          const message = messageAt(view, place);
          takeEvent(message);
          place = message.end;
        }
      }
    };
    /// A message as JSON has it, which is told so until blocks have been asked for.
    const messageOfJSON = (event) => ({
      ...event, data: bytesOfBase64(event.data), text: encoder.encode(event.text), origin: event.direction ?? event.by ?? null,
    });

    """#
}
