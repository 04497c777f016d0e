extension ConsolePage {
  /// Plots of the last two minutes, on a canvas.
  static let plots = #"""
    const PLOT_SECONDS = 120;
    /// Draws lines of `{ time, value }`, each in the colour of an element of the page: a style sheet may choose by theme,
    /// a canvas has to be told.
    const plot = (canvas, lines, text, smallest) => {
      const width = canvas.clientWidth;
      if (width === 0) return;
      const height = canvas.clientHeight;
      Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
      const pen = canvas.getContext("2d");
      pen.scale(devicePixelRatio, devicePixelRatio);
      const now = Math.max(Date.now(), ...lines.map(({ points }) => points.at(-1)?.time ?? 0));
      const seen = lines.flatMap(({ points }) => points).filter(({ time }) => now - time < PLOT_SECONDS * 1000);
      const top = Math.max(smallest, ...seen.map(({ value }) => value));
      const x = (time) => width - ((now - time) / 1000 / PLOT_SECONDS) * width;
      const y = (value) => height - 16 - (value / top) * (height - 32);
      pen.font = "11px system-ui, sans-serif";
      pen.fillStyle = pen.strokeStyle = getComputedStyle(canvas).color;
      for (const value of [0, top / 2, top]) {
        pen.globalAlpha = 0.35;
        pen.strokeRect(0, Math.round(y(value)) + 0.5, width, 0);
        pen.globalAlpha = 1;
        pen.fillText(text(value), 2, y(value) - 3);
      }
      pen.fillText(`−${PLOT_SECONDS} s`, 2, height - 3);
      for (const { points, like } of lines) {
        pen.strokeStyle = getComputedStyle(element(like)).color;
        pen.lineWidth = 1.6;
        pen.beginPath();
        for (const { time, value } of points) pen.lineTo(x(time), y(value));
        pen.stroke();
      }
    };

    """#
}
