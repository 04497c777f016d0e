extension PageScript {
  /// Reads the data, and answers what is asked of it.
  static let model = #"""
    const data = JSON.parse(document.getElementById("data").textContent);
    const count = data.sent.length;
    const rowCount = data.rows.length;
    const view = { language: data.language === "zh" ? 1 : 0, absolute: data.absolute === 1, cursor: 0, pointed: -1 };

    /// A word of the page in the language that is shown; {0} and {1} stand for values.
    const word = (key, ...values) => data.words[key][view.language].replace(/\{(\d)\}/g, (_, place) => values[place]);

    // Columns: times in nanoseconds; -1 is unknown or never.
    const headers = (() => {
      const text = atob(data.headers);
      const bytes = new Uint8Array(text.length);
      for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
      return bytes;
    })();
    const headerStart = new Uint32Array(count + 1);
    for (let index = 0; index < count; index += 1) {
      headerStart[index + 1] = headerStart[index] + (headers[headerStart[index] + 12] >> 4) * 4;
    }
    const from = (segment) => data.origins[segment] & 1;
    const fate = (segment) => data.origins[segment] >> 1;
    const isDropped = (segment) => fate(segment) >= 3;
    const header = (segment) => headers.subarray(headerStart[segment], headerStart[segment + 1]);
    const load16 = (bytes, offset) => bytes[offset] * 256 + bytes[offset + 1];
    const load32 = (bytes, offset) => load16(bytes, offset) * 65536 + load16(bytes, offset + 2);
    const flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 };
    const flagsOf = (segment) => headers[headerStart[segment] + 13];
    const hasFlag = (segment, name) => (flagsOf(segment) & flag[name]) !== 0;
    const flagNames = (segment) =>
      ["SYN", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "ACK"].filter((name) => hasFlag(segment, name));
    const sequenceLength = (segment) =>
      data.lengths[segment] + (hasFlag(segment, "SYN") ? 1 : 0) + (hasFlag(segment, "FIN") ? 1 : 0);
    const windowOf = (segment) =>
      data.windows[segment] >= 0 ? data.windows[segment] : load16(header(segment), 14);

    // Rows: what each shows, when it happened, and the states of both ends after it.
    const rowKind = (row) => data.rows[row] % 4;
    const rowSegment = (row) => (rowKind(row) === 0 ? -1 : Math.floor(data.rows[row] / 4));
    const rowTime = new Float64Array(rowCount);
    const rowStates = [new Uint8Array(rowCount), new Uint8Array(rowCount)];
    const rowChanged = new Uint8Array(rowCount);
    const departure = new Int32Array(count).fill(-1);
    const arrival = new Int32Array(count).fill(-1);
    (() => {
      const states = [...data.initial];
      let change = 0;
      for (let row = 0; row < rowCount; row += 1) {
        const kind = rowKind(row), segment = rowSegment(row);
        rowTime[row] = kind === 3 ? data.arrivals[segment] : kind === 0 ? 0 : data.sent[segment];
        if (kind === 1 || kind === 2) departure[segment] = row;
        if (kind === 1 || kind === 3) arrival[segment] = row;
        if (change < data.changes.length && data.changes[change] === row) {
          if (kind === 0) rowTime[row] = data.changes[change + 1];
          [states[0], states[1]] = [data.changes[change + 2], data.changes[change + 3]];
          rowChanged[row] = data.changes[change + 4];
          change += 5;
        }
        rowStates[0][row] = states[0];
        rowStates[1][row] = states[1];
      }
    })();
    // The furthest row at which any segment sent up to a row arrives: where to begin to look for lines that cross a row.
    const reach = new Int32Array(rowCount);
    for (let row = 0; row < rowCount; row += 1) {
      const segment = rowSegment(row);
      const end = segment < 0 || rowKind(row) === 3 ? row : Math.max(row, arrival[segment]);
      reach[row] = Math.max(end, row > 0 ? reach[row - 1] : 0);
    }
    const findings = new Map();
    const sentAgain = new Uint8Array(count);
    for (let index = 0; index < data.findings.length; index += 2) {
      const [segment, phrase] = [data.findings[index], data.phrases[data.findings[index + 1]]];
      findings.set(segment, [...(findings.get(segment) ?? []), phrase[1]]);
      if (phrase[0].endsWith("retransmission")) sentAgain[segment] = 1;
    }
    const notes = (segment) => {
      const phrases = [...(findings.get(segment) ?? [])];
      if (fate(segment) > 0) phrases.push(data.fates[fate(segment)]);
      return phrases.map((phrase) => phrase[view.language]);
    };

    /// The first place in a sorted column whose value is greater.
    const after = (column, value) => {
      let [low, high] = [0, column.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (column[middle] <= value) low = middle + 1; else high = middle;
      }
      return low;
    };

    // Texts.
    const time = (nanoseconds) => {
      const magnitude = Math.abs(nanoseconds);
      if (magnitude >= 10e9) return `${(nanoseconds / 1e9).toFixed(3)} s`;
      return `${(nanoseconds / 1e6).toFixed(3)} ms`;
    };
    const amount = (value, units, base) => {
      let place = 0;
      while (Math.abs(value) >= base && place < units.length - 1) { value /= base; place += 1; }
      return `${Number(value.toPrecision(Math.abs(value) >= 1000 ? 4 : 3))} ${units[place]}`;
    };
    const briefTime = (value) => amount(value, ["ns", "µs", "ms", "s"], 1000);
    const size = (value) => amount(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
    const rate = (value) => amount(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"], 1000);
    const sequenceText = (segment) =>
      view.absolute || data.sequences[segment] < 0 ? load32(header(segment), 4) : data.sequences[segment];
    const acknowledgmentText = (segment) =>
      view.absolute || data.acknowledgments[segment] < 0 ? load32(header(segment), 8) : data.acknowledgments[segment];
    /// A number of the peer's stream, such as a SACK block's edge, counted as the acknowledgment beside it is.
    const edgeText = (segment, edge) => {
      if (view.absolute || data.acknowledgments[segment] < 0) return edge;
      return data.acknowledgments[segment] + ((edge - load32(header(segment), 8)) | 0);
    };
    const label = (segment) => {
      const flags = flagNames(segment);
      const parts = [flags.length ? flags.join(",") : "-", `seq=${sequenceText(segment)}`];
      if (hasFlag(segment, "ACK")) parts.push(`ack=${acknowledgmentText(segment)}`);
      if (data.lengths[segment] > 0) parts.push(`len=${data.lengths[segment]}`);
      parts.push(`win=${windowOf(segment)}`);
      return [...parts, ...optionTexts(segment)].join(" ");
    };
    const rowText = (row) => {
      const segment = rowSegment(row), kind = rowKind(row);
      const states = [0, 1].map((end) => `${data.names[end]} ${data.states[rowStates[end][row]]}`).join(", ");
      if (segment < 0) return `${time(rowTime[row])}: ${states}`;
      const verb = word(kind === 3 ? "arrives" : "sends", data.names[from(segment)]);
      return `${time(rowTime[row])}: ${verb} ${label(segment)}; ${[...notes(segment), states].join("; ")}`;
    };

    """#
}
