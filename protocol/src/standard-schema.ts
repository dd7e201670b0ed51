// The interface of https://standardschema.dev, version 1, which zod, valibot, arktype and others
// implement: copied here as it asks for, so that no validator is a dependency. Types alone. A game
// gives one to packed(); the server judges what comes with it (server/src/arguments.ts).

/** A validator of that interface, by what it takes and what it makes of that. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Never there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  /** Keys from the value down to what is wrong. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type TypesOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>;
/** What may be sent. */
export type SchemaInput<S extends StandardSchema> = TypesOf<S>['input'];
/** What the game is given. */
export type SchemaOutput<S extends StandardSchema> = TypesOf<S>['output'];
