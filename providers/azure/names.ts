/** What Azure accepts as a name that is generated here. Source: Microsoft Learn, "Naming rules and restrictions for Azure resources". */
interface Rule {
  readonly longest: number;
  /** What stands for a character that is not accepted. */
  readonly filler: "-" | "_";
  /** The characters that are accepted besides letters and digits. */
  readonly marks: string;
}

/** A gallery. */
export const GALLERY: Rule = { longest: 80, filler: "_", marks: "_." };
/** Publisher, offer and sku of an image definition. Source: terraform-provider-azurerm, `SharedImageIdentifierAttribute`. */
export const IDENTIFIER: Rule = { longest: 64, filler: "-", marks: "-_." };
/** A scale set, whose name is also that of its instances, with a number. */
export const SCALE_SET: Rule = { longest: 60, filler: "-", marks: "-" };
/** A load balancer. */
export const LOAD_BALANCER: Rule = { longest: 76, filler: "-", marks: "-_." };
/** The host name of a Linux machine. */
export const HOST: Rule = { longest: 63, filler: "-", marks: "-" };
/** What the host names of a scale set begin with; six characters follow. */
export const HOST_PREFIX: Rule = { longest: 50, filler: "-", marks: "-" };

/**
 * A name that Azure accepts: it begins and ends with a letter or digit. A long text keeps its end, which names the resource;
 * a text without a letter or digit becomes `linuxkit`.
 */
export function nameOf(text: string, { longest, filler, marks }: Rule, keep: "start" | "end" = "end"): string {
  const accepted = [...text].map((char) => (/[A-Za-z\d]/.test(char) || marks.includes(char) ? char : filler)).join("");
  const cut = keep === "end" ? accepted.slice(-longest) : accepted.slice(0, longest);
  return cut.replace(/^[^A-Za-z\d]+|[^A-Za-z\d]+$/g, "") || "linuxkit";
}
