import { type Markup, markup } from "./markup.ts";

/**
 * The style of a page. Both themes keep a contrast of at least 4.5 to 1 for text (WCAG 2.2, 1.4.3), and no meaning lies in a
 * colour alone (1.4.1).
 */
export const STYLE: Markup = markup`
:root { color-scheme: light dark; --page: #fff; --ink: #1b1c1e; --soft: #55585e; --line: #c6c9ce; --tile: #eef0f3; --link: #0b57d0;
  --widens: #b3261e; --breaks: #8a5300; --narrows: #1b6e3c; --neutral: #55585e; --first: #3b6fb6; --second: #8a5300;
  --a: #d7e3f8; --b: #dcedd9; --c: #f7e0cf; --d: #ece0f5; --e: #f9e9b8; --f: #d3eeee; --edge: #44474d; }
@media (prefers-color-scheme: dark) { :root { --page: #16181b; --ink: #e6e7ea; --soft: #aeb2b9; --line: #43474e; --tile: #23262b;
  --link: #a8c7fa; --widens: #ff8a80; --breaks: #ffb74d; --narrows: #81c995; --neutral: #bdc1c6; --first: #8ab4f8; --second: #ffb74d;
  --a: #243b5e; --b: #26452a; --c: #573a22; --d: #402f57; --e: #4b4012; --f: #174646; --edge: #9aa0a8; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; padding-bottom: .2rem; border-bottom: 2px solid var(--line); }
h3 { margin-bottom: .3rem; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; list-style: none; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; background: var(--page); }
.changes { padding: 0; list-style: none; } .changes li { padding: .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.widens { color: var(--widens); } .breaks { color: var(--breaks); } .narrows { color: var(--narrows); } .neutral { color: var(--neutral); }
.why { display: block; color: var(--soft); font-size: .9rem; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid var(--line); }
ins { color: var(--narrows); } del { color: var(--widens); } ins, del { text-decoration: none; }
.wide { overflow-x: auto; } svg { display: block; width: 100%; height: auto; }
table { border-collapse: collapse; } caption { text-align: left; white-space: nowrap; color: var(--soft); padding: .3rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.added { background: var(--c); } td.removed { background: var(--b); }
.matrix td, .matrix thead th { text-align: center; } .matrix thead td { text-align: left; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .2rem 0; overflow-wrap: anywhere; }
details details { margin-left: 1.2rem; }
.note { color: var(--soft); }
rect.tile { fill: var(--tile); stroke: var(--page); stroke-width: 1.5; }
.a rect.tile { fill: var(--a); } .b rect.tile { fill: var(--b); } .c rect.tile { fill: var(--c); }
.d rect.tile { fill: var(--d); } .e rect.tile { fill: var(--e); } .f rect.tile { fill: var(--f); }
rect.frame { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg text.soft { fill: var(--soft); paint-order: stroke; stroke: var(--page); stroke-width: 4; }
rect.box { fill: var(--tile); stroke: var(--edge); } line.axis { stroke: var(--line); }
path.edge { fill: none; stroke: var(--edge); stroke-width: 1.5; } path.head { fill: var(--edge); }
.added path.edge { stroke: var(--widens); stroke-width: 2.5; } .added path.head { fill: var(--widens); }
.removed path.edge { stroke: var(--narrows); stroke-dasharray: 6 4; } .removed path.head { fill: var(--narrows); }
rect.first { fill: var(--first); } rect.second { fill: var(--second); }
@media print { nav, .skip { display: none; } body { max-width: none; } details { break-inside: avoid; } .wide { overflow: visible; } }
`;
