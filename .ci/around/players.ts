// Who a reader's players are, as the documents ask.
export interface Player {
  readonly id: string;
  readonly name: string;
  readonly rating: number;
  readonly party: string;
  readonly friends: readonly string[];
}

export declare function readToken(token: string): Promise<Player>;
