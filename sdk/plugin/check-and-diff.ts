import { checkInstalled } from "../core/optional-module.ts";
import { printable } from "../core/printable.ts";
import type {
  CheckFailure as WireCheckFailure,
  CheckRequest,
  CheckResponse,
  DiffRequest,
  DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { parsePath, valueAt } from "../core/property-path.ts";
import { checkInputs } from "./check-inputs.ts";
import { type Exchange, guarded, subjectOf } from "./exchange.ts";
import { inputDiff } from "./input-diff.ts";
import { leafDiff } from "./leaf-diff.ts";
import type { Protos } from "./protos.ts";
import { typeOf } from "./provider.ts";
import type { CheckFailure, DiffKind, Difference } from "./resource-type.ts";
import { secrecyOf, withNoted } from "./secrecy.ts";
import { decode, encode } from "./struct.ts";
import type { Properties } from "./value.ts";

/** `Check`: the type validates and normalises; secrets stay secret. */
export async function check(exchange: Exchange, request: CheckRequest): Promise<CheckResponse> {
  const { protos, provider } = exchange;
  const type = await typeOf(provider, request.getUrn());
  const news = withNoted(type.inputs, decode(request.getNews()));
  const secrecy = secrecyOf(exchange.secrets, [news]);
  const oldInputs = decode(request.getOlds()).properties;
  const checked = await guarded(exchange, secrecy, () => {
    checkInstalled(type.packages?.(news.properties) ?? []);
    return type.check
      ? type.check({
          ...subjectOf(request),
          inputs: news.properties,
          isSecret: secrecy.isSecret,
          ...(Object.keys(oldInputs).length > 0 && { oldInputs }),
        })
      : type.inputs
        ? checkInputs(type.inputs, news.properties, secrecy)
        : { inputs: news.properties };
  });
  const response = new protos.provider.CheckResponse();
  response.setInputs(encode(protos, secrecy.seal(checked.inputs)));
  response.setFailuresList(
    (checked.failures ?? []).map(({ path, message }) => checkFailure(protos, { path, message: secrecy.redactAt(path, message) })),
  );
  return response;
}

/** `Diff`: the type says which leaves changed; each gets its row in the engine's detailed diff. */
export async function diff(exchange: Exchange, request: DiffRequest): Promise<DiffResponse> {
  const type = await typeOf(exchange.provider, request.getUrn());
  const [news, state, olds] = [decode(request.getNews()), decode(request.getOlds()), decode(request.getOldInputs())];
  const [inputs, oldInputs] = [news.properties, olds.properties];
  const secrecy = secrecyOf(exchange.secrets, [news, olds], state);
  const difference = await guarded(exchange, secrecy, () =>
    type.diff
      ? type.diff({
          ...subjectOf(request),
          id: request.getId(),
          inputs,
          oldInputs,
          oldOutputs: state.properties,
          isSecret: secrecy.isSecret,
        })
      : {
          changed: type.inputs
            ? inputDiff(type.inputs, oldInputs, inputs)
            : leafDiff(oldInputs, inputs, () => (type.update ? "update" : "replace")),
        },
  );
  return diffResponse(exchange.protos, difference, oldInputs, inputs);
}

/**
 * One invalid property, in the engine's form. The engine prints the value of a property that is an input, with all secrets in it
 * (pulumi, pkg/resource/deploy/step_generator.go, issueCheckFailures): the path of an input as a whole stands in the reason.
 */
export function checkFailure(protos: Protos, { path, message }: CheckFailure): WireCheckFailure {
  const isInput = parsePath(path).length <= 1;
  const failure = new protos.provider.CheckFailure();
  failure.setProperty(isInput ? "" : path);
  failure.setReason(printable(isInput && path !== "" ? `${path}: ${message}` : message));
  return failure;
}

/** Packs a difference: whether a leaf was added, changed or deleted is seen from the inputs on both sides. */
export function diffResponse(protos: Protos, difference: Difference, oldInputs: Properties, inputs: Properties): DiffResponse {
  const { DiffResponse, PropertyDiff } = protos.provider;
  const { Kind } = PropertyDiff;
  const response = new DiffResponse();
  // beside the paths the engine wants the properties as a whole: to show them on one line, and to follow dependencies
  const [changed, replacing] = [new Set<string>(), new Set<string>()];
  const add = (path: string, change: "ADD" | "DELETE" | "UPDATE", kind: DiffKind, isInput: boolean): void => {
    const property = new PropertyDiff();
    property.setKind(kind === "replace" ? Kind[`${change}_REPLACE`] : Kind[change]);
    property.setInputdiff(isInput);
    response.getDetaileddiffMap().set(path, property);
    const whole = String(parsePath(path)[0]);
    changed.add(whole);
    if (kind === "replace") replacing.add(whole);
  };
  for (const [path, kind] of difference.changed) {
    const steps = parsePath(path);
    const change = valueAt(oldInputs, steps) === undefined ? "ADD" : valueAt(inputs, steps) === undefined ? "DELETE" : "UPDATE";
    add(path, change, kind, true);
  }
  for (const [path, kind] of difference.drifted ?? []) if (!difference.changed.has(path)) add(path, "UPDATE", kind, false);
  response.setDiffsList([...changed]);
  response.setReplacesList([...replacing]);
  response.setHasdetaileddiff(true);
  response.setChanges(changed.size > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setDeletebeforereplace(difference.deleteBeforeReplace ?? false);
  return response;
}
