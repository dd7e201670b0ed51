// The accounts of a reader's own, as docs/authentication.md asks them.
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly sessionEndsMs: number;
}

export declare const accounts: { bySession(token: string): Promise<Account | undefined> };
