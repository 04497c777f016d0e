extension ConsolePage {
  /// How much goes each way.
  static let rates = #"""
    const LONGEST_RATES = 600;
    const countRate = (session, event) => {
      session.rates.push({ time: event.time, received: event.received.bytes, sent: event.sent.bytes });
      if (session.rates.length > LONGEST_RATES) session.rates.shift();
      if (session === current) showRatesSoon();
    };
    const rateText = (value) => `${sizeText(Math.round(value))}/s`;
    /// Bytes a second between two counts, at the time of the later. Where nothing moved nothing is counted: from a second
    /// after the last count on, the rate is nought.
    const ratesOf = (counts, side, now) => {
      const points = [];
      counts.slice(1).forEach((count, index) => {
        const before = counts[index];
        const isFresh = count.time - before.time < 2500;
        if (!isFresh) points.push({ time: before.time + 1000, value: 0 }, { time: count.time - 1000, value: 0 });
        const milliseconds = isFresh ? Math.max(1, count.time - before.time) : 1000;
        points.push({ time: count.time, value: Math.max(0, (1000 * (count[side] - before[side])) / milliseconds) });
      });
      const last = points.at(-1);
      if (last && now - last.time > 2500) points.push({ time: last.time + 1000, value: 0 }, { time: now, value: 0 });
      return points;
    };
    const showRates = () => {
      if (!current) return;
      const now = Date.now();
      const [received, sent] = ["received", "sent"].map((side) => ratesOf(current.rates, side, now));
      plot(element("rates"), [{ points: received, like: "count-in" }, { points: sent, like: "count-out" }], rateText, 1024);
      setText(element("rate-text"), `↓ ${rateText(received.at(-1)?.value ?? 0)}  ↑ ${rateText(sent.at(-1)?.value ?? 0)}`);
    };
    const showRatesSoon = eachFrame(() => showRates());
    const startRates = () => {
      new ResizeObserver(() => showRates()).observe(element("rates"));
      setInterval(() => current?.rates.length > 0 && showRates(), 2000);
    };

    """#
}
