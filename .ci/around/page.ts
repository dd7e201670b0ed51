// What a reader's page does around `connect`.
export declare const keys: { dx: number; dy: number; fire: boolean };
export declare function fetchToken(): Promise<string>;
export declare function show(text: string): void;
