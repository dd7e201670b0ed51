// Sounds, made of oscillators and noise: there are no sound files. Off until switched on.
// Each sound is placed by where it happened: quieter far away, left or right of the listener.

/** Distance at which a sound is no longer heard, world units. */
const EARSHOT = 1000;

/**
 * Sounds begun within one frame beyond which further ones are dropped: thirty guns at once are only
 * noise.
 */
const MOST_A_FRAME = 6;

/** Loudness of everything together; a burst next to one's ship must not clip. */
const MASTER = 0.5;

type Recipe = (at: number, out: AudioNode, context: AudioContext, noise: AudioBuffer) => void;

/** A falling tone. Times in seconds, pitches in Hz. */
function tone(
  shape: OscillatorType,
  from: number,
  to: number,
  seconds: number,
  gain: number,
): Recipe {
  return (at, out, context) => {
    const source = context.createOscillator();
    const level = context.createGain();
    source.type = shape;
    source.frequency.setValueAtTime(from, at);
    source.frequency.exponentialRampToValueAtTime(to, at + seconds);
    level.gain.setValueAtTime(gain, at);
    level.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    source.connect(level).connect(out);
    source.start(at);
    source.stop(at + seconds);
  };
}

/** Noise through a falling low-pass. */
function hiss(from: number, to: number, seconds: number, gain: number): Recipe {
  return (at, out, context, noise) => {
    const source = context.createBufferSource();
    const filter = context.createBiquadFilter();
    const level = context.createGain();
    source.buffer = noise;
    filter.type = 'lowpass';
    filter.frequency.setValueAtTime(from, at);
    filter.frequency.exponentialRampToValueAtTime(to, at + seconds);
    level.gain.setValueAtTime(gain, at);
    level.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    source.connect(filter).connect(level).connect(out);
    source.start(at);
    source.stop(at + seconds);
  };
}

const SOUNDS = {
  gun: [tone('square', 880, 140, 0.09, 0.16), hiss(6000, 800, 0.07, 0.22)],
  rocket: [tone('sawtooth', 220, 60, 0.3, 0.2), hiss(2500, 300, 0.35, 0.3)],
  burst: [tone('sine', 120, 28, 0.6, 0.9), hiss(3000, 90, 0.7, 0.7)],
  hit: [tone('triangle', 1400, 900, 0.05, 0.3)],
  hurt: [tone('sawtooth', 180, 90, 0.12, 0.3)],
  kill: [tone('triangle', 660, 660, 0.1, 0.3), tone('triangle', 990, 1320, 0.28, 0.2)],
  mend: [tone('sine', 520, 1040, 0.22, 0.3)],
  born: [tone('sine', 200, 700, 0.35, 0.25)],
  dash: [hiss(1200, 5000, 0.18, 0.3)],
} satisfies Record<string, Recipe[]>;

export type SoundName = keyof typeof SOUNDS;

export class Sound {
  #context: AudioContext | undefined;
  #noise: AudioBuffer | undefined;
  #master: GainNode | undefined;
  #thisFrame = 0;
  #earX = 0;
  #earY = 0;
  on = false;

  /** Switches sound on or off. Called from a key or a click, as browsers ask. */
  toggle(): boolean {
    this.on = !this.on;
    if (this.on && !this.#context) this.#open();
    void (this.on ? this.#context?.resume() : this.#context?.suspend());
    return this.on;
  }

  #open(): void {
    const context = new AudioContext();
    this.#context = context;
    this.#master = context.createGain();
    this.#master.gain.value = MASTER;
    const soften = context.createDynamicsCompressor();
    this.#master.connect(soften).connect(context.destination);
    this.#noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = this.#noise.getChannelData(0);
    let state = 1;
    for (let i = 0; i < samples.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      samples[i] = state / 0x4000_0000 - 1;
    }
  }

  /** Where the listener is; called once a frame. */
  listenAt(x: number, y: number): void {
    this.#earX = x;
    this.#earY = y;
    this.#thisFrame = 0;
  }

  /** Plays a sound that happened at (x, y). */
  play(name: SoundName, x = this.#earX, y = this.#earY): void {
    const context = this.#context;
    if (!this.on || !context || !this.#master || !this.#noise) return;
    const loudness = 1 - Math.hypot(x - this.#earX, y - this.#earY) / EARSHOT;
    if (loudness <= 0 || this.#thisFrame >= MOST_A_FRAME) return;
    this.#thisFrame += 1;
    const level = context.createGain();
    level.gain.value = loudness * loudness;
    const pan = context.createStereoPanner();
    pan.pan.value = Math.max(-0.8, Math.min(0.8, (x - this.#earX) / EARSHOT));
    level.connect(pan).connect(this.#master);
    for (const recipe of SOUNDS[name]) recipe(context.currentTime, level, context, this.#noise);
  }
}
