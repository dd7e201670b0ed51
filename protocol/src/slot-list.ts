// Slots in lists: those that are free, and those of whom something is to be said. Used by known-set
// and body-writer. HOT: both keep their memory, and allocate nothing once they have grown.
import { longer } from './columns.ts';

/** Slots before the first growth: two words stand in the object itself. */
const FIRST_SLOTS = 64;

/** Slots that may be used again; the lowest comes first, so that a set stays dense. */
export class FreeSlots {
  /** A bit for each slot. */
  #words: Int32Array = new Int32Array(FIRST_SLOTS / 32);
  /** All words before this one are 0. */
  #first = 0;

  add(slot: number): void {
    const word = slot >>> 5;
    if (word >= this.#words.length) this.#words = wider(this.#words, word + 1);
    this.#words[word] |= 1 << (slot & 31);
    if (word < this.#first) this.#first = word;
  }

  /** The lowest, taken out; -1 when there is none. */
  take(): number {
    const words = this.#words;
    while (this.#first < words.length && words[this.#first] === 0) this.#first++;
    if (this.#first === words.length) return -1;
    const word = words[this.#first];
    words[this.#first] = word & (word - 1);
    return this.#first * 32 + 31 - Math.clz32(word & -word);
  }
}

/** Slots beyond which a list is sorted by the engine. */
const LONG_LIST = 64;

/** Slots in a row that keeps its memory: emptying an array would give it back, tick after tick. */
export class SlotList {
  slots = new Uint32Array(16);
  count = 0;

  push(slot: number): void {
    if (this.count === this.slots.length) this.slots = longer(this.slots, this.count * 2);
    this.slots[this.count++] = slot;
  }

  clear(): void {
    this.count = 0;
  }

  remove(slot: number): void {
    const at = this.slots.indexOf(slot);
    if (at < 0 || at >= this.count) return;
    this.slots.copyWithin(at, at + 1, this.count--);
  }

  /** Ascending. Most lists are, or are nearly: a long one that is not may allocate. */
  sort(): void {
    const { slots, count } = this;
    for (let i = 1; i < count; i++) {
      const slot = slots[i];
      if (slots[i - 1] <= slot) continue;
      if (count > LONG_LIST) {
        slots.subarray(0, count).sort();
        return;
      }
      let to = i;
      for (; to > 0 && slots[to - 1] > slot; to--) slots[to] = slots[to - 1];
      slots[to] = slot;
    }
  }
}

/** A copy with room for so many words, and as much again. */
export function wider(bits: Int32Array, words: number): Int32Array {
  const to = new Int32Array(Math.max(words, bits.length * 2));
  to.set(bits);
  return to;
}
