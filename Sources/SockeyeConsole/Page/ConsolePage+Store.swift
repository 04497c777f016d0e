extension ConsolePage {
  /// The last messages of a session: numbers in typed arrays; bytes, text and all else that may be long in chunks. So what
  /// they cost is known to the byte, and bounded for all sessions together.
  static let store = #"""
    const RECEIVED = 0;
    const SENT = 1;
    const NOTICE = 2;
    const SMALLEST_CHUNK = 1 << 14;
    const LARGEST_CHUNK = 1 << 18;
    const SMALLEST_INDEX = 1024;
    /// What the messages of all sessions cost at most, in bytes, with the chunks' empty ends and the indices.
    const LARGEST_STORES = 192 << 20;
    /// The text is the bytes, read as UTF-8.
    const OWN_TEXT = 0xffffffff;
    /// What is said of messages so often that a number stands for it; what else is said is kept among the bytes.
    const sources = [null, "up", "down", "user", "rule", "cycle", "heartbeat", "opened", "closed", "failed", "notice"];
    const OTHER_SOURCE = 255;
    const columns = {
      times: Float64Array,
      peers: Float64Array,
      kinds: Uint8Array,
      /// How long each is in all: of a very long one the program tells the beginning.
      wholes: Float64Array,
      chunkOf: Uint32Array,
      offsets: Uint32Array,
      sizes: Uint32Array,
      textSizes: Uint32Array,
      sourceCodes: Uint8Array,
      sourceSizes: Uint16Array,
    };
    const SLOT_BYTES = Object.values(columns).reduce((sum, { BYTES_PER_ELEMENT }) => sum + BYTES_PER_ELEMENT, 0);
    const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
    const encoder = new TextEncoder();
    const nothing = new Uint8Array(0);

    /// A ring of messages. Each has a number, which counts up for ever; `first` is the oldest that is kept, `end` the
    /// next to come.
    class MessageStore {
      constructor(limit) {
        this.limit = limit;
        this.first = 0;
        this.end = 0;
        this.capacity = 0;
        /// What it costs, in bytes.
        this.stored = 0;
        this.allocate(Math.min(SMALLEST_INDEX, limit));
        this.chunks = new Map();
        this.lastChunk = -1;
        this.room = 0;
        this.place = 0;
      }

      /// Gives the index another size, at least as large as there are messages.
      allocate(capacity) {
        const old = { ...this };
        this.capacity = capacity;
        this.stored += (capacity - old.capacity) * SLOT_BYTES;
        for (const [name, Column] of Object.entries(columns)) this[name] = new Column(capacity);
        // In runs that are contiguous in both rings, at most three of them.
        for (let number = this.first; number < this.end;) {
          const from = number % old.capacity;
          const to = number % capacity;
          const length = Math.min(this.end - number, old.capacity - from, capacity - to);
          for (const name of Object.keys(columns)) this[name].set(old[name].subarray(from, from + length), to);
          number += length;
        }
      }

      setLimit(limit) {
        this.limit = limit;
        while (this.end - this.first > limit) this.dropFirst();
      }

      /// Takes a message in, at the price of the oldest. Its text is UTF-8, or null where the bytes are that already.
      append(kind, time, peer, bytes, text, whole, source) {
        const before = this.stored;
        if (this.end - this.first >= this.limit) this.dropFirst();
        if (this.end - this.first === this.capacity) this.allocate(Math.min(this.capacity * 2, Math.max(this.limit, SMALLEST_INDEX)));
        const slot = this.end % this.capacity;
        const code = sources.indexOf(source ?? null);
        const said = code < 0 ? encoder.encode(source).subarray(0, 0xffff) : nothing;
        this.times[slot] = time;
        this.peers[slot] = peer ?? 0;
        this.kinds[slot] = kind;
        this.wholes[slot] = whole ?? bytes.length;
        this.sizes[slot] = bytes.length;
        this.textSizes[slot] = text === null ? OWN_TEXT : text.length;
        this.sourceCodes[slot] = code < 0 ? OTHER_SOURCE : code;
        this.sourceSizes[slot] = said.length;
        this.makeRoom(bytes.length + (text?.length ?? 0) + said.length);
        this.chunkOf[slot] = Math.max(0, this.lastChunk);
        this.offsets[slot] = this.place;
        this.put(bytes);
        if (text !== null) this.put(text);
        this.put(said);
        this.end += 1;
        if (this.stored > before) trimStores();
      }

      makeRoom(size) {
        if (size <= this.room) return;
        // A session of few messages has small chunks.
        const usual = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, 2 * (this.chunks.get(this.lastChunk)?.length ?? 0)));
        this.room = Math.max(usual, size);
        this.lastChunk += 1;
        this.chunks.set(this.lastChunk, new Uint8Array(this.room));
        this.stored += this.room;
        this.place = 0;
      }

      put(bytes) {
        if (bytes.length === 0) return;
        this.chunks.get(this.lastChunk).set(bytes, this.place);
        this.place += bytes.length;
        this.room -= bytes.length;
      }

      dropFirst() {
        const slot = this.first % this.capacity;
        this.first += 1;
        const needed = this.first < this.end ? this.chunkOf[this.first % this.capacity] : this.lastChunk;
        for (let chunk = this.chunkOf[slot]; chunk < needed; chunk += 1) {
          this.stored -= this.chunks.get(chunk)?.length ?? 0;
          this.chunks.delete(chunk);
        }
      }

      /// Gives memory back, at the price of the oldest messages.
      shed() {
        const before = this.stored;
        while (this.stored >= before && this.end - this.first > 1) {
          this.dropFirst();
          if (this.capacity > SMALLEST_INDEX && this.end - this.first < this.capacity / 4) this.allocate(this.capacity >> 1);
        }
        return this.stored < before;
      }

      clear() {
        const { end, limit } = this;
        Object.assign(this, new MessageStore(limit), { first: end, end });
      }

      has(number) {
        return number >= this.first && number < this.end;
      }
      time(number) {
        return this.times[number % this.capacity];
      }
      peer(number) {
        return this.peers[number % this.capacity];
      }
      kind(number) {
        return this.kinds[number % this.capacity];
      }
      whole(number) {
        return this.wholes[number % this.capacity];
      }
      size(number) {
        return this.sizes[number % this.capacity];
      }
      part(slot, from, size) {
        const start = this.offsets[slot] + from;
        return size === 0 ? nothing : this.chunks.get(this.chunkOf[slot]).subarray(start, start + size);
      }
      bytes(number, limit = Infinity) {
        const slot = number % this.capacity;
        return this.part(slot, 0, Math.min(this.sizes[slot], limit));
      }
      text(number, limit = Infinity) {
        const slot = number % this.capacity;
        const isOwn = this.textSizes[slot] === OWN_TEXT;
        const size = isOwn ? this.sizes[slot] : this.textSizes[slot];
        // A unit of a string has three bytes at most.
        const text = utf8.decode(this.part(slot, isOwn ? 0 : this.sizes[slot], Math.min(size, 3 * limit)));
        return text.length > limit ? text.slice(0, limit) : text;
      }
      /// Who sent it, or what is remarkable about it.
      source(number) {
        const slot = number % this.capacity;
        const code = this.sourceCodes[slot];
        if (code !== OTHER_SOURCE) return sources[code];
        const textSize = this.textSizes[slot] === OWN_TEXT ? 0 : this.textSizes[slot];
        return utf8.decode(this.part(slot, this.sizes[slot] + textSize, this.sourceSizes[slot]));
      }
    }

    const storedBytes = () => [...sessions.values()].reduce((sum, { store }) => sum + store.stored, 0);
    /// Holds all sessions to their limit, at the price of the oldest messages of whoever has most.
    const trimStores = () => {
      for (let stored = storedBytes(); stored > LARGEST_STORES; stored = storedBytes()) {
        const largest = [...sessions.values()].reduce((most, { store }) => (store.stored > most.stored ? store : most), { stored: 0 });
        if (!largest.shed()) return;
      }
    };

    """#
}
