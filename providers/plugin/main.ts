import { servePlugin } from "../../sdk/plugin/serve.ts";
import { provider } from "./provider.ts";

await servePlugin(provider);
