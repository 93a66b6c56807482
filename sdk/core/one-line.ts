/** Text in one line: a name from an image or a file cannot begin a line of its own. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\t]/g, (character) => JSON.stringify(character).slice(1, -1));
}
