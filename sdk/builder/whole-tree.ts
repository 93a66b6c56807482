import type { Entry } from "../archive/entry.ts";
import type { Plan } from "../plan/plan.ts";
import { growTree, type BuildContext } from "./segment.ts";
import { Spool } from "./spool.ts";
import type { Tree } from "./tree.ts";

/** The root filesystem as one tree, for formats that contain files. Unpacked once, on first use. */
export class WholeTree implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #context: BuildContext;
  #spool: Spool | undefined;
  #tree: Tree | undefined;

  constructor(plan: Plan, context: BuildContext) {
    this.#plan = plan;
    this.#context = context;
  }

  /** A function that lists the entries; it may be called several times. @param links see `Tree.entries` */
  async entries(links: "own" | "all"): Promise<() => Iterable<Entry>> {
    this.#spool ??= await Spool.open(this.#context.segments.path("tree"));
    this.#tree ??= await growTree(
      this.#plan.segments.flatMap(({ steps }) => steps),
      this.#spool,
      this.#context,
    );
    const tree = this.#tree;
    return () => tree.entries({ implied: "written", links });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool?.[Symbol.asyncDispose]();
  }
}
