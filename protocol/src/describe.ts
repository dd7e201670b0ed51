// The wire table of a game for people: every field with its range, step and bits. For a terminal or
// a log; nothing else here reads it, and a page that does not print it does not carry it.
import type { FieldSpec } from './field.ts';
import type { Game } from './game.ts';

/** One line for each field of a game: type, range, step, bits on the plain wire, notes. */
export function describe(
  game: Pick<Game, 'kinds' | 'state' | 'input' | 'events' | 'commands'>,
): string {
  const { kinds, state, input, events, commands } = game;
  const plans = [...kinds, state, input, ...events, ...commands];
  const rows: string[][] = [['field', 'type', 'range', 'step', 'bits', 'notes']];
  for (const plan of plans)
    for (const f of plan.fields) rows.push(describeField(`${plan.name}.${f.name}`, f.spec));
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function describeField(name: string, spec: FieldSpec): string[] {
  const { type, components, min, step, levels, capacity } = spec;
  const bits = Math.ceil(Math.log2(levels + 1)) * (type === 'quat' ? 3 : components);
  const range = components ? `${min}..${min + levels * step}` : `<= ${capacity || levels}`;
  const notes = [spec.scope === 'all' ? '' : `${spec.scope}Only`, spec.smooth ? 'smooth' : ''];
  return [
    name,
    type,
    type === 'choice' ? spec.names.join('|') : range,
    components ? String(step) : '',
    components ? String(type === 'quat' ? bits + 2 : bits) : 'varies',
    [...notes, spec.press ? 'press' : ''].filter(Boolean).join(' '),
  ];
}
