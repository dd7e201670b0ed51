// Everything that can be wrong from outside: each failure names a reason to branch on and says what
// to do, a game that throws loses that room only, a bad peer loses its connection only.

import { ConnectError, connect } from '@tickwire/client';
import { CloseCode, defineGame, int, UsageError } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createMemoryTransport,
  DirectoryError,
  defineRoom,
  MemoryDirectory,
  Refusal,
  serve,
} from '../src/index.ts';
import { createLog } from '../src/log.ts';
import { pickTransport } from '../src/transports.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { doorTo } from './directory-doors.ts';
import { Player, Stepper, type StepperOptions } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper?.close());

async function start(more: Partial<Definition> = {}, options: Partial<StepperOptions> = {}) {
  stepper = await Stepper.start({ rooms: { field: arcade(more) }, ...options });
}

/** What connect rejects with. */
async function failure(room: string, options: object = {}, joined = game): Promise<ConnectError> {
  const joining = stepper.join(joined, { room, ...options });
  return joining.then(
    () => Promise.reject(new Error('it joined')),
    (error) => error,
  );
}

describe('connect rejects with a reason and a sentence', () => {
  test('for a room that does not exist, naming the kinds', async () => {
    await start();
    const error = await failure('filed');
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ reason: 'no-room' });
    expect(error.message).toContain('kinds: field');
  });

  test('for a full room', async () => {
    await start({ seats: 1 });
    const a = await stepper.join(game, { room: 'field' });
    const error = await failure(a.client.room);
    expect(error).toMatchObject({ reason: 'full' });
    expect(error.message).toContain('is full');
  });

  test('for another declaration of the game', async () => {
    await start();
    const other = defineGame({ tickRate: 30, entities: { ship: { x: int(0, 9) } } });
    const error = await failure('field', {}, other as never);
    expect(error).toMatchObject({ reason: 'game-mismatch' });
    expect(error.message).toContain('rebuild or reload');
  });

  test('for a refused token: the message of a Refusal, and of nothing else', async () => {
    const authenticate = (token: string) => {
      if (token === 'banned') throw new Refusal('you were banned until Monday');
      if (token !== 'ada') throw new Error('SELECT failed at 10.0.0.7');
      return undefined;
    };
    await start({ authenticate });
    expect(await failure('field', { token: 'banned' })).toMatchObject({
      reason: 'refused',
      message: 'you were banned until Monday',
    });
    expect(await failure('field', { token: 'eve' })).toMatchObject({
      reason: 'refused',
      message: 'the token was refused',
    });
    await stepper.join(game, { room: 'field', token: async () => 'ada' });
  });

  test('for a server without capacity', async () => {
    await start({}, { limits: { rooms: 1 } });
    await stepper.join(game, { room: 'field' });
    const room = stepper.room('field');
    for (let i = 1; i < 8; i++) await stepper.join(game, { room: room.id });
    const error = await failure('field');
    expect(error).toMatchObject({ reason: 'busy' });
    expect(error.message).toContain('no more rooms now');
  });

  test('{S11} for a server that is not there', async () => {
    await start();
    const player = new Player<typeof game>(stepper, { room: 'field' });
    player.offline = true;
    await expect(stepper.until(player.connect(game))).rejects.toMatchObject({
      reason: 'unreachable',
    });
    expect(player.sockets).toHaveLength(3);
  });

  test('for a token that cannot be had', async () => {
    await start();
    const token = () => Promise.reject(new Error('log in first'));
    expect(await failure('field', { token })).toMatchObject({
      reason: 'refused',
      message: 'log in first',
    });
  });

  test('where there is no WebSocket, naming the option', async () => {
    const joining = connect(game, { url: 'ws://x', room: 'field', WebSocket: null });
    if (typeof globalThis.WebSocket === 'undefined')
      await expect(joining).rejects.toThrow('connect(game, { WebSocket, ... })');
    else await joining.catch(() => {});
  });
});

describe('serve and defineRoom refuse, naming the cure', () => {
  test('a bad declaration', () => {
    expect(() => int(5, 1)).toThrow(UsageError);
    expect(() => int(5, 1)).toThrow('min < max');
    const seats = () => defineRoom(game, { seats: 0 });
    expect(seats).toThrow('seats: 0: wants a whole number in 1..10000');
    const commands = () => defineRoom(game, { seats: 2 });
    expect(commands).toThrow('commands.rename is not given');
  });

  test('no room kinds, and a name that no URL takes', async () => {
    const options = { ticking: false, signals: false, log: 'silent' } as const;
    await expect(serve({ ...options, rooms: {} })).rejects.toThrow('at least one room kind');
    const rooms = { 'my room': arcade() };
    await expect(serve({ ...options, rooms })).rejects.toThrow("rooms['my room']");
    const bare = { field: {} } as unknown as typeof rooms;
    await expect(serve({ ...options, rooms: bare })).rejects.toThrow('what defineRoom() returns');
  });

  test('an option that nobody reads', async () => {
    const options = { rooms: { field: arcade() }, signals: false, log: 'silent' } as const;
    for (const [more, message] of [
      [{ prot: 1 }, 'serve has no prot: did you mean port?'],
      [{ limits: { graceMS: 1 } }, 'limits has no graceMS: did you mean graceMs?'],
      [{ limits: { rooms: -1 } }, 'limits.rooms: -1: wants a whole number of 1 or more'],
      [{ transportLimits: { maxFramBytes: 1 } }, 'did you mean maxFrameBytes?'],
      [{ ticketKey: 'short' }, 'ticketKey: 5 bytes: wants 32 or more'],
      [{ authenticateBefore: 'join' }, "wants 'upgrade' or 'seat'"],
    ] as const)
      await expect(serve({ ...options, ...more } as never)).rejects.toThrow(message);
  });

  test('a directory that is away as the server starts, which leaves nothing behind', async () => {
    const now = () => performance.now();
    const directory = new MemoryDirectory({ leaseMs: 2_000, now });
    const lost = () => Promise.reject(new DirectoryError('unreachable', 'it is gone'));
    const door = doorTo(directory, (name, ask, given) =>
      name === 'subscribe' ? lost() : ask(...given),
    );
    const transport = createMemoryTransport();
    const options = { rooms: { field: arcade({ keep: true }) }, signals: false } as const;
    const more = { transport, directory: door, publicUrl: 'http://a.example' } as const;
    const serving = serve({ ...options, ...more, log: 'silent' });
    await expect(serving).rejects.toThrow('it is gone');
    await expect(transport.request({ path: '/healthz' })).rejects.toThrow('nothing listens');
    expect([await directory.rooms(), await directory.shards()]).toEqual([[], []]);
  });

  test('a kept room that does not open, by its kind', async () => {
    const open = () => {
      throw new Error('no map');
    };
    const rooms = { field: arcade({ keep: true, open }) };
    const serving = serve({ rooms, port: 0, signals: false, log: 'silent', transport: 'ws' });
    const said = 'rooms.field: keep: its room failed to open; the log says how';
    await expect(serving).rejects.toThrow(new UsageError(said));
  });

  test('a port in use', async () => {
    const options = { rooms: { field: arcade() }, signals: false, log: 'silent' } as const;
    const first = await serve({ ...options, port: 0, host: '127.0.0.1', transport: 'ws' });
    const { port } = first;
    const second = serve({ ...options, port, host: '127.0.0.1', transport: 'ws' });
    await expect(second).rejects.toThrow(UsageError);
    await expect(second).rejects.toThrow(`${port}`);
    await first.close();
  });

  test('a port from the environment that is none', async () => {
    const { PORT } = process.env;
    process.env.PORT = 'http';
    const serving = serve({ rooms: { field: arcade() }, signals: false, log: 'silent' });
    await expect(serving).rejects.toThrow('PORT=http: wants a whole number in 0..65535');
    if (PORT === undefined) delete process.env.PORT;
    else process.env.PORT = PORT;
  });

  test('nothing, but warns, in production without a page that may connect', async () => {
    const warnings: string[] = [];
    const log = createLog('silent');
    log.warn = (message: unknown) => void warnings.push(String(message));
    const options = { rooms: { field: arcade() }, port: 0, host: '127.0.0.1', signals: false, log };
    for (const more of [{}, { origins: ['https://play.example'] }, { allowNoOrigin: true }])
      await (await serve({ ...options, transport: 'ws', production: true, ...more })).close();
    expect(warnings).toEqual([expect.stringContaining("origins: ['https://your.page']")]);
  });

  test('a missing uWebSockets.js where it was asked for, and says so where not', async () => {
    const missing = async () => {
      throw new UsageError('uWebSockets.js does not load here: install it, or use ws');
    };
    const lines: string[] = [];
    const note = (_: object, message: string) => void lines.push(message);
    const log = { info: note, warn: note, error: note };
    await expect(pickTransport('uws', {}, log, undefined, missing)).rejects.toThrow('install it');
    const transport = await pickTransport('auto', {}, log, undefined, missing);
    expect(transport.name).toBe('ws');
    expect(lines.join()).toContain('does not load here: install it, or use ws');
  });
});

describe('a game that throws closes its room only, and its seats are told why', () => {
  const boom = () => {
    throw new Error('the game broke');
  };
  const later = async () => {
    await undefined;
    boom();
  };
  const drive: [where: string, more: Partial<Definition>, how: (a: Player<typeof game>) => void][] =
    [
      ['tick', { tick: (room) => void (room.tick === 40 && boom()) }, () => {}],
      ['join', { join: (_, seat) => void (seat.id === 2 && boom()) }, (a) => join(a)],
      ['drop', { drop: boom }, (a) => join(a, (b) => b.cut())],
      ['leave', { leave: boom }, (a) => join(a, (b) => b.client.leave())],
      ['command boom', {}, (a) => call(a)],
      [
        'timer bang',
        { timers: { bang: boom }, open: (room) => void room.after(40, 'bang') as undefined },
        () => {},
      ],
      ['interest or sees', { sees: (_, row) => (row.id > 1 ? boom() : true) }, (a) => join(a)],
      ['resume', { resume: boom }, (a) => join(a, (b) => b.cut())],
      ['join', { join: async (_, seat) => void (seat.id === 2 && boom()) }, (a) => join(a)],
      ['tick', { tick: async (room) => void (room.tick === 40 && boom()) }, () => {}],
      ['leave', { leave: later }, (a) => join(a, (b) => b.client.leave())],
      [
        'timer bang',
        { timers: { bang: later }, open: (room) => void room.after(40, 'bang') as undefined },
        () => {},
      ],
      ['command boom', { commands: { boom: later } as never }, (a) => call(a)],
    ];

  const call = (a: Player<typeof game>) => void a.client.call('boom', {}).catch(() => {});
  /** Another one who joins; what becomes of them is not the question. */
  const join = (a: Player<typeof game>, then: (b: Player<typeof game>) => void = () => {}) =>
    void stepper.join(game, { room: a.client.room }).then(then, () => {});

  test.each(drive)('{T61} in %s (%#)', async (where, more, how) => {
    const rooms = { field: arcade(more), other: arcade() };
    stepper = await Stepper.start({ rooms });
    const bystander = await stepper.join(game, { room: 'other' });
    const a = await stepper.join(game, { room: 'field', retryCapMs: 100 });
    const room = stepper.room('field');
    await stepper.advance(200);
    const before = bystander.client.newest().tick;
    how(a);
    await stepper.when(() => room.over);
    await stepper.advance(50);
    expect(a.closes[0]).toEqual([CloseCode.RoomError, `the room failed in ${where}`]);
    const line = stepper.log.find(({ level }) => level === 50);
    expect(line).toMatchObject({ room: room.id, handler: where });
    expect((line!.err as Error).message).toBe('the game broke');
    await stepper.advance(1000);
    expect(bystander.closes).toEqual([]);
    expect(bystander.client.newest().tick).toBeGreaterThan(before + 25);
  });

  test('{T61} in open: the joiner is told, and nobody else notices', async () => {
    const rooms = { field: arcade({ open: boom }), other: arcade() };
    stepper = await Stepper.start({ rooms });
    const bystander = await stepper.join(game, { room: 'other' });
    const error = await failure('field');
    expect(error.message).toContain('the room failed to open');
    expect(bystander.state).toBe('live');
    expect(stepper.server.shard.rooms.size).toBe(1);
  });

  test('{T61} in a close that rejects: the server closes all the same', async () => {
    stepper = await Stepper.start({ rooms: { field: arcade({ close: later }) } });
    await stepper.join(game, { room: 'field' });
    await stepper.close();
    expect(stepper.log.map(({ msg }) => msg)).toContain('the close handler threw');
    expect(stepper.log.at(-1)?.msg).toBe('closed');
  });
});

test('{S41} a seat has so many commands open, and hears of the next that it is busy', async () => {
  const answers: (() => void)[] = [];
  const wait = () => new Promise<string>((resolve) => answers.push(() => resolve('done')));
  await start({ commands: { wait } as never }, { limits: { pendingCommands: 3 } });
  const a = await stepper.join(game, { room: 'field' });
  const b = await stepper.join(game, { room: 'field' });
  const call = (player: typeof a) => player.client.call('wait', { ticks: 1 });
  const open = [call(a), call(a), call(a)];
  await expect(stepper.until(call(a))).rejects.toThrow('busy: too many commands are waiting');
  const other = call(b);
  await stepper.when(() => answers.length === 4);
  for (const answer of answers) answer();
  expect(await stepper.until(Promise.all([...open, other]))).toEqual(Array(4).fill('done'));
  const again = call(a);
  await stepper.when(() => answers.length === 5);
  answers[4]();
  expect(await stepper.until(again)).toBe('done');
});
