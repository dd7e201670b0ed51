// What `load` says of its steps while they pass, and the plot of how late ticks begin by seats.
// Reads figures, measures nothing.
import { round, say } from './figures.ts';
import type { PeerFigures } from './load-peer.ts';
import type { StepFigures } from './load-step.ts';
import { type Line, writePlot } from './plot.ts';

export type Rung = StepFigures | PeerFigures;

export interface Climb {
  /** Largest count of seats that were served in time; 0 if none was. */
  readonly most: number;
  readonly steps: readonly Rung[];
}

/** A room is too full when its 99th tick of a hundred begins this much after its time, ms. */
export const LATE_MS = 25;
/** Of the seats, so many must be served for a step to count. */
const SERVED = 0.99;
/** Share of its core above which a generator is what is measured. */
const BUSY = 0.8;
/** A server that is late with less of its core waited for somebody else's work. */
const STARVED = 0.85;
/** Ticks that begin on time, or a little early, stand at the foot of a logarithmic scale. */
const LEAST_MS = 0.1;

export function isInTime({
  seats,
  seatsServed,
  beganLateMs,
}: Pick<Rung, 'seats' | 'seatsServed' | 'beganLateMs'>): boolean {
  return beganLateMs.p99 <= LATE_MS && seatsServed >= SERVED * seats;
}

export function sayStep(name: string, step: Rung | undefined): void {
  if (!step) return say(`load: ${name}: failed`);
  const { beganLateMs, endedLateMs, seatsServed, serverCore, generatorCore } = step;
  const began = `began ${beganLateMs.p50} / ${beganLateMs.p99} ms late`;
  const ended = `ended ${endedLateMs.p50} / ${endedLateMs.p99}`;
  const cpu = `${step.cpuUsPerSeatTick} us a seat and tick`;
  const cores = `cores ${serverCore} and ${generatorCore}`;
  say(`load: ${name}: ${began}, ${ended}, ${seatsServed} served, ${cpu}, ${cores}`);
  if (generatorCore > BUSY) say('  the generator is what is measured: its core is full');
  if (beganLateMs.p99 > LATE_MS && serverCore < STARVED)
    say('  late with a core to spare: something else runs on this machine');
}

/** How many times as good ours is. */
export interface Ratio {
  /** Seats before ticks are late. */
  readonly seats: number;
  /** CPU per seat and tick, at the largest step that both took in time; 0 if there is none. */
  readonly cpu: number;
}

export function compared(ours: Climb, other: Climb): Ratio {
  const [mine, others] = [ours, other].map(({ steps }) => steps.filter(isInTime));
  const both = mine.filter(({ seats }) => others.some((step) => step.seats === seats));
  const most = Math.max(...both.map(({ seats }) => seats), 0);
  const cpuOf = (steps: readonly Rung[]) => {
    return steps.find(({ seats }) => seats === most)?.cpuUsPerSeatTick ?? 0;
  };
  const cpu = most === 0 ? 0 : cpuOf(others) / cpuOf(mine);
  return { seats: round(ours.most / other.most, 2), cpu: round(cpu, 2) };
}

export type Climbs = Readonly<Record<string, Climb>>;

/** Answers the path of the plot. */
export function plotLateness(views: Climbs, everyone: Climbs): string {
  const panel = (title: string, climbs: Climbs) => ({
    title,
    lines: Object.entries(climbs).map(([name, { steps }]) => lineOf(name, steps)),
  });
  return writePlot('load', {
    title: 'How late ticks begin, by seats',
    note: 'ms after the ideal time, 99th of a hundred ticks at 20 Hz, one server core, 127.0.0.1',
    xTitle: 'seats',
    panels: [panel('views of 400, 1,000 ships', views), panel('everyone sees 200', everyone)],
  });
}

function lineOf(name: string, steps: readonly Rung[]): Line {
  const rising = [...steps].sort((a, b) => a.seats - b.seats);
  const points = rising.map(({ seats, beganLateMs }) => {
    return [seats, Math.max(beganLateMs.p99, LEAST_MS)] as const;
  });
  return { name, points, ours: name === 'tickwire' };
}
