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
    /// SSCOM: N1=order,name,delay and N101=A or H,message, in GBK.
    const readSSCOM = (lines) => {
      const rows = new Map();
      const row = (number) => rows.get(number) ?? rows.set(number, { form: "text", text: "" }).get(number);
      for (const line of lines) {
        const [, digits, value] = /^N(\d{1,4})=(.*)$/.exec(line) ?? [];
        const parts = value?.split(",") ?? [];
        const number = Number(digits);
        if (parts.length < 2) continue;
        if (number > 100 && (parts[0] === "A" || parts[0] === "H")) {
          Object.assign(row(number - 100), { form: parts[0] === "H" ? "hex" : "text", text: parts.slice(1).join(",") });
        } else if (number <= 100 && parts.length >= 3) {
          Object.assign(row(number), { order: parts[0], name: parts.slice(1, -1).join(","), delay: parts.at(-1) });
        }
      }
      return [...rows.values()].filter(({ text }) => text !== "");
    };
    /// Packet Sender: a section for each packet, whose bytes are its `hexString`.
    const readPacketSender = (lines) => {
      const rows = [];
      for (const line of lines) {
        const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
        if (line.startsWith("[")) rows.push({ form: "hex", text: "" });
        else if (rows.length === 0) continue;
        else if (name === "hexString") rows.at(-1).text = value.replace(/^"|"$/g, "");
        else if (name === "name") rows.at(-1).name = value.replace(/^"|"$/g, "");
      }
      return rows.filter(({ text }) => text !== "");
    };
    /// A table with a heading: RFC 4180's quoted fields, after a comma, semicolon or tab.
    const readTable = (text) => {
      const separator = [",", ";", "\t"].find((each) => text.split("\n", 1)[0].includes(each)) ?? ",";
      const records = [[""]];
      let isQuoted = false;
      for (let at = 0; at < text.length; at += 1) {
        const letter = text[at];
        const record = records.at(-1);
        if (isQuoted && letter === "\"" && text[at + 1] === "\"") record[record.length - 1] += text[at += 1];
        else if (letter === "\"" && (isQuoted || record.at(-1) === "")) isQuoted = !isQuoted;
        else if (isQuoted) record[record.length - 1] += letter;
        else if (letter === separator) record.push("");
        else if (letter === "\n") records.push([""]);
        else if (letter !== "\r") record[record.length - 1] += letter;
      }
      const heading = records.shift().map((name) => name.trim().toLowerCase());
      const at = (record, ...names) => names.map((name) => record[heading.indexOf(name)]).find((value) => value !== undefined);
      return records.filter((record) => record.some((value) => value !== "")).map((record) => ({
        form: /^(1|true|yes|hex|h)$/i.test(at(record, "hex", "form") ?? "") ? "hex" : "text",
        text: at(record, "text", "message", "data") ?? "", name: at(record, "name"), order: at(record, "order"),
        delay: at(record, "delay"), key: at(record, "key"), group: at(record, "group"), ending: at(record, "ending"),
      }));
    };
    const decodeFile = (bytes) => {
      try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        return new TextDecoder("gb18030").decode(bytes);
      }
    };
    const importQuick = (bytes, name) => {
      const text = decodeFile(bytes);
      const lines = text.split(/\r?\n/);
      let rows = null;
      if (/^\s*[[{]\s*["{\]]/.test(text)) rows = JSON.parse(text);
      else if (lines.some((line) => line.startsWith("hexString="))) rows = readPacketSender(lines);
      else if (lines.some((line) => /^N1\d\d=[AH],/.test(line))) rows = readSSCOM(lines);
      else rows = readTable(text);
      const found = (Array.isArray(rows) ? rows : rows?.quick ?? []).slice(0, MOST_QUICK).map(cleanQuick).filter(Boolean);
      view.quick.push(...found);
      view.group = found[0]?.group ?? view.group;
      showQuick();
      saveSoon();
      say(word("imported", found.length, name), found.length === 0);
    };

    const quoted = (value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll("\"", "\"\"")}"` : String(value ?? ""));
    const hexOfQuick = async (row) => (await ask("preview", { message: quickMessage(row) })).hex.replace(/\s/g, "");
    const quickWriters = {
      json: async (rows) => ["quick.json", JSON.stringify({ quick: rows }, null, 2)],
      csv: async (rows) => {
        const names = ["hex", "text", "name", "order", "delay", "key", "group", "ending"];
        const lines = rows.map((row) => names.map((name) => quoted(name === "hex" ? Number(row.form === "hex") : row[name] ?? "")).join(","));
        return ["quick.csv", `${names.join(",")}\r\n${lines.join("\r\n")}\r\n`];
      },
      /// SSCOM reads GBK, which browsers can't write; the program can.
      sscom: async (rows) => {
        const lines = rows.slice(0, 99).flatMap((row, index) => [
          `N${101 + index}=${row.form === "hex" ? "H" : "A"},${row.text.replace(/\r?\n/g, " ")}`,
          `N${1 + index}=${row.order ?? 0},${(row.name || "-").replace(/\r?\n/g, " ")},${row.delay ?? 1000}`,
        ]);
        const { text } = await ask("convert", { text: `${lines.join("\r\n")}\r\n`, from: "text", to: "hex", encoding: "gbk" });
        return ["sscom51.ini", bytesOfHex(text.replace(/\s/g, ""))];
      },
      packetsender: async (rows) => {
        const sections = await Promise.all(rows.map(async (row, index) => {
          const hex = (await hexOfQuick(row)).match(/../g)?.join(" ") ?? "";
          const name = row.name || `${index + 1}`;
          const rest = "port=0\nrepeat=0\nsendResponse=0\ntcpOrUdp=TCP\ntoIP=127.0.0.1\n";
          return `[${encodeURIComponent(name)}]\nfromIP=\nfromPort=0\nhexString=${hex}\nname=${name}\n${rest}`;
        }));
        return ["packets.ini", sections.join("\n")];
      },
    };
    const exportQuick = async (form) => {
      const [name, content] = await quickWriters[form](quickRows());
      download(name, [content], "application/octet-stream");
    };

    """#
}
