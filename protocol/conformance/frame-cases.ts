// The cases of frames beside STATE, of STATEs with nothing to say, and of input.
import {
  angle,
  bool,
  both,
  choice,
  entity,
  fixed,
  inPlain,
  int,
  list,
  map,
  OWN,
  packed,
  quat,
  record,
  SMALL,
  SMOOTH,
  spawn,
  text,
  vec2,
} from './fields.ts';
import type { Case } from './vectors.ts';

const ELSEWHERE: [what: string, url: string, ticket: string, credential: number][] = [
  ['a ticket for there', 'wss://shard-7.example:8443/ws?zone=b', 'room.ticket-\u00e9', 0],
  ['the same words', 'ws://[::1]:2567', '', 2],
  ['where it came from first', '', '', 1],
];

const MOVES: Case[] = [
  ...ELSEWHERE.map(([what, url, ticket, credential]) =>
    inPlain({
      name: `a HELLO that is sent elsewhere: ${what}`,
      seat: 1,
      game: SMALL,
      script: { hello: { room: 'duel-1', credential }, moved: { url, ticket }, steps: [] },
    }),
  ),
  ...both({
    name: 'a room that moves, and came from elsewhere',
    seat: 2,
    game: SMALL,
    script: {
      hello: { room: 'duel-1', credential: 2, secret: 'key', events: 9 },
      welcome: { roomEpoch: 1_800_000_000_123 },
      steps: [
        {
          acts: [{ spawn: 'crate', with: { hp: 3 } }],
          ahead: [{ continuity: [4, 70_000, 2] }],
          talk: [
            { moved: `HTTPS://${'h'.repeat(239)}.eu/%7E@!`, ticket: '' },
            { bye: 1012, reason: 'the room lives elsewhere' },
          ],
        },
      ],
    },
  }),
];

const WAITS: Case[] = [
  inPlain({
    name: 'a match that is waited for',
    seat: 2,
    game: SMALL,
    script: {
      hello: { room: 'duel~mode.ranked' },
      waits: [
        { waiting: 1, found: 1, wanted: 4 },
        { ping: 1, timeMs: 2_000.5, by: 'server' },
        { pong: 1, timeMs: 0, tick: 0, by: 'client' },
        { waiting: 70_000, found: 3, wanted: 4, etaS: 0 },
        { waiting: 2 ** 32 - 1, found: 65_534, wanted: 65_535, etaS: 2 ** 32 - 1 },
      ],
      steps: [{ acts: [{ spawn: 'crate', with: { hp: 3 } }] }],
    },
  }),
  inPlain({
    name: 'a match that is waited for, and is elsewhere',
    seat: 1,
    game: SMALL,
    script: {
      hello: { room: 'duel', credential: 1 },
      waits: [{ waiting: 2, found: 1, wanted: 2, etaS: 30 }],
      moved: { url: 'wss://shard-7.example', ticket: 'room.ticket' },
      steps: [],
    },
  }),
];

const TALK: Case[] = [
  inPlain({
    name: 'a line and its talk',
    seat: 3,
    game: {
      ...SMALL,
      events: {
        boom: { x: fixed(-8, 8, 1 / 4), by: entity('crate'), loud: bool() },
        said: { words: text(20), to: list(int(0, 9), 4), look: quat(6), more: packed(60) },
        ended: {},
      },
      commands: {
        buy: { what: choice(['wood', 'iron']), many: int(1, 99), at: vec2(0, 4, 1 / 2) },
        rename: { name: record({ first: text(8), last: text(8) }) },
      },
    },
    script: {
      hello: { room: 'arena', secret: 'a game token', spectate: true },
      welcome: { resumeKey: 'aZ09-_', roomId: 'arena-7f', serverTimeMs: 1_800_000_000_123.5 },
      steps: [
        {
          acts: [{ spawn: 'crate', with: { hp: 3, weight: 700 } }],
          ahead: [
            { ping: 1, timeMs: 12.5, by: 'client' },
            { pong: 1, timeMs: 90_000, tick: 17.4375, by: 'server' },
            { ping: 4_294_967_295, timeMs: 3, by: 'server' },
            { pong: 4_294_967_295, timeMs: 0, tick: 0, by: 'client' },
          ],
          sentAt: 127,
          talk: [
            { event: 'boom', tick: 1, payload: { x: -1.25, by: 1, loud: true } },
            {
              event: 'said',
              tick: 1,
              payload: {
                words: 'na\u00efve \u{1F680}',
                to: [7, 0],
                look: { x: 0.5, y: -0.5, z: 0.5, w: 0.5 },
                more: { n: [1, -2.5, null], deep: { yes: true } },
              },
            },
            { event: 'ended', tick: 1, payload: {} },
            { ack: true },
          ],
        },
        {
          talk: [
            { command: 'buy', id: 0, payload: { what: 'iron', many: 99, at: { x: 1.5, y: 4 } } },
            { reply: 0, ok: true, value: { left: 1, bag: ['iron', 2.5], none: null } },
            { command: 'rename', id: 70_000, payload: { name: { first: 'Zo\u00eb', last: '' } } },
            { reply: 70_000, ok: false, value: 'taken' },
            { ack: true },
            { bye: 4003, reason: 'away with you' },
          ],
        },
      ],
    },
  }),
  inPlain({
    name: 'a token that ends, and the next one',
    seat: 1,
    game: SMALL,
    script: {
      hello: { room: 'arena', secret: 'the first token' },
      steps: [
        {
          ahead: [{ expiry: 3_600_000 }],
          talk: [{ renew: 'the next token' }, { expiry: 2 ** 31 - 1 }],
        },
        { talk: [{ renew: '' }, { expiry: 0 }, { bye: 4001, reason: 'it ended' }] },
      ],
    },
  }),
  ...(['a ticket', 'a resume key'] as const).map((what, i) =>
    inPlain({
      name: `a HELLO with ${what}, and a BYE`,
      seat: 65_535,
      game: SMALL,
      script: {
        hello: { room: 'duel-1', credential: i + 1, secret: `${what} \u{1F511}`, events: i * 130 },
        steps: [
          {
            ahead: [{ continuity: [i, i * 70_000, i * 3] }],
            talk: [{ bye: 1012, reason: 'the server restarts' }],
          },
        ],
      },
    }),
  ),
  ...MOVES,
  ...WAITS,
  ...both({
    name: 'looking for desyncs',
    seat: 7,
    game: {
      tickRate: 20,
      state: { round: int(0, 9) },
      entities: {
        crate: {
          x: fixed(-8, 8, 1 / 4, SMOOTH),
          name: text(8),
          notes: map(int(0, 9), text(4), 4),
          gold: int(0, 999, OWN),
        },
      },
    },
    script: {
      steps: [
        {
          acts: [
            spawn('crate', { x: 1.3, name: 'one', notes: [[3, 'a']] }),
            spawn('crate', { x: -2, gold: 7 }, 7),
            { set: 0, to: { round: 4 } },
          ],
          talk: [{ digest: true }, { report: 0, finding: null }],
        },
        {
          acts: [{ set: 1, to: { x: 2 } }],
          talk: [
            { listing: 0, cut: false },
            { report: 0, finding: 'crate 1.x: the server has 2, this client 3' },
            { digest: true },
            { listing: 1, cut: true },
          ],
        },
      ],
    },
  }),
  ...both({
    name: 'nothing to say',
    seat: 1,
    game: { tickRate: 20, entities: { mark: {} } },
    script: {
      steps: [
        {},
        { inTime: 1, margin: 0 },
        { inTime: 1, margin: -32_512, sentAt: 64 },
        { acts: [{ spawn: 'mark' }], inTime: 2, margin: 32_512 },
        { inTime: 300, margin: 300 },
      ],
    },
  }),
];

const pad = {
  ...SMALL,
  input: {
    move: angle(8),
    throttle: fixed(-1, 1, 1 / 64),
    aim: vec2(-1, 1, 1 / 16),
    fire: bool({ press: true }),
    brake: bool(),
    gear: choice(['low', 'mid', 'high'], { default: 'mid' }),
    wheel: quat(6),
    dial: int(0, 9),
  },
};

const INPUTS: Case[] = [
  ...both({
    name: 'input held, changed, pressed, and in a run',
    seat: 1,
    game: pad,
    script: {
      steps: [
        { talk: [{ input: [{}], first: 3, shown: 320 }] },
        { inTime: 0, talk: [{ input: [{}], first: 4, shown: 320 }] },
        {
          inTime: 1,
          margin: 200,
          talk: [{ input: [{ throttle: 1, aim: { x: -1, y: 0.25 } }], first: 5, shown: 322 }],
        },
        {
          inTime: 1,
          margin: 180,
          talk: [{ input: [{ throttle: 1, fire: true }], first: 6, shown: 318 }],
        },
        {
          inTime: 1,
          margin: -40,
          talk: [
            {
              input: [
                { throttle: 1, fire: true },
                { throttle: 0.98, move: 3 },
                { throttle: 0.98, move: -3.1, gear: 'high' },
                {},
                { dial: 9, brake: true, wheel: { x: 0.6, y: 0, z: 0, w: 0.8 } },
                { dial: 8, brake: true, wheel: { x: 0.6, y: 0.1, z: 0, w: 0.8 } },
              ],
              first: 7,
              shown: 900,
            },
          ],
        },
        { skip: true },
        {
          inTime: 2,
          margin: null,
          talk: [{ ack: true }, { input: [{ dial: 8 }], first: 20, shown: -64 }],
        },
        { talk: [{ input: [], first: 21, shown: 0 }] },
      ],
    },
  }),
  ...both({
    name: 'as many ticks of input as a frame takes',
    seat: 1,
    game: { ...SMALL, input: { dial: int(0, 9), lever: int(0, 900) } },
    script: {
      steps: [
        { talk: [{ input: run(128, (i) => ({ dial: i >> 5 })), first: 5, shown: 0 }] },
        { talk: [{ input: run(40, (i) => ({ lever: (i * i * 7) % 901 })), first: 133, shown: 0 }] },
      ],
    },
  }),
];

function run(ticks: number, at: (i: number) => object): object[] {
  return Array.from({ length: ticks }, (_, i) => at(i));
}

export const FRAME_CASES: readonly Case[] = [...TALK, ...INPUTS];
