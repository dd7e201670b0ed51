// What a command carries, after its bytes were read by its declaration and before a handler sees
// it: texts are composed (NFC), packed fields are judged by the schemas they were declared with.
// Called by commands.ts, once for each command, and by defineRoom, to find schemas that cannot
// work. Trap: a schema is the game's code, so it runs as a handler does, and what it throws ends
// the room.
import {
  type AnyField,
  cutText,
  type FieldSpec,
  type Fields,
  fieldsOf,
  type Game,
  type Plan,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  UsageError,
} from '@tickwire/protocol';

/** Issues told: a form shows them, a bot does not read them. */
const MAX_ISSUES = 4;
/** Characters told of all issues: some schemas quote the value. */
const MAX_TEXT = 512;

/**
 * Puts what it made of the values in their places. Answers what is wrong with them, or undefined.
 * Throws UsageError for a schema that makes a promise.
 */
export function judge(
  game: Game,
  { name: command, fields }: Plan,
  args: Record<string, unknown>,
): string | undefined {
  const declared = fieldsIn(game, command);
  for (const { name, spec } of fields) {
    const { schema } = declared[name];
    if (!schema) {
      args[name] = composed(spec, args[name]);
      continue;
    }
    const result = asked(schema, args[name], `commands.${command}.${name}`);
    if (result.issues) return told(name, result.issues);
    args[name] = result.value;
  }
  return undefined;
}

/**
 * Texts in NFC, so that a name which looks like another one is the same text where Unicode says so.
 * A few characters have no composed form and become two or three: then the text is cut.
 */
function composed(spec: FieldSpec, value: unknown): unknown {
  const { type, element, key, fields, capacity } = spec;
  switch (type) {
    case 'text':
      return cutText((value as string).normalize('NFC'), capacity);
    case 'list':
      return (value as readonly unknown[]).map((item) => composed(element!, item));
    case 'map': {
      const entries = [...(value as ReadonlyMap<unknown, unknown>)];
      return new Map(entries.map(([k, v]) => [composed(key!, k), composed(element!, v)]));
    }
    case 'record': {
      const parts = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(fields.map(([name, part]) => [name, composed(part, parts[name])]));
    }
    default:
      return value;
  }
}

/** Throws UsageError for a schema that makes a promise of the simplest value. */
export function checkSchemas(game: Game): void {
  for (const { name: command } of game.commands)
    for (const [name, { schema }] of Object.entries(fieldsIn(game, command)))
      if (schema) asked(schema, undefined, `commands.${command}.${name}`);
}

function fieldsIn({ declaration }: Game, command: string): Fields {
  return fieldsOf(declaration.commands![command] as Readonly<Record<string, AnyField>>);
}

function asked(schema: StandardSchema, value: unknown, where: string): SchemaResult<unknown> {
  const result = schema['~standard'].validate(value);
  if (!('then' in result)) return result;
  result.then(undefined, () => {});
  throw new UsageError(
    `${where}: its schema judges asynchronously, but a tick does not wait; look things up in the ` +
      'handler, which may be async',
  );
}

/** `data.items.2.name: too short; data.size: wants a number`. */
function told(name: string, issues: readonly SchemaIssue[]): string {
  const texts = issues.slice(0, MAX_ISSUES).map(({ path = [], message }) => {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
    return `${[name, ...keys.map(String)].join('.')}: ${message}`;
  });
  return texts.join('; ').slice(0, MAX_TEXT);
}
