extension PageScript {
  /// What TCP_INFO would say at the cursor, from segments, and from the engine where it told its gauges.
  static let information = #"""
    const information = (() => {
      const body = make("tbody", {});
      const head = make("thead", {});
      const element = section("information", make("p", { class: "quiet", "data-word": "informationNote" }), make("div", { class: "facts", tabindex: "0", "data-label": "information" }, make("table", {}, head, body)));

      const fresh = () => [0, 1].map(() => ({
        segmentsOut: 0, segmentsIn: 0, dataOut: 0, dataIn: 0, bytesSent: 0, again: 0, bytesAgain: 0, next: -1,
        acknowledged: -1, received: -1, duplicates: 0, peerWindow: -1, ownWindow: -1, sentAt: -1, heardAt: -1, opening: -1,
      }));
      let reached = -1, ends = fresh();
      const departs = (segment) => {
        const own = ends[from(segment)];
        own.segmentsOut += 1;
        own.ownWindow = windowOf(segment);
        if (hasFlag(segment, "SYN")) own.opening = segment;
        if (data.acknowledgments[segment] >= 0) own.received = Math.max(own.received, data.acknowledgments[segment]);
        if (data.lengths[segment] > 0) {
          own.dataOut += 1;
          own.bytesSent += data.lengths[segment];
          own.sentAt = data.sent[segment];
        }
        if (sentAgain[segment]) { own.again += 1; own.bytesAgain += data.lengths[segment]; }
        if (data.sequences[segment] < 0) return;
        if (own.next < 0) own.next = own.acknowledged = data.sequences[segment];
        own.next = Math.max(own.next, data.sequences[segment] + sequenceLength(segment));
      };
      const arrives = (segment) => {
        const own = ends[1 - from(segment)];
        own.segmentsIn += 1;
        own.peerWindow = windowOf(segment);
        own.heardAt = data.arrivals[segment];
        if (data.lengths[segment] > 0) own.dataIn += 1;
        if (data.acknowledgments[segment] >= 0) own.acknowledged = Math.max(own.acknowledged, Math.min(data.acknowledgments[segment], own.next));
      };
      /// Counts up to the cursor; going on costs only what is new.
      const count = () => {
        if (view.cursor < reached) [reached, ends] = [-1, fresh()];
        while (reached < view.cursor) {
          reached += 1;
          const segment = rowSegment(reached), kind = rowKind(reached);
          if (kind === 1 || kind === 2) departs(segment);
          if (kind === 1 || kind === 3) arrives(segment);
        }
      };
      const synOption = (end, kind, offset) => {
        const segment = ends[end].opening;
        const option = segment < 0 ? undefined : optionsOf(segment).find((option) => option.kind === kind);
        return option ? (offset ? header(segment).subarray(option.offset + offset) : true) : undefined;
      };
      const gauge = (end, name) => {
        const gauges = data.gauges[end];
        const moment = rowKind(view.cursor) === 1 ? Math.max(rowTime[view.cursor], data.arrivals[rowSegment(view.cursor)]) : rowTime[view.cursor];
        const place = after(gauges.time, moment) - 1;
        return place < 0 ? undefined : gauges[name][place];
      };
      const known = (value, text) => (value === undefined || value < 0 ? "–" : text(value));
      const gaugeText = (name, text) => (end) => known(gauge(end, name), text);
      const trip = (end) => {
        const moments = data.trips[end];
        let least = -1;
        for (let index = 0; index < moments.length && moments[index] <= rowTime[view.cursor]; index += 2) {
          if (least < 0 || moments[index + 1] < least) least = moments[index + 1];
        }
        return least;
      };
      const negotiated = (end) => {
        if (ends[0].opening < 0 || ends[1].opening < 0) return "–";
        const both = (kind) => synOption(0, kind) && synOption(1, kind);
        const names = [[8, "timestamps"], [4, "sack"], [3, "wscale"]].filter(([kind]) => both(kind)).map(([, name]) => name);
        return names.join(" ") || "–";
      };
      const shift = (end) => {
        const bytes = synOption(end, 3, 2);
        return bytes ? String(bytes[0]) : "–";
      };
      const number = (name) => (end) => String(ends[end][name]);
      const bytes = (name) => (end) => known(ends[end][name], size);
      const recovery = ["open", "disorder", "CWR", "recovery", "loss"];
      const rows = [
        ["tcpi_state", (end) => data.states[rowStates[end][view.cursor]]],
        ["tcpi_ca_state", gaugeText("recovery", (value) => recovery[value] ?? String(value))],
        ["tcpi_options", negotiated],
        ["tcpi_rcv_wscale", shift],
        ["tcpi_snd_mss", (end) => { const value = synOption(1 - end, 2, 2); return value ? String(load16(value, 0)) : "–"; }],
        ["tcpi_rto", gaugeText("timeout", time)],
        ["tcpi_backoff", gaugeText("backoff", String)],
        ["tcpi_rtt", gaugeText("smoothed", time)],
        ["tcpi_rttvar", gaugeText("variation", time)],
        ["tcpi_min_rtt", (end) => known(trip(end), time)],
        ["tcpi_snd_cwnd", gaugeText("congestionWindow", size)],
        ["tcpi_snd_ssthresh", gaugeText("slowStartThreshold", size)],
        ["tcpi_unacked", (end) => (ends[end].next < 0 ? "–" : size(ends[end].next - ends[end].acknowledged))],
        ["tcpi_sacked", gaugeText("selectivelyAcknowledged", size)],
        ["tcpi_lost", gaugeText("lost", size)],
        ["tcpi_notsent_bytes", gaugeText("notSent", size)],
        ["tcpi_snd_wnd", bytes("peerWindow")],
        ["tcpi_rcv_wnd", bytes("ownWindow")],
        ["tcpi_pacing_rate", gaugeText("pacing", (value) => (value ? rate(value * 8) : "–"))],
        ["tcpi_delivery_rate", gaugeText("delivery", (value) => (value ? rate(value * 8) : "–"))],
        ["tcpi_segs_out", number("segmentsOut")],
        ["tcpi_segs_in", number("segmentsIn")],
        ["tcpi_data_segs_out", number("dataOut")],
        ["tcpi_data_segs_in", number("dataIn")],
        ["tcpi_bytes_sent", (end) => String(ends[end].bytesSent)],
        ["tcpi_bytes_retrans", (end) => String(ends[end].bytesAgain)],
        ["tcpi_bytes_acked", (end) => String(Math.max(ends[end].acknowledged, 0))],
        ["tcpi_bytes_received", (end) => String(Math.max(ends[end].received, 0))],
        ["tcpi_total_retrans", number("again")],
        ["tcpi_last_data_sent", (end) => known(ends[end].sentAt < 0 ? -1 : rowTime[view.cursor] - ends[end].sentAt, time)],
        ["tcpi_last_ack_recv", (end) => known(ends[end].heardAt < 0 ? -1 : Math.max(rowTime[view.cursor] - ends[end].heardAt, 0), time)],
      ];
      const show = () => {
        count();
        head.replaceChildren(make("tr", {}, make("th", { scope: "col" }, word("field")),
          data.names.map((name) => make("th", { scope: "col" }, make("bdi", {}, name)))));
        body.replaceChildren(...rows.map(([name, text]) => make("tr", {},
          make("th", { scope: "row" }, name.slice(5), make("small", {}, word(name))),
          make("td", {}, text(0)), make("td", {}, text(1)))));
      };
      return { element, show };
    })();

    """#
}
