// A reader's own room kind, where a document does not show one.
import type { RoomKind } from '@tickwire/server';

export declare const field: RoomKind;
