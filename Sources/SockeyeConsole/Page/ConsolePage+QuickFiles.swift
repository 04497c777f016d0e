extension ConsolePage {
  /// Quick messages in the files of the programs that people come from: SSCOM, Packet Sender, tables, and JSON.
  static let quickFiles = #"""
    const MOST_QUICK = 2000;
    const LONGEST_QUICK = 65_536;
    /// A number of milliseconds, bytes or an order, within a day's.
    const whole = (value, otherwise) =>
      (Number.isFinite(Number(value)) ? Math.min(86_400_000, Math.max(0, Math.trunc(Number(value)))) : otherwise);
    /// What an import gives is taken member by member, so that nothing else in it counts.
    const cleanQuick = (row) => {
      if (typeof row !== "object" || row === null || typeof row.text !== "string") return null;
      const result = newQuick({ form: row.form === "hex" ? "hex" : "text", text: row.text.slice(0, LONGEST_QUICK) });
      for (const name of ["name", "key", "group"]) if (typeof row[name] === "string") result[name] = row[name].slice(0, 64);
      for (const name of ["order", "delay"]) result[name] = whole(row[name], result[name]);
      for (const name of ["escapes", "variables"]) if (typeof row[name] === "boolean") result[name] = row[name];
      if (["none", "cr", "lf", "crlf"].includes(row.ending)) result.ending = row.ending;
      if (typeof row.check?.algorithm === "string") {
        result.check = {
          algorithm: row.check.algorithm.slice(0, 40), from: whole(row.check.from, 0), end: whole(row.check.end, 0),
          order: row.check.order === "little" ? "little" : "big",
        };
      }
      return result;
    };
    /// The program reads and writes the files of others, and this page its own.
    const importQuick = async (bytes, name) => {
      const text = new TextDecoder("utf-8").decode(bytes);
      const isJSON = /^\s*[[{]\s*["{\]]/.test(text);
      const rows = isJSON ? JSON.parse(text) : (await ask("import", { data: base64OfBytes(bytes) })).messages;
      const found = (Array.isArray(rows) ? rows : rows?.quick ?? []).slice(0, MOST_QUICK).map(cleanQuick).filter(Boolean);
      view.quick.push(...found);
      view.group = found[0]?.group ?? view.group;
      showQuick();
      saveSoon();
      say(word("imported", found.length, name), found.length === 0);
    };
    const exportQuick = async (kind) => {
      const rows = quickRows();
      if (kind === "json") {
        download("quick.json", [JSON.stringify({ quick: rows }, null, 2)], "application/json");
        return;
      }
      const messages = rows.map((row) => ({
        ...quickMessage(row), name: row.name, key: row.key, group: row.group, order: whole(row.order, 0), delay: whole(row.delay, 1000),
      }));
      const { file, data } = await ask("export", { kind, messages });
      download(file, [bytesOfBase64(data)], "application/octet-stream");
    };

    """#
}
