import { createHash } from "node:crypto";
import type { Facts } from "../fact.ts";
import type { Holding } from "../held/holding.ts";
import { machinesLine } from "../machines.ts";
import { summary } from "../render/text.ts";
import type { Review } from "../review.ts";
import { type NamedBoot, bootSection } from "./boot.ts";
import { capabilitiesSection } from "./capabilities.ts";
import { changesSection } from "./changes.ts";
import { networkOf } from "./connections.ts";
import { type Markup, markup, textOf } from "./markup.ts";
import { networkSection } from "./network.ts";
import { sizesSection } from "./sizes.ts";
import { STYLE } from "./style.ts";

/** What a page shows of an operating system. What is absent has no section. */
export interface Pictured {
  /** What holds in it, for its network and capabilities. */
  readonly facts?: Facts | undefined;
  /** What it holds, by size. */
  readonly held?: Holding | undefined;
}

/** The content of {@link page}. */
export interface PageContent {
  readonly title: string;
  /** What changes to `now`. @default no comparison */
  readonly review?: Review | undefined;
  readonly before?: Pictured | undefined;
  readonly now: Pictured;
  /** Recorded boots: one, or two to show beside each other. @default none */
  readonly boots?: readonly NamedBoot[] | undefined;
}

/**
 * An HTML page of one operating system, or of a change of it. It is one file without scripts and without anything from elsewhere:
 * its policy (Content Security Policy Level 3) allows nothing but its own style, so a name from outside cannot run or load
 * anything even if it were HTML. It stays below 5 MB: lists are cut, and say so.
 */
export function page({ title, review, before, now, boots = [] }: PageContent): string {
  const sections = [
    ...(review ? [section("changes", "What changes", changesSection(review))] : []),
    ...(now.held && now.held.bytes > 0 ? [section("sizes", "What it holds", sizesSection(now.held, before?.held))] : []),
    ...(boots.length > 0 ? [section("boot", "How it boots", bootSection(boots))] : []),
    ...(now.facts
      ? [section("network", "Who may talk to whom", networkSection(networkOf(now.facts), before?.facts && networkOf(before.facts)))]
      : []),
    ...(now.facts ? [section("capabilities", "Capabilities", capabilitiesSection(now.facts, before?.facts))] : []),
  ];
  const links = sections.map(({ id, heading }) => markup`<li><a href="#${id}">${heading}</a></li>`);
  return textOf(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${title}</h1>
${review && markup`<p>${summary(review)}</p>`}${review?.machines && markup`<p>${machinesLine(review.machines)}</p>`}
<nav aria-label="Sections"><ul>${links}</ul></nav>
</header>
<main id="content" tabindex="-1">
${sections.map(({ written }) => written)}
</main>
</body>
</html>
`);
}

const STYLE_HASH = `sha256-${createHash("sha256").update(textOf(STYLE)).digest("base64")}`;

interface Section {
  readonly id: string;
  readonly heading: string;
  readonly written: Markup;
}

function section(id: string, heading: string, content: readonly Markup[]): Section {
  return { id, heading, written: markup`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>${content}</section>\n` };
}
