extension ConsolePage {
  /// The last messages of a session: numbers in typed arrays, bytes in chunks, text only where it isn't the bytes' own.
  static let store = #"""
    const RECEIVED = 0;
    const SENT = 1;
    const NOTICE = 2;
    const CHUNK = 1 << 20;
    /// What one session keeps at most, beside its number of messages.
    const LARGEST_STORE = 192 * CHUNK;

    /// A ring of messages. Each has a number, which counts up for ever; `first` is the oldest that is kept, `end` the
    /// next to come.
    class MessageStore {
      constructor(limit) {
        this.limit = limit;
        this.first = 0;
        this.end = 0;
        this.allocate(1024);
        this.chunks = new Map();
        this.lastChunk = -1;
        this.room = 0;
        this.place = 0;
        this.stored = 0;
      }

      allocate(capacity) {
        const old = this.capacity ? { ...this } : null;
        this.capacity = capacity;
        this.times = new Float64Array(capacity);
        this.peers = new Float64Array(capacity);
        this.kinds = new Uint8Array(capacity);
        /// How long each is in all: of a very long one the program tells the beginning.
        this.wholes = new Float64Array(capacity);
        this.chunkOf = new Uint32Array(capacity);
        this.offsets = new Uint32Array(capacity);
        this.sizes = new Uint32Array(capacity);
        /// Text, or null where the bytes are ASCII and are their own text.
        this.texts = new Array(capacity).fill(null);
        this.sources = new Array(capacity).fill(null);
        if (!old) return;
        // In runs that are contiguous in both rings, at most three of them.
        for (let number = this.first; number < this.end;) {
          const from = number % old.capacity;
          const to = number % capacity;
          const length = Math.min(this.end - number, old.capacity - from, capacity - to);
          for (const name of ["times", "peers", "kinds", "wholes", "chunkOf", "offsets", "sizes"]) {
            this[name].set(old[name].subarray(from, from + length), to);
          }
          for (let index = 0; index < length; index += 1) {
            this.texts[to + index] = old.texts[from + index];
            this.sources[to + index] = old.sources[from + index];
          }
          number += length;
        }
      }

      setLimit(limit) {
        this.limit = limit;
        while (this.end - this.first > limit) this.dropFirst();
      }

      /// Takes a message in, at the price of the oldest.
      append(kind, time, peer, bytes, text, whole, source) {
        if (this.end - this.first === this.limit) this.dropFirst();
        if (this.end - this.first === this.capacity) this.allocate(Math.min(this.capacity * 2, Math.max(this.limit, 1024)));
        const slot = this.end % this.capacity;
        this.times[slot] = time;
        this.peers[slot] = peer ?? 0;
        this.kinds[slot] = kind;
        this.wholes[slot] = whole ?? bytes.length;
        this.sizes[slot] = bytes.length;
        this.texts[slot] = isOwnText(bytes, text) ? null : text;
        this.sources[slot] = source ?? null;
        this.put(slot, bytes);
        this.end += 1;
        while (this.stored > LARGEST_STORE && this.end - this.first > 1) this.dropFirst();
      }

      put(slot, bytes) {
        if (bytes.length > this.room) {
          const size = Math.max(CHUNK, bytes.length);
          this.lastChunk += 1;
          this.chunks.set(this.lastChunk, new Uint8Array(size));
          this.stored += size;
          this.room = size;
          this.place = 0;
        }
        this.chunkOf[slot] = Math.max(0, this.lastChunk);
        this.offsets[slot] = this.place;
        if (bytes.length) this.chunks.get(this.lastChunk).set(bytes, this.place);
        this.place += bytes.length;
        this.room -= bytes.length;
      }

      dropFirst() {
        const slot = this.first % this.capacity;
        this.texts[slot] = null;
        this.sources[slot] = null;
        this.first += 1;
        const needed = this.first < this.end ? this.chunkOf[this.first % this.capacity] : this.lastChunk;
        for (let chunk = this.chunkOf[slot]; chunk < needed; chunk += 1) {
          this.stored -= this.chunks.get(chunk)?.length ?? 0;
          this.chunks.delete(chunk);
        }
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
      /// Who sent it, or what is remarkable about it.
      source(number) {
        return this.sources[number % this.capacity];
      }
      size(number) {
        return this.sizes[number % this.capacity];
      }
      bytes(number, limit = Infinity) {
        const slot = number % this.capacity;
        const size = Math.min(this.sizes[slot], limit);
        if (size === 0) return new Uint8Array(0);
        return this.chunks.get(this.chunkOf[slot]).subarray(this.offsets[slot], this.offsets[slot] + size);
      }
      text(number, limit = Infinity) {
        const text = this.texts[number % this.capacity];
        if (text !== null) return text.length > limit ? text.slice(0, limit) : text;
        return asciiDecoder.decode(this.bytes(number, limit));
      }
    }
    const asciiDecoder = new TextDecoder("latin1");
    const isOwnText = (bytes, text) => {
      if (text === undefined || text === null) return true;
      if (text.length !== bytes.length) return false;
      for (const byte of bytes) if (byte > 127) return false;
      return true;
    };

    """#
}
