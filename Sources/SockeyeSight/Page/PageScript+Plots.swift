extension PageScript {
  /// What is plotted: sequence numbers in tcptrace's manner, throughput, congestion window, round trips, flight.
  static let plots = #"""
    const plots = (() => {
      const unit = {
        bytes: { text: size, base: 2, fromZero: true }, sequence: { text: size, base: 2, fromZero: false },
        rate: { text: rate, base: 10, fromZero: true }, time: { text: briefTime, base: 10, fromZero: true },
      };
      const sentBytes = [0, 0];
      for (let segment = 0; segment < count; segment += 1) sentBytes[from(segment)] += data.lengths[segment];
      let sender = sentBytes[1] > sentBytes[0] ? 1 : 0;

      /// What the sender's data and what it heard look like from its place, for each end once.
      const traces = [null, null];
      const trace = () => {
        if (traces[sender]) return traces[sender];
        const sent = { times: [], lows: [], values: [] }, again = { times: [], lows: [], values: [] };
        const lost = { times: [], lows: [], values: [] };
        const heard = [];
        for (let segment = 0; segment < count; segment += 1) {
          if (from(segment) !== sender) {
            if (data.arrivals[segment] >= 0 && data.acknowledgments[segment] >= 0) heard.push(segment);
            continue;
          }
          const length = sequenceLength(segment);
          if (length === 0 || data.sequences[segment] < 0) continue;
          const series = isDropped(segment) ? lost : sentAgain[segment] ? again : sent;
          series.times.push(data.sent[segment]);
          series.lows.push(data.sequences[segment]);
          series.values.push(data.sequences[segment] + length);
        }
        heard.sort((a, b) => data.arrivals[a] - data.arrivals[b]);
        const times = heard.map((segment) => data.arrivals[segment]);
        let highest = 0, edge = 0;
        const acknowledged = heard.map((segment) => (highest = Math.max(highest, data.acknowledgments[segment])));
        const edges = heard.map((segment) => (edge = Math.max(edge, data.acknowledgments[segment] + windowOf(segment))));
        return (traces[sender] = {
          sent, again, lost, acknowledged: { times, values: acknowledged }, edge: { times, values: edges },
          window: { times, values: heard.map(windowOf) },
        });
      };
      const flights = [null, null];
      const flight = () => {
        if (flights[sender]) return flights[sender];
        const times = [], values = [];
        let next = -1, acknowledged = -1;
        for (let row = 0; row < rowCount; row += 1) {
          const segment = rowSegment(row), kind = rowKind(row);
          if (segment < 0) continue;
          if (from(segment) === sender && kind !== 3 && data.sequences[segment] >= 0) {
            if (next < 0) next = acknowledged = data.sequences[segment];
            next = Math.max(next, data.sequences[segment] + sequenceLength(segment));
            times.push(data.sent[segment]);
          } else if (from(segment) !== sender && kind !== 2 && next >= 0 && data.acknowledgments[segment] >= 0) {
            acknowledged = Math.max(acknowledged, Math.min(data.acknowledgments[segment], next));
            times.push(data.arrivals[segment]);
          } else continue;
          values.push(next - acknowledged);
        }
        return (flights[sender] = { times, values });
      };
      const gauge = (name) => ({ times: data.gauges[sender].time, values: data.gauges[sender][name] });
      const hasGauges = () => data.gauges[sender].time.length > 0;

      /// Bits a second in equal stretches of what is in sight.
      const throughput = ({ times, values, lows }, isProgress) => {
        const bins = 80, wide = (range.end - range.start) / bins;
        const sums = new Float64Array(bins);
        let before = 0;
        times.forEach((moment, index) => {
          const bytes = isProgress ? Math.max(values[index] - before, 0) : values[index] - lows[index];
          if (isProgress) before = Math.max(before, values[index]);
          const bin = Math.floor((moment - range.start) / wide);
          if (bin >= 0 && bin < bins) sums[bin] += bytes;
        });
        return {
          times: Array.from(sums, (_, bin) => range.start + bin * wide),
          values: Array.from(sums, (bytes) => (bytes * 8e9) / wide),
        };
      };

      const all = [
        makePlot("timeSequence", unit.sequence, () => [
          { name: "windowEdge", kind: "step", line: "third", isGuide: true, ...trace().edge },
          { name: "acknowledged", kind: "step", line: "second", ...trace().acknowledged },
          { name: "sent", kind: "bar", line: "first fill", ...trace().sent },
          { name: "sentAgain", kind: "bar", line: "warn", ...trace().again },
          { name: "lost", kind: "bar", line: "bad", ...trace().lost },
        ]),
        makePlot("throughput", unit.rate, () => [
          { name: "sent", kind: "step", line: "first", ...throughput(trace().sent, false) },
          { name: "acknowledged", kind: "step", line: "second", ...throughput(trace().acknowledged, true) },
        ]),
        makePlot("congestion", unit.bytes, () => hasGauges() ? [
          { name: "congestionWindow", kind: "step", line: "first", ...gauge("congestionWindow") },
          { name: "slowStartThreshold", kind: "step", line: "warn", ...gauge("slowStartThreshold") },
        ] : []),
        makePlot("roundTrips", unit.time, () => [
          {
            name: "measured", kind: "point", line: "second dots",
            times: data.trips[sender].filter((_, index) => index % 2 === 0),
            values: data.trips[sender].filter((_, index) => index % 2 === 1),
          },
          ...(hasGauges() ? [
            { name: "smoothed", kind: "step", line: "first", ...gauge("smoothed") },
            { name: "retransmissionTimeout", kind: "step", line: "bad", ...gauge("timeout") },
          ] : []),
        ]),
        makePlot("flight", unit.bytes, () => [
          { name: "inFlight", kind: "step", line: "first", ...flight() },
          { name: "receiverWindow", kind: "step", line: "third", isGuide: true, ...trace().window },
          ...(hasGauges() ? [{ name: "congestionWindow", kind: "step", line: "warn", ...gauge("congestionWindow") }] : []),
        ]),
      ];
      const show = () => all.forEach((plot) => plot.show());
      /// Shows so many times as long a stretch, about the cursor.
      const zoom = (times) => {
        const middle = rowCount ? rowTime[view.cursor] : 0;
        const half = Math.max(((range.end - range.start) * times) / 2, 500);
        range.start = Math.max(middle - half, whole[0]);
        range.end = Math.min(Math.max(middle + half, range.start + 1000), Math.max(whole[1], range.start + 1000));
        if (times === 0) [range.start, range.end] = whole;
        show();
      };
      const choice = make("select", { "data-label": "plotsOf", onchange: (event) => { sender = Number(event.target.value); show(); } },
        data.names.map((name, end) => make("option", { value: end, selected: end === sender }, name)));
      const buttons = [["zoomIn", "+", 0.5], ["zoomOut", "−", 2], ["zoomWhole", "⤢", 0]].map(([name, text, times]) =>
        make("button", { type: "button", "data-label": name, onclick: () => zoom(times) }, text));
      const element = section("plots", make("div", { class: "switches" }, choice, buttons), all.map((plot) => plot.element));
      return { element, show, zoom, follow: () => all.forEach((plot) => plot.follow()) };
    })();

    """#
}
