// One attacker of the sequence fuzz: it joins, resumes with secrets that are new, old or somebody
// else's, and says valid, changed and foreign frames in any order. It remembers what it was told
// and understands none of it. Trap: a peer that was refused is only known to be gone when its line
// says so.
import {
  Credential,
  FrameType,
  MsgpackReader,
  type Random,
  readFrame,
  readWelcome,
} from '@tickwire/protocol';
import type { MemoryPeer } from '../../src/index.ts';
import { HttpError } from '../../src/transport.ts';
import type { Stepper } from '../stepper.ts';
import { mutated } from './mutation.ts';
import { type Recording, typeOf } from './recording.ts';
import { helloFrame } from './written.ts';

/** Addresses that hands come from: so few that they are turned away for asking too often. */
const ADDRESSES = 8;
/** Of the chances to speak before WELCOME, those that are let go: all it can say there is wrong. */
const PATIENCE = 0.98;
/** Secrets that all hands know together. */
const MOST_SECRETS = 64;

export class Hand {
  /** Said by all connections of this hand. */
  said = 0;
  readonly #stepper: Stepper;
  readonly #recordings: readonly Recording[];
  readonly #chance: Random;
  /** Of all hands: resume keys and tickets, oldest first. */
  readonly #secrets: string[];
  readonly #reader = new MsgpackReader();
  #peer: MemoryPeer | undefined;
  #welcomed = false;
  #recording: Recording;
  /** The next frame of the recording. */
  #at = 0;

  constructor(
    stepper: Stepper,
    recordings: readonly Recording[],
    secrets: string[],
    chance: Random,
  ) {
    this.#stepper = stepper;
    this.#recordings = recordings;
    this.#secrets = secrets;
    this.#chance = chance;
    this.#recording = recordings[0];
  }

  get connected(): boolean {
    return this.#peer !== undefined;
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const peer = this.#peer;
    if (!peer) return this.#chance.next() < 0.03 ? this.#ask() : this.#join();
    if (!this.#welcomed && this.#chance.next() < PATIENCE) return;
    const dice = this.#chance.next();
    if (dice < 0.01) this.leave();
    else if (dice < 0.015) peer.text();
    else if (dice < 0.06) peer.ping();
    else this.#say(peer, this.#frame(dice));
  }

  /** Cuts the line, or closes it with some code. */
  leave(): void {
    const codes = [1000, 1001, 3001, 4000, 4999];
    const code = codes[this.#chance.integer(codes.length * 2)];
    if (code === undefined) this.#peer?.cut();
    else this.#peer?.close(code, 'enough');
    this.#peer = undefined;
  }

  #frame(dice: number): Uint8Array {
    const { up } = this.#recording;
    if (dice < 0.85) return up[this.#at++ % up.length];
    if (dice < 0.92) return up[this.#chance.integer(up.length)];
    if (dice < 0.93) return this.#hello();
    return mutated(up, this.#chance);
  }

  /** A ticket, or something that is none. */
  async #ask(): Promise<void> {
    this.said++;
    const path = `/rooms/${this.#recording.room}`;
    const address = this.#address();
    const answer = await this.#stepper.transport
      .request({ method: 'POST', path, body: '{"token":""}', remoteAddress: address })
      .catch((error) => {
        if (error instanceof HttpError) return undefined;
        throw error;
      });
    if (answer?.status === 200) this.#keep(String(JSON.parse(String(answer.body)).ticket));
  }

  #join(): void {
    const chance = this.#chance;
    this.#welcomed = false;
    this.#recording = this.#recordings[chance.integer(this.#recordings.length)];
    this.#at = 1;
    let peer: MemoryPeer;
    try {
      peer = this.#stepper.transport.connect({ remoteAddress: this.#address() });
    } catch (error) {
      if (error instanceof HttpError) return;
      throw error;
    }
    peer.onMessage = (bytes) => this.#heard(bytes);
    peer.onClose = () => {
      if (this.#peer === peer) this.#peer = undefined;
    };
    this.#peer = peer;
    if (chance.next() < 0.97) this.#say(peer, this.#hello());
  }

  #hello(): Uint8Array {
    const chance = this.#chance;
    const { room } = this.#recording;
    if (chance.next() < 0.4) return helloFrame(room);
    // The newest are the likeliest to be worth something.
    const back = Math.floor(chance.next() ** 3 * this.#secrets.length);
    const secret = this.#secrets[this.#secrets.length - 1 - back] ?? 'nothing';
    const credential = chance.next() < 0.7 ? Credential.Resume : Credential.Ticket;
    // Mostly none, for more than were told is refused.
    const events = chance.next() < 0.9 ? 0 : chance.integer(1000);
    return helloFrame(room, credential, secret, events);
  }

  #say(peer: MemoryPeer, frame: Uint8Array): void {
    this.said++;
    // The line writes over what it has delivered.
    peer.send(frame.slice());
  }

  #heard(bytes: Uint8Array): void {
    if (typeOf(bytes) !== FrameType.Welcome) return;
    this.#welcomed = true;
    this.#reader.reset(bytes);
    readFrame(this.#reader, { elements: 0 });
    this.#keep(readWelcome(this.#reader).resumeKey);
  }

  #keep(secret: string): void {
    this.#secrets.push(secret);
    if (this.#secrets.length > MOST_SECRETS) this.#secrets.shift();
  }

  #address(): string {
    return `10.0.0.${this.#chance.integer(ADDRESSES)}`;
  }
}
