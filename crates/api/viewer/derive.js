/** Rows of the spectrogram pictures, made from the rows as received. */

/** @typedef {import('./history.js').RowHistory} RowHistory */

const LARGEST = 255;

/** Mean power over the band, per channel. */
export class BandPower {
  /** @param {number} valuesPerChannel */
  constructor(valuesPerChannel) {
    this.valuesPerChannel = valuesPerChannel;
    this.step = NaN;
    /** Power of each count relative to the row's offset; a missing value has none. */
    this.power = new Float64Array(LARGEST + 1);
  }

  /**
   * @param {Uint8Array} counts channel by channel, frequencies ascending
   * @param {number} offset dB @param {number} step dB
   * @returns {Float32Array} dB per channel, NaN where nothing was received
   */
  row(counts, offset, step) {
    this.#prepare(step);
    const { power, valuesPerChannel } = this;
    const out = new Float32Array(counts.length / valuesPerChannel);
    for (let channel = 0, at = 0; channel < out.length; channel++) {
      let sum = 0;
      let present = 0;
      for (const end = at + valuesPerChannel; at < end; at++) {
        const count = counts[at];
        sum += power[count];
        present += count === 0 ? 0 : 1;
      }
      out[channel] = present ? offset + 10 * Math.log10(sum / present) : NaN;
    }
    return out;
  }

  #prepare(step) {
    if (step === this.step) return;
    this.step = step;
    for (let count = 1; count <= LARGEST; count++) this.power[count] = 10 ** (((count - 1) * step) / 10);
  }
}

/**
 * @param {Float32Array} values dB, NaN where missing
 * @returns {{offset: number, step: number, counts: Uint8Array}} as a row of the protocol, as finely as its range allows
 */
export function encode(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const counts = new Uint8Array(values.length);
  if (low > high) return { offset: 0, step: 1, counts };
  const step = Math.max((high - low) / (LARGEST - 1), 1e-6);
  for (let i = 0; i < values.length; i++) {
    counts[i] = Number.isNaN(values[i]) ? 0 : Math.round((values[i] - low) / step) + 1;
  }
  return { offset: low, step, counts };
}

/**
 * Copies one channel's spectrum of a row into another history.
 * @param {RowHistory} all rows of many channels @param {RowHistory} one rows of one channel
 * @param {number} row @param {number} channel counted from 0
 */
export function copyChannel(all, one, row, channel) {
  const at = channel * one.columns;
  const { offset, step } = all.scale(row, all.partOf(at));
  const slot = all.slot(row);
  const counts = all.row(row).subarray(at, at + one.columns);
  one.write(row, 0, { time: all.times[slot], flags: all.flags[slot], offset, counts }, step);
}
