import { LiveTable, KnownSet, Received, MsgpackWriter, PackedSink, PackedSource, writeBody, NEVER, defineGame, fixed, angle, int, text } from '@tickwire/protocol';
import { TableLearner } from '../../server/src/table-learner.ts';

import { Arena, q } from './workload.ts';
const game = defineGame({ tickRate: 20, entities: { ship: {
  x: fixed(0, 4095.9375, 1/16).smooth({by:'vx'}), y: fixed(0,4095.9375,1/16).smooth({by:'vy'}), heading: angle(8).smooth(),
  vx: fixed(-200,200,1/16), vy: fixed(-200,200,1/16), hp: int(0,255), kindOf: int(0,7), score: int(0,65535), name: text(10) } } });
for (const mode of (process.argv[3]??'coast,steer,stop').split(',')) for (const n of [50,200,1000]) {
  const arena = new Arena({ n, mode: mode as any, seed: 1 });
  const table = new LiveTable(game.kinds[0], 1, false, 1/20); const state = new LiveTable(game.state,1,false,1/20); state.put(1,1);
  const known = new KnownSet(); const rowOf = new Map<number, number>();
  const received = new Received(game as any); received.expectPacked(1/20, 1);
  const out = new MsgpackWriter(); let tables = game.priors; const sink = new PackedSink(out, tables); const source = new PackedSource();
  const learner = new TableLearner(game.priors);
  let bytes = 0, enc = 0, dec = 0, ticks = 0, tb=0, errs=0;
  for (let tick = 1; tick < 360; tick++) {
    if (tick>1) arena.step();
    table.tick = tick; state.tick = tick; table.settle(tick-1);
    for (const id of arena.removed) { const r = rowOf.get(id)!; rowOf.delete(id); table.remove(r, tick); }
    for (const e of arena.entities) {
      let r = rowOf.get(e.id); if (r === undefined) { r = table.add(e.id); rowOf.set(e.id, r); (table.rows[r] as any).name = e.name; }
      const row = table.rows[r] as any; row.x = e.x; row.y = e.y; row.heading = e.angle; row.vx = e.vx; row.vy = e.vy; row.hp = e.hp; row.kindOf = e.kind; row.score = e.score;
    }
    const t1 = performance.now();
    table.round(1); state.round(1);
    for (let row=1; row<=table.high; row++) { const id = table.ids[row]; if (id===0) continue; let s = known.slotOf(id); if (s<0) s = known.enter(0,row,id,tick); known.seen[s]=tick; }
    for (let s=0;s<known.limit;s++) if (known.kind[s]>=0 && known.seen[s]!==tick) known.leave(s,tick);
    if (tick>1) { const better = learner.review(tables); if (better) { tables = better; let c=0; for(let i=0;i<better.odds.length;i++) if(better.odds[i]!==game.priors.odds[i]) c++; if (tick>=60) tb += c*1.3; } }
    sink.begin(tick, tables); out.reset();
    const first = tick===1;
    writeBody(sink, [table], state, known, { since: first?NEVER:tick-1, stateSince: first?NEVER:tick-1, before: tick-1 });
    sink.finish();
    if (!first) learner.note(sink.bits);
    const b = out.bytes().slice(out.length>257?3:2);
    known.told();
    const t2 = performance.now();
    source.begin(b, tables.odds); received.readBody(source, tick, first); source.finish();
    const t3 = performance.now();
    if (tick>=60) { bytes += b.length; enc += t2-t1; dec += t3-t2; ticks++; }
    const rt = received.tables[0];
    for (const e of arena.entities) { const r = received.rowOf(0, e.id); const w=(c:string)=>rt.wire[game.kinds[0].byName.get(c)!.column][r];
      const ok = r && w('x')===q.pos(e.x) && w('y')===q.pos(e.y) && w('heading')===q.ang(e.angle) && w('vx')===q.vel(e.vx)+3200 && w('hp')===e.hp && w('score')===e.score && (rt.objects[0][r]===e.name);
      if (!ok && errs++<5) console.log('ERR', tick, e.id, r, w('x'), q.pos(e.x), w('y'), q.pos(e.y), w('heading'), q.ang(e.angle), w('vx'), q.vel(e.vx)+3200, w('hp'), e.hp, w('score'), e.score, rt.objects[0][r], e.name); }
    if (errs>5) break;
  }
  console.log(mode, n, (bytes/ticks/n).toFixed(4), 'B/e/t', 'tables', (tb/ticks/n).toFixed(4), 'enc ms', (enc/ticks).toFixed(3), 'dec', (dec/ticks).toFixed(3), 'errs', errs, 'versions', tables.version, 'ctx', game.priors.odds.length);
}
