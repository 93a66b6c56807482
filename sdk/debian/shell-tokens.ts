/** A piece of a word. A variable outside of quotes is split into words; the text of an unknown piece is the commands in it. */
export interface Piece {
  readonly kind: "plain" | "quoted" | "variable" | "quoted variable" | "unknown";
  readonly text: string;
}

/** A word, or a sign between words: a line break, `;`, `&`, `|`, `(` or `)`. */
export type Token = { readonly word: readonly Piece[] } | { readonly sign: string };

/**
 * The words and signs of a shell script, without comments, redirections and here-documents.
 *
 * Source: POSIX.1-2017, Shell Command Language: 2.2 (quoting), 2.3 (tokens), 2.6 (expansions), 2.7 (redirections).
 */
export function shellTokens(script: string): Token[] {
  return new Lexer(script).tokens();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  /** The ends of the here-documents that begin after this line. */
  #documents: string[] = [];
  #at = 0;
  #isTarget = false;

  constructor(script: string) {
    this.#text = script.replaceAll("\\\n", "");
  }

  tokens(): Token[] {
    while (this.#at < this.#text.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    const char = this.#text[this.#at] as string;
    if (char === "#") this.#at = this.#until("\n", this.#at);
    else if (char === "\n") this.#line();
    else if (/\s/.test(char)) this.#at++;
    else if (/[;&|()]/.test(char)) {
      this.#tokens.push({ sign: char });
      this.#at++;
    } else if (char === "<" || char === ">") this.#redirection();
    else this.#word();
  }

  #line(): void {
    this.#tokens.push({ sign: "\n" });
    this.#at++;
    for (const end of this.#documents) {
      while (this.#at < this.#text.length) {
        const stop = this.#until("\n", this.#at);
        const line = this.#text.slice(this.#at, stop);
        this.#at = stop + 1;
        if (line.replace(/^\t+/, "") === end) break;
      }
    }
    this.#documents = [];
  }

  #redirection(): void {
    const sign = /[<>&|-]+/y;
    sign.lastIndex = this.#at;
    const [text = ""] = sign.exec(this.#text) ?? [];
    this.#at += text.length;
    const document = text.startsWith("<<") && /\s*['"\\]?([A-Za-z0-9_.!+-]+)/y;
    if (document) {
      document.lastIndex = this.#at;
      const [, end] = document.exec(this.#text) ?? [];
      if (end !== undefined) this.#documents.push(end);
    }
    // `>&-` has no word after it
    this.#isTarget = !text.endsWith("-") || document !== false;
  }

  #word(): void {
    const pieces: Piece[] = [];
    const add = (piece: Piece): void => {
      const last = pieces.at(-1);
      if (last?.kind === piece.kind && (piece.kind === "plain" || piece.kind === "quoted")) {
        pieces[pieces.length - 1] = { kind: piece.kind, text: last.text + piece.text };
      } else pieces.push(piece);
    };
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (/[\s;&|()<>]/.test(char)) break;
      if (char === "'") {
        const stop = this.#until("'", this.#at + 1);
        add({ kind: "quoted", text: this.#text.slice(this.#at + 1, stop) });
        this.#at = stop + 1;
      } else if (char === '"') this.#quoted(add);
      else if (char === "\\") {
        add({ kind: "quoted", text: this.#text[this.#at + 1] ?? "" });
        this.#at += 2;
      } else if (char === "$" || char === "`") add(this.#expansion(false));
      else {
        add({ kind: "plain", text: char });
        this.#at++;
      }
    }
    const after = this.#text[this.#at];
    const isNumber = (after === "<" || after === ">") && pieces.length === 1 && /^\d+$/.test(pieces[0]?.text ?? "");
    if (!this.#isTarget && !isNumber) this.#tokens.push({ word: pieces });
    this.#isTarget = false;
  }

  #quoted(add: (piece: Piece) => void): void {
    add({ kind: "quoted", text: "" });
    this.#at++;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      const char = this.#text[this.#at] as string;
      if (char === "$" || char === "`") {
        add(this.#expansion(true));
        continue;
      }
      const escapes = char === "\\" && /[$`"\\]/.test(this.#text[this.#at + 1] ?? "");
      add({ kind: "quoted", text: escapes ? (this.#text[this.#at + 1] as string) : char });
      this.#at += escapes ? 2 : 1;
    }
    this.#at++;
  }

  #expansion(isQuoted: boolean): Piece {
    const start = this.#at;
    const name = /\$(?:([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])|\{([A-Za-z_][A-Za-z0-9_]*|\d)\})/y;
    name.lastIndex = start;
    const match = name.exec(this.#text);
    if (match) {
      this.#at += match[0].length;
      return { kind: isQuoted ? "quoted variable" : "variable", text: (match[1] ?? match[2]) as string };
    }
    const [open] = /^(?:\$\(\(|\$\(|\$\{|`|\$)/.exec(this.#text.slice(start, start + 3)) ?? ["$"];
    if (open === "$") {
      this.#at++;
      return { kind: "quoted", text: "$" };
    }
    const stop = open === "`" ? this.#until("`", start + 1) : this.#closing(start + open.length, open);
    this.#at = stop + 1;
    return { kind: "unknown", text: open === "$(" || open === "`" ? this.#text.slice(start + open.length, stop) : "" };
  }

  /** The place of the bracket that closes an expansion. */
  #closing(from: number, open: string): number {
    const [up, down] = open === "${" ? ["{", "}"] : ["(", ")"];
    let depth = open === "$((" ? 2 : 1;
    for (let at = from; at < this.#text.length; at++) {
      const char = this.#text[at];
      if (char === "\\") at++;
      else if (char === "'" && open === "$(") at = this.#until("'", at + 1);
      else if (char === up) depth++;
      else if (char === down && --depth === 0) return at;
    }
    return this.#text.length;
  }

  #until(text: string, from: number): number {
    const found = this.#text.indexOf(text, from);
    return found < 0 ? this.#text.length : found;
  }
}
