// Who one is on this page: a secret that the page makes up and keeps, so that all tabs of a browser
// are one user, and a name; each `?name=` is another user, for who tries all of it alone. The
// server takes them as server/account.ts says.
import { NAME_LENGTH } from '../rules.ts';

const SECRET_KEY = 'tickwire-lobby-secret';
const NAME_KEY = 'tickwire-lobby-name';

const NAMES = 'Fox Otter Heron Lynx Moth Raven Gecko Wasp Shark Crow Newt Ibis'.split(' ');

/** Real chance: who guesses a secret is that user. */
function randomHex(bytes: number): string {
  const values = [...crypto.getRandomValues(new Uint8Array(bytes))];
  return values.map((value) => value.toString(16).padStart(2, '0')).join('');
}

function kept(key: string, made: () => string): string {
  try {
    const known = localStorage.getItem(key);
    if (known) return known;
    const value = made();
    localStorage.setItem(key, value);
    return value;
  } catch {
    // Storage may be forbidden; then it lives as long as the page.
    return made();
  }
}

export class Account {
  readonly #secret: string;
  #name: string;

  /** `asked`: a name from the page's address. */
  constructor(asked: string | null) {
    const guest = () =>
      `${NAMES[Number.parseInt(randomHex(1), 16) % NAMES.length]} ${randomHex(1)}`;
    const given = asked?.slice(0, NAME_LENGTH);
    this.#name = given || kept(NAME_KEY, guest);
    const key = given ? `${SECRET_KEY}-${given}` : SECRET_KEY;
    this.#secret = kept(key, () => randomHex(16));
  }

  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
    try {
      localStorage.setItem(NAME_KEY, name);
    } catch {
      // See above.
    }
  }

  /** For `connect` and POST /rooms. Never in a URL. */
  readonly token = (): string => `${this.#secret} ${this.#name}`;
}
