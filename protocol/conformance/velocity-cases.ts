// The cases of tracks by velocity: they coast, are nudged, stand, jump, run into the end and around
// the circle, and are seen late.
import { Random } from '../src/index.ts';
import { by, course, run, spawned } from './courses.ts';
import { angle, fixed, inPacked, int, vec3, withOdds } from './fields.ts';
import type { Act, Case, Step } from './vectors.ts';

const shot = {
  tickRate: 20,
  entities: {
    shot: { x: fixed(0, 100, 1 / 4, by('vx')), vx: fixed(-80, 80, 1), hp: int(0, 10) },
  },
};

const BY_VELOCITY: Case[] = [
  ...inPacked({
    name: 'the example of section 16',
    seat: 1,
    game: {
      tickRate: 20,
      state: { round: int(0, 7) },
      entities: {
        ship: { x: fixed(0, 100, 1 / 4, by('vx')), vx: fixed(-8, 8, 1), hp: int(0, 10) },
      },
    },
    script: {
      steps: [
        {
          acts: [
            ...Array.from({ length: 7 }, () => ({ spawn: 'ship' })),
            ...[1, 2, 3, 4, 5, 6].map((id) => ({ despawn: id })),
            { set: 7, to: { x: 10, vx: 3, hp: 9 } },
          ],
          inTime: 1,
          margin: 128,
        },
        ...course({ x: [10.15, 10.3, 10.9], hp: [undefined, undefined, 8] }, 7).map((step) => ({
          ...step,
          inTime: 1,
          margin: 128,
        })),
      ],
    },
  }),
  ...inPacked({
    name: 'by velocity: coasts, is nudged, stands, jumps and runs into the end',
    seat: 1,
    game: shot,
    script: {
      steps: [
        spawned('shot', { x: 50, vx: 13 }),
        ...course({ x: run(50.65, 0.65, 4) }),
        ...course({ x: run(53.3, 0.67, 12) }),
        ...course({ x: run(61, 0.61, 12) }),
        ...course({ x: [...run(70, 0, 4), 71], vx: [40] }),
        ...course({ x: [20, 22, 24, 90, 94.5, 99], vx: [40] }),
        ...course({ x: [100, 100, 100, 99.5], vx: [79, undefined, undefined, -10] }),
        ...course({ x: run(99.3, -0.5, 5) }),
      ],
    },
  }),
  ...inPacked(
    withOdds({
      name: 'by velocity: arrives in motion, is seen late',
      seat: 1,
      game: shot,
      script: {
        stepsBefore: 5,
        steps: [
          spawned('shot', { x: 50, vx: 13 }),
          ...course({ x: run(50.65, 0.67, 7) }),
          {
            acts: [
              { spawn: 'shot', with: { x: 3, vx: -80 } },
              { set: 1, to: { x: 56.1 } },
            ],
            skip: true,
          },
          ...course({ x: run(57, 0.67, 3), vx: [undefined, 14] }),
          ...course({ x: run(60, 0.8, 3) }).map((step) => ({ ...step, skip: true as const })),
          ...course({ x: run(62.4, 0.8, 3), hp: [2] }),
        ],
      },
    }),
  ),
  ...inPacked({
    name: 'by velocity: every third tick',
    seat: 1,
    game: shot,
    script: {
      sendEvery: 3,
      steps: [
        spawned('shot', { x: 10, vx: 7 }),
        ...course({ x: run(11.05, 1.05, 3) }),
        { ...course({ x: [16] })[0], skip: true },
        ...course({ x: run(17, 1.05, 3) }),
      ],
    },
  }),
  ...inPacked(
    withOdds({
      name: 'by velocity: around the circle, and vectors',
      seat: 1,
      game: {
        tickRate: 30,
        entities: {
          top: { heading: angle(8, by('spin')), spin: fixed(-20, 20, 1 / 8) },
          gull: {
            position: vec3(-50, 50, 1 / 16, by('velocity')),
            velocity: vec3(-30, 30, 1 / 4, by('push', 1)),
            push: vec3(-9, 9, 1),
            lean: angle(6, by('yaw')),
            yaw: angle(5),
          },
        },
      },
      script: {
        steps: [
          spawned('top', { heading: 2.9, spin: 3 }),
          spawned('gull', {
            velocity: { x: 3, y: -2, z: 0.3 },
            push: { x: 1, y: 0, z: 0 },
            yaw: 2,
          }),
          ...course({ heading: run(3, 0.1, 6) }),
          {
            acts: [
              { set: 1, to: { heading: -2.5, spin: -8 } },
              { set: 2, to: { position: { x: 0.6, y: 0.1, z: 0 }, lean: 0.4 } },
            ],
          },
          {
            acts: [
              { set: 1, to: { heading: -2.8 } },
              { set: 2, to: { velocity: { x: 3.5, y: -2, z: 0.3 } } },
            ],
          },
          {
            acts: [
              { set: 1, to: { heading: 3.1 } },
              { set: 2, to: { yaw: -2, lean: 0.5 } },
            ],
          },
          {
            acts: [
              { set: 1, to: { heading: 3.1 } },
              { set: 2, to: { push: { x: -9, y: 9, z: 0 } } },
            ],
          },
        ],
      },
    }),
  ),
];

/** As much of everything as chance makes: true and false velocities, stops, walls and jumps. */
function swarm(seed: number, ticks: number): Step[] {
  const chance = new Random(seed);
  const short = (value: number) => Math.round(value * 1000) / 1000;
  const places = [10, 40, 60, 90];
  const speeds = [9, -4, 0, 30];
  return Array.from({ length: ticks }, () => ({
    acts: places.map((_, i): Act => {
      const turns = chance.next() < 0.2;
      if (turns) speeds[i] = short((chance.next() - 0.5) * 120);
      const dice = chance.next();
      if (dice < 0.06) places[i] = chance.next() * 100;
      else if (dice > 0.1) places[i] += speeds[i] / 20 + (dice > 0.8 ? chance.next() - 0.5 : 0);
      places[i] = short(Math.min(Math.max(places[i], 0), 100));
      const lies = chance.next() < 0.1;
      const y = short(100 - places[i] + (dice > 0.9 ? chance.next() : 0));
      const to = { x: places[i], y, vx: speeds[i], vy: lies ? speeds[i] : -speeds[i] };
      return { set: i + 1, to };
    }),
  }));
}

const SWARM: Case[] = inPacked(
  withOdds({
    name: 'by velocity: a swarm by chance',
    seat: 1,
    game: {
      tickRate: 20,
      entities: {
        mote: {
          x: fixed(0, 100, 1 / 4, by('vx')),
          y: fixed(0, 100, 1 / 4, by('vy')),
          vx: fixed(-60, 60, 2),
          vy: fixed(-60, 60, 4),
        },
      },
    },
    script: {
      steps: [{ acts: Array.from({ length: 4 }, () => ({ spawn: 'mote' })) }, ...swarm(7, 22)],
    },
  }),
);

export const VELOCITY_CASES: readonly Case[] = [...BY_VELOCITY, ...SWARM];
