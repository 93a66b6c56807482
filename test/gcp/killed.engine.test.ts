import { killedScenarios } from "../support/fleet/killed.ts";
import { gcpFleet } from "../support/gcp/fleet.ts";

killedScenarios("Google Cloud", gcpFleet);
